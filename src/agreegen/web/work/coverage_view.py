"""Who has signed, of a batch: counted once for each state of roster and register, shown as often as asked."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import CoveragePerson, CoverageTotals, UnsignedList, job_coverage, read_job
from agreegen.errors import AgreegenError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.web.work.batch_folder import BatchFolder

_MOST_KEPT = 6
_PATIENCE_S = 0.5
_SMALL_BYTES = 24 << 10
"""A roster of so many bytes is counted before one has noticed."""

_LIMITS = Limits(memory_bytes=2 << 30, cpu_s=600, wall_s=900.0)
_LOG = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Shown:
    """What can be shown now.

    Attributes:
        view: Who has signed; None while it is counted for the first time.
        serial: Tells this view from an earlier or later one.
        current: Whether nothing has changed since it was counted.
    """

    view: CoverageView | None
    serial: int
    current: bool


class CoverageViews:
    """Who has signed, of the batches that were looked at last.

    Large rosters are counted in a process of their own, while the page shows what was counted before: an
    officer never waits for 27,000 rows, and nobody else waits for her.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[tuple[object, ...], CoverageView]] = OrderedDict()
        self._serials: dict[str, int] = {}
        self._counting: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def shown(self, folder: BatchFolder, *, wait_s: float = _PATIENCE_S) -> Shown:
        """Return what can be shown of a batch now; what has changed is counted behind it.

        Args:
            folder: The batch.
            wait_s: How long to wait for a count.

        Raises:
            InputError: A small roster cannot be read.
            RegisterError: The register cannot be read.
        """
        found = self._find(folder)
        if found.current:
            return found
        if _is_small(folder):
            self._keep(folder, stamp_of(folder), count_coverage(folder.path))
            return self._find(folder)
        self._count_behind(folder).join(wait_s)
        return self._find(folder)

    def _find(self, folder: BatchFolder) -> Shown:
        name = str(folder.path)
        with self._lock:
            stamp, view = self._kept.get(name, (None, None))
            return Shown(view, self._serials.get(name, 0), stamp == stamp_of(folder))

    def _keep(self, folder: BatchFolder, stamp: tuple[object, ...], view: CoverageView) -> None:
        name = str(folder.path)
        with self._lock:
            self._kept[name] = (stamp, view)
            self._kept.move_to_end(name)
            self._serials[name] = self._serials.get(name, 0) + 1
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)

    def _count_behind(self, folder: BatchFolder) -> threading.Thread:
        name = str(folder.path)
        with self._lock:
            running = self._counting.get(name)
            if running is None or not running.is_alive():
                running = threading.Thread(target=self._count, args=(folder,), daemon=True)
                self._counting[name] = running
                running.start()
        return running

    def _count(self, folder: BatchFolder) -> None:
        stamp = stamp_of(folder)
        process = Confinement(_LIMITS)
        try:
            self._keep(folder, stamp, process.call(count_coverage, folder.path))
        except (ConfinedError, AgreegenError):
            _LOG.exception("the coverage of %s cannot be counted", folder.path.name)
        finally:
            process.close()


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
            people.append(person)
        return CoverageView(tuple(people), coverage.totals, unsigned)


def _is_small(folder: BatchFolder) -> bool:
    return (folder.path / folder.roster_name()).stat().st_size <= _SMALL_BYTES


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
