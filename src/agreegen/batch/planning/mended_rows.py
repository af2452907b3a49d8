"""Rows that were mended in `failed-rows` while the roster keeps the old cells: the register remembers."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agreegen.batch.planning.planner import RowProblemError
from agreegen.messages import Message, first_few, message
from agreegen.model.complaint import Complaint, Location, Severity
from agreegen.model.document import canonical_json, encode_value
from agreegen.model.form import Form
from agreegen.register.interface import EventDraft, EventKind
from agreegen.register.store import Register
from agreegen.rosters.roster import Roster
from agreegen.rosters.row import RosterRow
from agreegen.values.parse import parse_values
from agreegen.values.problem import RawValue

_ROWS_NAMED = 10


class MendedRows:
    """A roster whose rows that were mended elsewhere are read as they were mended.

    A row is known by its cells: once somebody corrects the roster, the roster counts again.

    Args:
        form: The form.
        registers: The registers that remember.
        roster: The job's roster.

    Attributes:
        applied: Numbers of the rows that were read as mended.
    """

    def __init__(self, form: Form, registers: Sequence[Register], roster: Roster) -> None:
        self._form = form
        self._roster = roster
        remembered = (
            (register.secret, {str(facts["row"]): facts["values"] for facts in register.mended_rows()})
            for register in registers
        )
        self._remembered = [(secret, values) for secret, values in remembered if values]
        self.applied: list[int] = []

    def rows(self) -> Iterator[RosterRow]:
        """Yield the rows, mended ones with the values that they were mended to.

        Raises:
            InputError: The roster is damaged, or changed meanwhile.
        """
        self.applied = []
        for row in self._roster.rows():
            yield self._mended(row) if self._remembered else row

    def _mended(self, row: RosterRow) -> RosterRow:
        stated = self._roster.stated(row)
        known = (values.get(_digest(secret, stated)) for secret, values in self._remembered)
        values = next((found for found in known if found is not None), None)
        if values is None:
            return row
        raw = {name: _raw(value) for name, value in values.items()}
        parsed = parse_values(self._form, raw, lambda name: self._roster.locate(row.number, name))
        self.applied.append(row.number)
        place = Location(file=str(self._roster.path), sheet=self._roster.sheet, row=row.number)
        told = Complaint(
            place,
            message("batch.roster-still-has-old-cells-row"),
            message("batch.correct-roster"),
            Severity.WARNING,
        )
        mended = RosterRow.of(self._form, row.number, row.cells, parsed.values, (told,))
        return replace(mended, mended=True)


def mended_warning(rows: Sequence[int]) -> Message | None:
    """Return what to tell of rows that were read as mended, or None where there are none."""
    if not rows:
        return None
    named = first_few(rows, _ROWS_NAMED)
    return message("batch.roster-still-has-old-cells-mended", count=len(rows), named=named)


@dataclass(slots=True)
class Mending:
    """What a run over mended rows has to remember.

    Attributes:
        links: Number of the mended row → digest of the row in the job's roster that it stands for.
        conflicts: Number of the mended row → why it must not be made.
        drafts: Events to record.
    """

    links: dict[int, str] = field(default_factory=dict)
    conflicts: dict[int, Message] = field(default_factory=dict)
    drafts: list[EventDraft] = field(default_factory=list)

    def check(self, row: RosterRow) -> None:
        """Refuse a mended row that would take somebody else's place.

        Raises:
            RowProblemError: Its number belongs to another row of the roster.
        """
        if row.number in self.conflicts:
            raise RowProblemError(self.conflicts[row.number])

    def settled(self, row: RosterRow) -> None:
        """Say that the document of a mended row is there."""
        digest = self.links.pop(row.number, None)
        if digest is not None:
            values = {name: encode_value(value) for name, value in row.values.items()}
            self.drafts.append(EventDraft(EventKind.MENDED, details={"row": digest, "values": values}))

    def take_drafts(self) -> list[EventDraft]:
        """Return the events that remember mended rows, each once."""
        drafts, self.drafts = self.drafts, []
        return drafts


@dataclass(slots=True)
class _Candidate:
    row: RosterRow
    alike: int
    stated: Mapping[str, str]
    has_number: bool


def link_mended(form: Form, register: Register, mended: Roster, own: Roster) -> Mending:
    """Find for each mended row the row of the job's roster that it stands for.

    A row stands for the one that shares a number with it; of several, for the one with the most equal cells.

    Args:
        form: The form.
        register: The register.
        mended: The rows that are run.
        own: The job's roster.

    Raises:
        InputError: A roster is damaged, or changed meanwhile.
    """
    numbers: dict[tuple[str, str], list[RosterRow]] = {}
    for row in mended.rows():
        for key in [] if row.failed else _keys(form, row):
            numbers.setdefault(key, []).append(row)
    found: dict[int, list[_Candidate]] = {}
    rows: dict[int, RosterRow] = {}
    for other in own.rows():
        stated = own.stated(other)
        for row in {r.number: r for key in _keys(form, other) for r in numbers.get(key, ())}.values():
            says = mended.stated(row)
            alike = sum(says.get(name) == text for name, text in stated.items())
            own_place = other.failed or other.key != row.key
            found.setdefault(row.number, []).append(_Candidate(other, alike, stated, not own_place))
            rows[row.number] = row
    mending = Mending()
    for number, candidates in found.items():
        _decide(mending, register, rows[number], mended.stated(rows[number]), candidates)
    return mending


def _decide(
    mending: Mending,
    register: Register,
    row: RosterRow,
    says: Mapping[str, str],
    candidates: list[_Candidate],
) -> None:
    ordered = sorted(candidates, key=lambda candidate: candidate.alike, reverse=True)
    best = ordered[0]
    for each in ordered:
        if each.has_number and (each is not best or _is_somebody_else(register, row, each.row)):
            mending.conflicts[row.number] = message(
                "batch.its-number-row-roster-give-number", subject=each.row.subject, number=each.row.number
            )
            return
    if len(ordered) > 1 and ordered[1].alike == best.alike:
        return  # two rows are as likely: neither is taken for this one
    if any(says.get(name) != text for name, text in best.stated.items()):
        mending.links[row.number] = _digest(register.secret, best.stated)


def _is_somebody_else(register: Register, row: RosterRow, other: RosterRow) -> bool:
    """Tell whether a row of the roster that reads well is another person, who has a document already."""
    if row.subject == other.subject or other.key is None:
        return False
    return register.current(register.row_key(other.key)) is not None


def _keys(form: Form, row: RosterRow) -> list[tuple[str, str]]:
    return [(name, str(row.values[name]).casefold()) for name in form.row_keys if name in row.values]


def _digest(secret: bytes, stated: Mapping[str, str]) -> str:
    return hmac.new(secret, b"roster row " + canonical_json(dict(stated)), hashlib.sha256).hexdigest()


def _raw(value: Any) -> RawValue:
    return tuple(value) if isinstance(value, list) else value
