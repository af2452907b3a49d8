"""What takes seconds, found out behind the page in a process of its own, and kept for the next."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from agreegen.errors import AgreegenError, InputError
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import foreign_text

T = TypeVar("T")
Stamp = tuple[object, ...]

_MOST_KEPT = 6
_PATIENCE_S = 0.5
_LIMITS = Limits(memory_bytes=2 << 30, cpu_s=600, wall_s=900.0)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What can be shown of a folder now.

    Attributes:
        value: What was found out last; None while it is the first time, or where it cannot be.
        problem: Why it cannot be found out.
        serial: Tells this finding from an earlier or later one.
        current: Whether nothing has changed since.
    """

    value: T | None
    problem: AgreegenError | None
    serial: int
    current: bool


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    stamp: Stamp
    value: T | None
    problem: AgreegenError | None
    serial: int


class Behind(Generic[T]):
    """Finds something out about folders; nobody waits long for it, and nobody else waits meanwhile.

    Args:
        find: Finds it out; importable by name, what it returns can be pickled.
        stamp: Returns what changes whenever the answer may.
        small: Whether it is so little that it is done at once.
    """

    def __init__(
        self, find: Callable[[Path], T], stamp: Callable[[Path], Stamp], small: Callable[[Path], bool]
    ) -> None:
        self._find, self._stamp, self._small = find, stamp, small
        self._kept: OrderedDict[Path, _Kept[T]] = OrderedDict()
        self._working: dict[Path, threading.Thread] = {}
        self._lock = threading.Lock()
        self._serial = 0

    def shown(self, folder: Path, *, wait_s: float = _PATIENCE_S) -> Found[T]:
        """Return what can be shown now; what has changed is found out behind it.

        Args:
            folder: The folder.
            wait_s: How long to wait.
        """
        found = self._look(folder)
        if found.current:
            return found
        if self._small(folder):
            self._work(folder, lambda: self._find(folder))
        else:
            self._begin(folder).join(wait_s)
        return self._look(folder)

    def _look(self, folder: Path) -> Found[T]:
        with self._lock:
            kept = self._kept.get(folder)
        if kept is None:
            return Found(None, None, 0, False)
        return Found(kept.value, kept.problem, kept.serial, kept.stamp == self._stamp(folder))

    def _begin(self, folder: Path) -> threading.Thread:
        with self._lock:
            running = self._working.get(folder)
            if running is None or not running.is_alive():
                running = threading.Thread(target=self._work_apart, args=(folder,), daemon=True)
                self._working[folder] = running
                running.start()
        return running

    def _work_apart(self, folder: Path) -> None:
        process = Confinement(_LIMITS)
        try:
            self._work(folder, lambda: process.call(self._find, folder))
        finally:
            process.close()

    def _work(self, folder: Path, find: Callable[[], T]) -> None:
        stamp = self._stamp(folder)
        value, problem = None, None
        try:
            value = find()
        except AgreegenError as exc:
            problem = exc
        except ConfinedError as exc:
            _LOG.exception("nothing can be found out about %s", folder.name)
            problem = InputError(foreign_text(exc))
        with self._lock:
            self._serial += 1
            self._kept[folder] = _Kept(stamp, value, problem, self._serial)
            self._kept.move_to_end(folder)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


def stamp_of(*paths: Path) -> Stamp:
    """Return what changes whenever one of these files does."""
    return tuple(map(_stamp, paths))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
