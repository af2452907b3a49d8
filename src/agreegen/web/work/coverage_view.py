"""Who has signed, of a batch: counted once for each state of roster and register, shown as often as asked."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import CoveragePerson, CoverageTotals, UnsignedList, job_coverage, read_job
from agreegen.web.work.batch_folder import BatchFolder

_MOST_KEPT = 6


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Everybody on the roster, and the counts.

    Attributes:
        people: Every row, then who left.
        totals: The counts.
        unsigned: Who has not signed, for the file to send out.
    """

    people: tuple[CoveragePerson, ...]
    totals: CoverageTotals
    unsigned: UnsignedList

    def chosen(self, *, unit: str | None, state: str | None, text: str) -> Iterator[CoveragePerson]:
        """Yield the people of a unit, in a state, of a name or number; `open` stands for all but signed."""
        for person in self.people:
            if unit is not None and (person.unit or "") != unit:
                continue
            if state == "open" and person.state == "signed":
                continue
            if state not in {None, "open"} and person.state != state:
                continue
            if text and text not in person.name and text not in (person.staff_no or ""):
                continue
            yield person


class CoverageViews:
    """The views of the batches that were looked at last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], CoverageView] = OrderedDict()
        self._lock = threading.Lock()
        self._counting = threading.Lock()

    def view(self, folder: BatchFolder) -> CoverageView:
        """Return who has signed now.

        Raises:
            InputError: The roster cannot be read.
            RegisterError: The register cannot be read.
        """
        key = stamp_of(folder)
        with self._counting:  # two who ask at once wait for one count
            with self._lock:
                found = self._kept.get(key)
            if found is None:
                found = _count(folder)
                with self._lock:
                    self._kept[key] = found
                    while len(self._kept) > _MOST_KEPT:
                        self._kept.popitem(last=False)
        return found


def _count(folder: BatchFolder) -> CoverageView:
    unsigned = UnsignedList()
    people = []
    with job_coverage(read_job(folder.job)) as coverage:
        for person in coverage.people():
            unsigned.add(person)
            people.append(person)
        return CoverageView(tuple(people), coverage.totals, unsigned)


def stamp_of(folder: BatchFolder) -> tuple[object, ...]:
    """Return what changes whenever roster, job or register do."""
    register = folder.register
    files = (
        folder.job,
        folder.path / folder.roster_name(),
        register,
        register.with_name(f"{register.name}-wal"),
    )
    return (str(folder.path), *(_stamp(path) for path in files))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
