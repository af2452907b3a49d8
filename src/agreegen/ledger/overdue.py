"""What should have happened by a day and has not, and what is about to be due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from agreegen.ledger.interface import OwnKind
from agreegen.ledger.people import add_months
from agreegen.ledger.store import Content
from agreegen.ledger.timeline import replay

_INSPECTION_MONTHS = 12
"""The notice wants a full inspection at least once a year."""


class DueKind(StrEnum):
    """What is due."""

    COPY_BACK = "copy-back"
    PERIOD_ENDS = "period-ends"
    INSPECTION = "inspection"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing that is due.

    Attributes:
        kind: What.
        due: By when.
        overdue: Whether that day is over.
        who: Whom it concerns; empty for the office.
        what: The item and its copy, or the grade.
    """

    kind: DueKind
    due: date
    overdue: bool
    who: str
    what: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `ledger overdue --json`."""
        return {
            "kind": self.kind.value,
            "due": self.due.isoformat(),
            "overdue": self.overdue,
            "who": self.who,
            "what": self.what,
        }


def find_due(content: Content, today: date, within_days: int) -> list[Reminder]:
    """Return what is overdue, and what falls due within some days, by day.

    Args:
        content: The entries.
        today: The day that is asked for; later entries do not count.
        within_days: How far to look ahead.

    Raises:
        Refused: The entries do not fit each other.
    """
    until = today + timedelta(days=within_days)
    found = [*_lent(content, today), *_bound(content, today), *_inspections(content, today)]
    return sorted(
        (each for each in found if each.due <= until), key=lambda each: (each.due, each.kind, each.what)
    )


def _lent(content: Content, today: date) -> Iterator[Reminder]:
    for copy in replay(content.movements, content.left, until=today).all():
        if copy.due is not None:
            what = f"{copy.item} / {copy.number}"
            yield Reminder(DueKind.COPY_BACK, copy.due, copy.due < today, copy.holder, what)


def _bound(content: Content, today: date) -> Iterator[Reminder]:
    """The end of a period after leaving is a reminder, and nothing that anybody missed."""
    for note in content.of_kind(OwnKind.LEAVER):
        until = note.facts.get("bound_until")
        if until is not None and date.fromisoformat(until) >= today:
            grade = str(note.facts["grade"])
            yield Reminder(
                DueKind.PERIOD_ENDS, date.fromisoformat(until), False, str(note.facts["name"]), grade
            )


def _inspections(content: Content, today: date) -> Iterator[Reminder]:
    days = [movement.day for movement in content.movements if movement.day <= today]
    held = [note for note in content.of_kind(OwnKind.INSPECTION) if note.day <= today]
    if days or held:
        last = max((note.day for note in held), default=min(days, default=today))
        due = add_months(last, _INSPECTION_MONTHS)
        yield Reminder(DueKind.INSPECTION, due, due < today, "", "")
