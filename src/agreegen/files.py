"""Durable file writing and hashing: beside the target, fsync, rename, fsync the folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import select
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, ContextVar
from pathlib import Path
from typing import TypeVar

from agreegen.errors import UsageError
from agreegen.messages import message

T = TypeVar("T")
_BLOCK_BYTES = 1 << 20
_SILENCE_S = 10.0
_SYNCS_AT_ONCE = 32
TEMPORARY_PREFIX = ".agreegen-"
_NEW_FILE_PREFIX = f"{TEMPORARY_PREFIX}new-"
"""Every temporary file of ours begins with this, so that what a killed run leaves can be told and removed."""


_SETTLING_S = 10.0
"""A folder this young may be one whose maker has not locked it yet."""

_KEPT_ASIDE = "-old"
"""Ends the name of what was moved aside and may have to come back; who moved it clears it."""


_cleared: set[Path] = set()
"""Folders in which this process has looked for what killed ones left."""


def sha256_of(data: bytes) -> str:
    """Return the lower-case hex SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the lower-case hex SHA-256 of a file, read in blocks.

    Raises:
        OSError: The file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


_inputs: ContextVar[set[tuple[int, int]] | None] = ContextVar("inputs", default=None)


@contextlib.contextmanager
def guarding_inputs() -> Iterator[None]:
    """Let nothing within replace a file that was read within, whatever name, link or spelling it has.

    A command works in such a block. A server works outside of it (`unguarded`).
    """
    token = _inputs.set(set())
    try:
        yield
    finally:
        _inputs.reset(token)


def unguarded(work: Callable[[], T]) -> T:
    """Do work that reads and writes files of its own again and again, such as a server's, without the guard.

    A server writes where it chooses itself, never where somebody says. What it had read once would stay
    noted as long as it runs, and with it any later file that gets the number of one that is gone.
    """
    return Context().run(work)


def note_input(path: Path) -> None:
    """Remember a file as something that the user gave: it is not replaced while the guard lasts."""
    known = _inputs.get()
    if known is not None:
        with contextlib.suppress(OSError):
            status = path.stat()
            known.add((status.st_dev, status.st_ino))


def _refuse_noted(path: Path) -> None:
    known = _inputs.get()
    if not known:
        return
    with contextlib.suppress(OSError):
        status = path.stat()
        if (status.st_dev, status.st_ino) in known:
            raise UsageError(
                message("files.one-files-were-read", path=path), hint=message("files.choose-another-output")
            )


def read_limited(path: Path, max_bytes: int) -> bytes:
    """Read a file that somebody named, without hanging at a pipe or filling the memory from a device.

    A pipe is read, too (`<(…)` of a shell), as long as something comes out of it.

    Raises:
        OSError: It cannot be read, is a folder or a device, has more than so many bytes, or stays silent.
    """
    if "\0" in str(path):  # a name out of a file; Python's own error would be none of the disk
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    note_input(path)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(handle).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            kind = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            problem = os.strerror(kind) if stat.S_ISDIR(mode) else message("files.device-not-file")
            raise OSError(kind, problem, str(path))
        parts: list[bytes] = []
        rest = max_bytes + 1
        while rest and (part := _next_part(handle, path, rest)):
            parts.append(part)
            rest -= len(part)
    finally:
        os.close(handle)
    if not rest:
        raise OSError(errno.EFBIG, message("files.has-more-than-bytes", max_bytes=max_bytes), str(path))
    return b"".join(parts)


def _next_part(handle: int, path: Path, most: int) -> bytes:
    if not select.select([handle], [], [], _SILENCE_S)[0]:
        raise OSError(errno.ETIMEDOUT, message("files.nothing-comes-out-pipe"), str(path))
    return os.read(handle, min(most, _BLOCK_BYTES))


def refuse_existing(path: Path, *, force: bool) -> None:
    """Refuse to overwrite a file unless that was asked for, and one that was read in any case.

    Raises:
        UsageError: The path exists and `force` is false, or it is a file that was read.
    """
    _refuse_noted(path)
    if not force and (path.exists() or path.is_symlink()):
        # What a killed process left beside it holds ID numbers, and no command may ever write here again.
        clear_abandoned(path.parent)
        raise UsageError(
            message("files.exists-already", path=path),
            hint=message("files.choose-another-output-or-add-force"),
        )


