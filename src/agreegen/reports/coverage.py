"""Who on a roster has signed, in one register or several: every row exactly once, then who left."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from agreegen.messages import Message, join_sentences, message
from agreegen.model.document import encode_value
from agreegen.model.form import Form
from agreegen.model.row_key import RowKey
from agreegen.model.text import Bilingual
from agreegen.register.coverage import (
    CoverageState,
    SeenKeys,
    Standing,
    best_standing,
    find_standing,
)
from agreegen.register.interface import How
from agreegen.register.store import Register

if TYPE_CHECKING:
    from agreegen.rosters.row import RosterRow


@dataclass(frozen=True, slots=True)
class CoveragePerson:
    """One row of the roster, or one person who left it.

    Attributes:
        row: Number of the row; None for who left.
        label: What people call the row: its number, a masked ID number, or the name.
        staff_no: The number, if any.
        name: The name on the roster, else in the register.
        unit: The unit, if any.
        standing: How far the documents have come.
        waiting: The roles that nobody has fulfilled, of a form in which one person or party has several.
    """

    row: int | None
    label: str
    staff_no: str | None
    name: str
    unit: str | None
    standing: Standing
    waiting: tuple[Bilingual, ...] = ()

    @property
    def state(self) -> CoverageState:
        """The one word."""
        return self.standing.state

    @property
    def remark(self) -> Message | str:
        """What a person should know: what is odd, and which of several roles are open."""
        told = [self.standing.reason] if self.standing.reason else []
        if self.waiting and self.standing.document is not None:
            told.append(message("reports.waiting-for", roles=self.waiting))
        return join_sentences(told) or ""

    def to_dict(self) -> dict[str, Any]:
        """Return one of the `people` of `register coverage --json`."""
        standing = self.standing
        return {
            "row": self.row,
            "staff_no": self.staff_no,
            "name": self.name,
            "unit": self.unit,
            "state": standing.state.value,
            "how": None if standing.how is None else standing.how.value,
            "document": None if standing.document is None else standing.document.registration.id,
            "since": standing.since,
            "reason": standing.reason,
            "roles": [
                {"role": role, "how": None if how is None else how.value} for role, how in standing.roles
            ],
        }


@dataclass(slots=True)
class CoverageTotals:
    """How many rows are in which state.

    Attributes:
        states: Number of people by state.
        how: Number of signed rows by how they were signed.
        units: Unit → number of its rows by state.
        mended: Numbers of the rows that count as they were mended, while the roster has the old cells.
    """

    states: Counter[CoverageState] = field(default_factory=Counter)
    how: Counter[How] = field(default_factory=Counter)
    units: dict[str, Counter[CoverageState]] = field(default_factory=dict)
    mended: list[int] = field(default_factory=list)

    def count(self, person: CoveragePerson) -> None:
        """Take in one person."""
        self.states[person.state] += 1
        if person.standing.how is not None:
            self.how[person.standing.how] += 1
        self.units.setdefault(person.unit or "", Counter())[person.state] += 1

    @property
    def rows(self) -> int:
        """Rows of the roster."""
        return self.states.total() - self.states[CoverageState.LEFT]

    @property
    def signed(self) -> int:
        """Rows that are signed."""
        return self.states[CoverageState.SIGNED]

    @property
    def open(self) -> int:
        """Rows that are not signed, whatever the reason."""
        return self.rows - self.signed

    @property
    def complete(self) -> bool:
        """Whether there is a row, and every one is signed."""
        return self.rows > 0 and self.open == 0

    def to_dict(self) -> dict[str, Any]:
        """Return the `summary` of `register coverage --json`."""
        return {
            "rows": self.rows,
            "signed": self.signed,
            "open": self.open,
            "left": self.states[CoverageState.LEFT],
            "states": {state.value: self.states[state] for state in CoverageState if self.states[state]},
            "how": {how.value: self.how[how] for how in How if self.how[how]},
            "units": [
                {
                    "unit": unit or None,
                    "rows": counts.total() - counts[CoverageState.LEFT],
                    "signed": counts[CoverageState.SIGNED],
                    "left": counts[CoverageState.LEFT],
                }
                for unit, counts in self.units.items()
            ],
        }


class RowSource(Protocol):
    """Whatever streams the rows of a roster."""

    def rows(self) -> Iterator[RosterRow]:
        """Yield the rows in file order."""
        ...


@dataclass(slots=True)
class Coverage:
    """Compares a roster with registers. It has no truth value: ask its totals.

    Args:
        roster: The people who must have signed.
        registers: Where their documents are; none for nobody.
        form: The form, for the roles that must be fulfilled.

    Attributes:
        totals: Whole when `people` has ended.
    """

    roster: RowSource
    registers: Sequence[Register]
    form: Form
    totals: CoverageTotals = field(default_factory=CoverageTotals)

    def people(self) -> Iterator[CoveragePerson]:
        """Stream every row of the roster once, then who left; memory stays flat.

        Raises:
            InputError: The roster cannot be read.
            RegisterError: A register cannot be read.
        """
        self.totals = CoverageTotals()
        with contextlib.closing(SeenKeys()) as seen:
            for row in self.roster.rows():
                if row.mended:
                    self.totals.mended.append(row.number)
                self._remember(row, seen)
                yield self._counted(self._person(row))
            for number, register in enumerate(self.registers):
                yield from self._left(number, register, seen)

    def count(self) -> CoverageTotals:
        """Return the totals of the roster's rows alone; who left is not looked for."""
        self.totals = CoverageTotals()
        for row in self.roster.rows():
            if row.mended:
                self.totals.mended.append(row.number)
            self._counted(self._person(row))
        return self.totals

    def _counted(self, person: CoveragePerson) -> CoveragePerson:
        self.totals.count(person)
        return person

    def _remember(self, row: RosterRow, seen: SeenKeys) -> None:
        if row.key is not None:
            for number, register in enumerate(self.registers):
                seen.add(_key(number, register.row_key(row.key)))

    def _person(self, row: RosterRow) -> CoveragePerson:
        unit = row.values.get("unit")
        return CoveragePerson(
            row=row.number,
            label=row.label,
            staff_no=row.staff_no,
            name=row.subject,
            unit=None if unit is None else str(encode_value(unit)),
            standing=(standing := self._standing(row)),
            waiting=self._waiting(standing),
        )

    def _waiting(self, standing: Standing) -> tuple[Bilingual, ...]:
        if len(standing.roles) < 2:
            return ()
        return tuple(self.form.role(role).label for role, how in standing.roles if how is None)

    def _standing(self, row: RosterRow) -> Standing:
        if row.doubled:
            return Standing(CoverageState.DUPLICATE, reason=row.reason)
        if row.key is None:
            return Standing(CoverageState.UNUSABLE, reason=row.reason)
        found = self._in_registers(row.key, row.subject)
        if not (row.failed or row.mended):
            return found
        if found.document is None:
            return Standing(CoverageState.UNUSABLE, reason=row.reason)
        # The row was mended and run from failed-rows: its number finds the document.
        told = message("reports.old-cell")
        if row.reason:
            told = message("reports.old-cell-because", reason=row.reason)
        reason = join_sentences([*([found.reason] if found.reason else []), told])
        return Standing(found.state, found.document, found.how, found.since, found.roles, reason)

    def _in_registers(self, key: RowKey, name: str) -> Standing:
        roles = [role.id for role in self.form.subject_roles]
        found = []
        for register in self.registers:
            documents = register.documents_of(register.row_key(key))
            own = [each for each in documents if each.registration.form_id == self.form.id]
            found.append(find_standing(own, roles, name))
        # Last: what a register says of a document that is no more comes before it.
        nowhere = Standing(CoverageState.NO_DOCUMENT, roles=tuple((role, None) for role in roles))
        return best_standing([*found, nowhere])

    def _left(self, number: int, register: Register, seen: SeenKeys) -> Iterator[CoveragePerson]:
        for document in register.documents():
            known = document.registration
            if not document.in_force or known.form_id != self.form.id or _key(number, known.row_key) in seen:
                continue
            told = message("reports.roster-no-longer-names-them")
            roles = find_standing([document], [role.id for role in self.form.subject_roles], "").roles
            standing = Standing(CoverageState.LEFT, document, roles=roles, reason=told)
            label = known.staff_no or known.id[:8]
            person = CoveragePerson(None, label, known.staff_no, known.name, known.unit, standing)
            yield self._counted(person)


def _key(register: int, row_key: str) -> str:
    return f"{register} {row_key}"
