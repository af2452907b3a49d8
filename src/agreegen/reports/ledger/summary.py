"""What the Word report on a ledger says: its numbers in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from agreegen.ledger.interface import Note, OwnKind
from agreegen.ledger.store import Content
from agreegen.ledger.totals import Totals
from agreegen.ledger.words import name_of
from agreegen.messages import Message, message, translate

_LANGUAGE = "zh"
"""The form is Chinese, whoever asks for it."""
_HASH_GROUP = 8


def report_values(
    content: Content, totals: Totals, *, office: str, first: date, today: date, head_code: str
) -> dict[str, str | list[str]]:
    """Return the values of the form `ledger-report`.

    Args:
        content: The ledger's entries.
        totals: The numbers of the period.
        office: Whose ledger it is.
        first: First day of the period.
        today: The day of the report.
        head_code: Code of the head that is signed last.
    """
    notes = [note for note in content.notes if first <= note.day <= totals.last]
    digest = totals.holdings_sha256
    groups = [digest[start : start + _HASH_GROUP] for start in range(0, len(digest), _HASH_GROUP)]
    return {
        "office_name": office,
        "period_first": first.isoformat(),
        "period_last": totals.last.isoformat(),
        "report_date": today.isoformat(),
        "entry_lines": _said(_entries(totals)),
        "holding_lines": _said(_held(totals)),
        "people_lines": _said(_people(totals)),
        "inspection_lines": _said(_inspections(totals, notes)),
        "problem_lines": _said(_problems(notes)),
        "holdings_sha256": " ".join(groups),
        "head_code": head_code,
    }


def _said(lines: Iterator[Message]) -> list[str]:
    found = [translate(line, _LANGUAGE) for line in lines]
    return found or [translate(message("ledger.report-nothing"), _LANGUAGE)]


def _entries(totals: Totals) -> Iterator[Message]:
    for kind, count in totals.entries.items():
        if count:
            name = name_of("kinds", kind, _LANGUAGE)
            yield message("ledger.report-kind", kind=name, count=count, copies=totals.copies[kind])
    if totals.backdated:
        yield message("ledger.report-backdated", count=totals.backdated)


def _held(totals: Totals) -> Iterator[Message]:
    yield message("ledger.report-held", items=totals.items, copies=totals.held)
    for label, count in totals.by_label.items():
        yield message("ledger.report-label", label=name_of("labels", label, _LANGUAGE), count=count)


def _people(totals: Totals) -> Iterator[Message]:
    yield message("ledger.report-leavers", count=totals.leavers)
    yield message("ledger.report-training", count=totals.trainings, people=totals.trained)


def _inspections(totals: Totals, notes: Sequence[Note]) -> Iterator[Message]:
    for note in notes:
        if note.kind is OwnKind.INSPECTION:
            facts = note.facts
            yield message("ledger.report-inspection", day=note.day, score=facts["score"], full=facts["full"])
    if totals.draws:
        yield message("ledger.report-draws", count=totals.draws)


def _problems(notes: Sequence[Note]) -> Iterator[Message]:
    for note in notes:
        for point in note.facts["points"] if note.kind is OwnKind.INSPECTION else ():
            if point["problem"]:
                told = message("ledger.report-not-mended") if not point["mending"] else point["mending"]
                yield message("ledger.report-problem", problem=point["problem"], mending=told)