def refuse_inputs(output: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output that is one of the inputs, whatever `--force` says.

    Raises:
        UsageError: Writing the output would destroy an input.
    """
    if not output.exists():
        return
    for path in inputs:
        if path.exists() and path.samefile(output):
            raise UsageError(
                message("files.input-output-same-file", output=output),
                hint=message("files.choose-another-output"),
            )


def pdfs_below(folder: Path) -> Iterator[Path]:
    """Yield the PDFs in a folder and below, folder by folder in the order of their names.

    Only the names of one folder are kept at a time, so that a hundred thousand cost no memory.
    """
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() == ".pdf" and path.is_file():
                yield path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (fsync on the directory)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make everything below a folder durable, side by side: the journal is then written once for many files.

    Raises:
        OSError: Something cannot be read, or the disk failed.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - few programs write whole trees

    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as threads:
        for place, _, names in os.walk(folder):
            for _done in threads.map(_sync_file, (Path(place, name) for name in names)):
                pass
            sync_folder(Path(place))


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = 0o644, draft_folder: Path | None = None) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it takes the name `path`, on failure it is removed.

    Args:
        path: The target; its folder is made when missing.
        mode: Permissions of the new file.
        draft_folder: Where the temporary file lies instead, on the same file system: for a folder in which
            one that a killed process left would count as foreign.

    Raises:
        UsageError: The path is a folder, or a file that was read.
        OSError: The folder cannot be written, or the disk is full; nothing is left behind.
    """
    _refuse_noted(path)
    if path.is_dir():
        raise UsageError(
            message("files.folder-file-written", path=path), hint=message("files.choose-another-output")
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = draft_folder or path.parent
    if folder not in _cleared:
        _cleared.add(folder)
        clear_abandoned(folder)
    try:
        handle, name = tempfile.mkstemp(prefix=_NEW_FILE_PREFIX, suffix=path.suffix, dir=folder)
    except OSError as exc:
        raise _about(path, exc) from exc
    temporary = Path(name)
    try:
        with contextlib.suppress(OSError):  # some file systems have no locks; then nothing is cleared there
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield temporary
        temporary.chmod(mode)
        _sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)
    except BaseException as exc:
        temporary.unlink(missing_ok=True)
        if isinstance(exc, OSError) and exc.filename in (None, name):
            raise _about(path, exc) from exc
        raise
    finally:
        os.close(handle)


def _about(path: Path, exc: OSError) -> OSError:
    """Name the target: the name of the temporary file would tell nobody anything."""
    return OSError(exc.errno, exc.strerror, str(path))


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644, draft_folder: Path | None = None) -> None:
    """Write a file so that it is either whole and durable or not there at all; see `replacing`.

    Raises:
        OSError: The folder cannot be written, or the disk is full; nothing is left behind.
    """
    with replacing(path, mode=mode, draft_folder=draft_folder) as temporary:
        temporary.write_bytes(data)


def clear_abandoned(parent: Path) -> None:
    """Remove what killed processes of this user left in a folder: folders and half files without a lock."""
    try:
        with os.scandir(parent) as entries:
            found = [entry.path for entry in entries if entry.name.startswith(TEMPORARY_PREFIX)]
    except OSError:
        return
    for path in found:
        if not path.endswith(_KEPT_ASIDE):
            with contextlib.suppress(OSError):
                _clear(Path(path))


def _clear(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid() or time.time() - status.st_ctime < _SETTLING_S:
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an OSError where somebody is at it
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        elif stat.S_ISREG(status.st_mode) and path.name.startswith(_NEW_FILE_PREFIX):
            path.unlink()
    finally:
        os.close(handle)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files that a killed run left in a folder and below."""
    for path in folder.rglob(f"{TEMPORARY_PREFIX}*"):
        if path.is_file():
            path.unlink(missing_ok=True)
