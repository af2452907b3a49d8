"""Closing a period: its numbers are signed, and nothing is entered for its days afterwards."""

from __future__ import annotations

from datetime import date, timedelta

from agreegen.errors import UsageError
from agreegen.ledger.interface import Note, OwnKind
from agreegen.ledger.store import Content
from agreegen.ledger.totals import Totals, after_closing, sum_up
from agreegen.messages import message


def last_day(today: date, *, year: int | None, through: date | None) -> date:
    """Return the last day that a closing covers; a year that has not ended is closed through today.

    Args:
        today: The office's day.
        year: The year; None for the present one.
        through: The day itself; None for the end of the year.

    Raises:
        UsageError: It is still to come, or both do not fit.
    """
    end_of_year = date(year or today.year, 12, 31)
    day = min(end_of_year, today) if through is None else through
    if day > today or (year is not None and (day.year != year)):
        raise UsageError(message("ledger.cannot-close", period=str(through or year), today=today))
    return day


def next_totals(content: Content, last: date) -> Totals:
    """Count the period from the last closing to a day.

    Raises:
        UsageError: That day is closed already.
        Refused: The entries do not fit each other.
    """
    before = content.closings[-1] if content.closings else None
    if before is not None and (last < before.day or (last == before.day and not before.facts["same_day"])):
        raise UsageError(message("ledger.closed", day=before.day))
    return sum_up(content, after_closing(before, last), last)


def closed_totals(content: Content, last: date) -> Totals | None:
    """Return the numbers of the period that was closed last, where it ended with this day and is over.

    Its bag may be lacking: the closing stands even where the bag could not be written.
    """
    if not content.closings or content.closings[-1].day != last or content.closings[-1].facts["same_day"]:
        return None
    *earlier, _ = content.closings
    return sum_up(content, after_closing(earlier[-1] if earlier else None, last), last)


def first_day(content: Content, last: date) -> date:
    """Return the first day of the period that ends with a day: after a closing, else the first entry's."""
    closed = [note.day for note in content.closings if note.day < last]
    if closed:
        return min(max(closed) + timedelta(days=1), last)
    days = [*(each.day for each in content.movements), *(each.day for each in content.notes)]
    return min(days, default=last)


def closing_note(totals: Totals, today: date, report_sha256: str | None) -> Note:
    """Return the entry that closes a period.

    Args:
        totals: Its numbers.
        today: The office's day.
        report_sha256: Hash of the sealed report, where there is one.
    """
    facts = {"totals": totals.to_dict(), "same_day": totals.last == today, "report_sha256": report_sha256}
    return Note(OwnKind.CLOSING, totals.last, facts)
