"""Who has signed, of a batch, as the page shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import CoveragePerson, CoverageTotals, UnsignedList, job_coverage, read_job
from agreegen.web.work.background_answers import Behind, Stamp, stamp_of
from agreegen.web.work.batch_folder import BatchFolder

_SMALL_BYTES = 24 << 10
"""A roster of so many bytes is counted before one has noticed."""


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """One row of the roster, or one person who left it.

    Attributes:
        name: The name, else what people call the row.
        staff_no: The number, if any.
        unit: The unit, if any.
        state: A `CoverageState`.
        how: A `How`, where all is signed.
        document: Id of the document.
        reason: What a person should know.
    """

    name: str
    staff_no: str | None
    unit: str | None
    state: str
    how: str | None
    document: str | None
    reason: object | None

    @classmethod
    def of(cls, person: CoveragePerson) -> ShownPerson:
        """Take over what is shown of a person."""
        standing = person.standing
        return cls(
            person.name or person.label,
            person.staff_no,
            person.unit,
            person.state.value,
            None if standing.how is None else standing.how.value,
            None if standing.document is None else standing.document.registration.id,
            standing.reason,
        )


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Everybody on the roster, and the counts.

    Attributes:
        people: Every row, then who left.
        totals: The counts.
        unsigned: Who has not signed, for the file to send out.
    """

    people: tuple[ShownPerson, ...]
    totals: CoverageTotals
    unsigned: UnsignedList

    def chosen(self, *, unit: str | None, state: str | None, text: str) -> Iterator[ShownPerson]:
        """Yield the people of a unit, in a state, of a name or number; `open` stands for all but signed."""
        for person in self.people:
            here = unit is None or (person.unit or "") == unit
            fits = state is None or (person.state != "signed" if state == "open" else person.state == state)
            named = text in person.name or text in (person.staff_no or "")
            if here and fits and named:
                yield person


def count_coverage(folder: Path) -> CoverageView:
    """Read roster and register of a batch; for 27,000 people that takes seconds.

    Raises:
        InputError: The roster cannot be read.
        RegisterError: The register cannot be read.
    """
    unsigned = UnsignedList()
    people = []
    with job_coverage(read_job(BatchFolder(folder).job)) as coverage:
        for person in coverage.people():
            unsigned.add(person)
            people.append(ShownPerson.of(person))
        return CoverageView(tuple(people), coverage.totals, unsigned)


def has_few_rows(path: Path) -> bool:
    """Tell whether the roster of a batch is small."""
    return _roster(path).stat().st_size <= _SMALL_BYTES


def _roster(path: Path) -> Path:
    return path / BatchFolder(path).roster_name()


def _stamp(path: Path) -> Stamp:
    register = BatchFolder(path).register
    log = register.with_name(f"{register.name}-wal")
    return stamp_of(BatchFolder(path).job, _roster(path), register, log)


def coverage_views() -> Behind[CoverageView]:
    """Return where the coverage of batches is counted and kept."""
    return Behind(count_coverage, _stamp, has_few_rows)
