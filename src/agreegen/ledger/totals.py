"""The numbers of a period: what a closing signs, and a report prints."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from agreegen.ledger.holdings import Copy
from agreegen.ledger.interface import Kind, Movement, Note, OwnKind
from agreegen.ledger.store import Content
from agreegen.ledger.timeline import replay

Belongs = Callable[[date, int], bool]
"""Says whether an entry belongs to a period, by its day and its number."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers of a period.

    Attributes:
        last: Its last day.
        entries: Kind → number of entries.
        copies: Kind → number of copies that they concern.
        backdated: Entries that were entered after their day.
        items: Items in the ledger on the last day, those whose copies are all gone among them.
        held: Copies that exist on the last day.
        by_label: Classification → number of these copies.
        leavers: People who left in the period.
        trainings: Trainings in the period.
        trained: Attendances at them.
        inspections: Inspections in the period.
        draws: Spot checks drawn in the period.
        holdings_sha256: SHA-256 over who holds what on the last day.
    """

    last: date
    entries: dict[str, int]
    copies: dict[str, int]
    backdated: int
    items: int
    held: int
    by_label: dict[str, int]
    leavers: int
    trainings: int
    trained: int
    inspections: int
    draws: int
    holdings_sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object that a closing keeps."""
        data = {name: getattr(self, name) for name in Totals.__dataclass_fields__}
        return data | {"last": self.last.isoformat()}


def between(first: date, last: date) -> Belongs:
    """Return the period from one day to another, both days among it."""
    return lambda day, _: first <= day <= last


def after_closing(before: Note | None, last: date) -> Belongs:
    """Return the period from a closing to a day: on the closing's own day what was entered behind it."""

    def belongs(day: date, seq: int) -> bool:
        if day > last:
            return False
        return before is None or day > before.day or (day == before.day and seq > before.seq)

    return belongs


def sum_up(content: Content, belongs: Belongs, last: date) -> Totals:
    """Count a period.

    Args:
        content: The entries.
        belongs: The period.
        last: Its last day.

    Raises:
        Refused: The entries do not fit each other.
    """
    moved = [each for each in content.movements if belongs(each.day, each.seq)]
    noted = [each for each in content.notes if belongs(each.day, each.seq)]
    holdings = replay(content.movements, content.left, until=last)
    there = holdings.all()
    labels = Counter(holdings.items[copy.item].label.value for copy in there)
    kinds = Counter(note.kind for note in noted)
    entries, copies = _by_kind(moved)
    return Totals(
        last=last,
        entries=entries,
        copies=copies,
        backdated=sum(each.backdated for each in moved),
        items=len(holdings.items),
        held=len(there),
        by_label=dict(sorted(labels.items())),
        leavers=kinds[OwnKind.LEAVER],
        trainings=kinds[OwnKind.TRAINING],
        trained=_attendances(noted),
        inspections=kinds[OwnKind.INSPECTION],
        draws=kinds[OwnKind.DRAW],
        holdings_sha256=holdings_hash(there),
    )


def holdings_hash(copies: Iterable[Copy]) -> str:
    """Return SHA-256 over one line a copy: item, number, holder and custodian, tabs between them."""
    digest = hashlib.sha256()
    for copy in copies:
        digest.update(f"{copy.item}\t{copy.number}\t{copy.holder}\t{copy.custodian}\n".encode())
    return digest.hexdigest()


def _by_kind(moved: Iterable[Movement]) -> tuple[dict[str, int], dict[str, int]]:
    entries, copies = dict.fromkeys(map(str, Kind), 0), dict.fromkeys(map(str, Kind), 0)
    for movement in moved:
        entries[movement.kind.value] += 1
        copies[movement.kind.value] += movement.count
    return entries, copies


def _attendances(noted: Iterable[Note]) -> int:
    trainings = (note for note in noted if note.kind is OwnKind.TRAINING)
    return sum(sum(person["attended"] for person in note.facts["people"]) for note in trainings)
