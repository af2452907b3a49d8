"""Folders of our own: gone when the work is done, cleared by the next command where it was killed.

Such a folder holds ID numbers, keys or half a bag, so it is its owner's only (mode 0700). Its process holds a
lock on it: one that nobody holds was left by a process that is gone, whatever ended it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agreegen.files import TEMPORARY_PREFIX, clear_abandoned


class OwnFolder:
    """A folder that is this process's own for as long as it is open.

    Args:
        parent: Where it is made; leftovers of killed processes there are cleared first.
        kind: Part of its name, e.g. that of the bag which is made in it.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, parent: Path, kind: str) -> None:
        clear_abandoned(parent)
        self.path = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY_PREFIX}{kind}-", dir=parent))
        self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # a file system without locks: then nothing is ever cleared there
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder, unless it was renamed into its place."""
        if self._handle < 0:
            return
        shutil.rmtree(self.path, ignore_errors=True)
        handle, self._handle = self._handle, -1
        os.close(handle)


@contextlib.contextmanager
def own_temporary_folder() -> Iterator[None]:
    """Let everything within, libraries and child processes too, put its temporary files into an own folder.

    Spreadsheet writers, sockets of worker processes and offices leave files with people's data where they are
    killed; in a folder of ours the next command finds them.
    """
    before, named = tempfile.tempdir, os.environ.get("TMPDIR")
    try:
        folder = OwnFolder(shared_temporary_folder(), "run")
    except OSError:  # nowhere to write: most commands need no temporary files
        yield
        return
    with folder as path:
        tempfile.tempdir = os.environ["TMPDIR"] = str(path)
        os.environ.setdefault(_SHARED, str(path.parent))
        try:
            yield
        finally:
            tempfile.tempdir = before
            os.environ.pop(_SHARED, None)
            if named is None:
                os.environ.pop("TMPDIR", None)
            else:
                os.environ["TMPDIR"] = named


_SHARED = "AGREEGEN_SHARED_TMPDIR"


def shared_temporary_folder() -> Path:
    """Return the folder for what outlives a command, such as caches: the machine's own, or `TMPDIR`."""
    return Path(os.environ.get(_SHARED) or tempfile.gettempdir())
