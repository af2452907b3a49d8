"""One writer a folder: a lock that dies with its process and leaves no file."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agreegen.errors import RegisterError
from agreegen.messages import Message, message

WAIT_S = 600.0
"""How long a writer waits for another one."""
_PAUSE_S = 0.2
_BUSY = {errno.EAGAIN, errno.EACCES}


@contextlib.contextmanager
def lock_folder(
    folder: Path, *, tell: Callable[[Message], None] | None = None, wait_s: float = 0.0
) -> Iterator[None]:
    """Hold the only writer's lock of an output folder (flock on the folder itself).

    Args:
        folder: The folder; made when missing.
        tell: Told once that another writer is at work and this one waits.
        wait_s: How long to wait for it, in seconds; 0 for not at all.

    Raises:
        RegisterError: Another process holds it, the folder cannot be opened, or locks do not work there.
    """
    handle = _open(folder)
    try:
        _take(handle, folder, tell, time.monotonic() + wait_s)
        _require_effect(folder)
        yield
    finally:
        os.close(handle)


def is_locked(folder: Path) -> bool:
    """Whether another process holds the writer's lock of a folder now."""
    try:
        handle = _open(folder)
    except RegisterError:
        return False
    try:
        return not _try_lock(handle, folder)
    finally:
        os.close(handle)


def _open(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as exc:
        raise RegisterError(
            message("chain.cannot-used-2", folder=folder, exc=exc),
            hint=message("chain.choose-writable-output-folder"),
        ) from exc


def _take(handle: int, folder: Path, tell: Callable[[Message], None] | None, until: float) -> None:
    told = False
    while not _try_lock(handle, folder):
        if time.monotonic() >= until:
            raise RegisterError(
                message("chain.another-run-writing", folder=folder),
                hint=message("chain.wait-finish-or-end-first"),
            )
        if tell is not None and not told:
            tell(message("chain.another-command-writing-waiting-finish", folder=folder))
            told = True
        time.sleep(_PAUSE_S)


def _try_lock(handle: int, folder: Path) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in _BUSY:
            return False
        raise RegisterError(
            message("chain.locks-do-not-work", folder=folder, exc=exc),
            hint=message("chain.put-output-on-file-system-locks"),
        ) from exc
    return True


def _require_effect(folder: Path) -> None:
    """Refuse a file system whose locks say yes to everybody: two runs would write over each other."""
    second = _open(folder)
    try:
        if _try_lock(second, folder):
            raise RegisterError(
                message("chain.locks-have-no-effect-second-one", folder=folder),
                hint=message("chain.put-output-on-file-system-locks"),
            )
    finally:
        os.close(second)
