"""Laying files down so that a crash at any moment loses nothing: write, fsync, rename, fsync the folders."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from agreegen.batch.interface import RowResult
from agreegen.batch.job.output_folder import OutputError
from agreegen.batch.planning.document_paths import QUARANTINE
from agreegen.batch.planning.planner import Replaced, Task
from agreegen.errors import RegisterError
from agreegen.files import TEMPORARY_PREFIX, sha256_of, sync_folder


class Layable(Protocol):
    """A document on its way to the disk; see `chunks.Draft`."""

    task: Task
    data: bytes
    reason: str | None
    quarantined: bool
    changed: bool
    result: RowResult

    def quarantine(self, reason: str) -> None:
        """Say that the finished file is not what it must be; it goes to the quarantine folder."""
        ...


T = TypeVar("T", bound=Layable)
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_SYNCS_AT_ONCE = 8
_OPEN_AT_ONCE = 100


class TakenError(RegisterError):
    """Another worker has laid down the same new document meanwhile; its file stays as it is."""


def publish(output: Path, drafts: Sequence[T]) -> tuple[list[T], OutputError | None]:
    """Lay a chunk down: every file whole and durable under its name before anybody is told of it.

    Files are written and synced under temporary names and read back; then they are renamed and their folders
    synced. Where the disk refuses, the files before that are still laid down, and nothing stays of those
    after. A new document never replaces a file: a worker that was given up for lost may have laid it down
    after all. A file that the disk gives back with other bytes is quarantined.

    Returns:
        The drafts that are dealt with (failed rows included), and why the rest is not.

    Raises:
        TakenError: A new document is there already; made again, the chunk adopts it.
    """
    dealt = [draft for draft in drafts if _target(output, draft) is None]
    writer: _Writer[T] = _Writer(output)
    placed: list[T] = []
    try:
        failure = writer.write([draft for draft in drafts if _target(output, draft) is not None])
        folders: set[Path] = set()
        for draft, temporary, target in writer.written:
            if draft.task.replaces is not None and not draft.quarantined:
                folders |= _make_way(output, draft.task.replaces, target)
            _give_name(draft, temporary, target)
            folders.add(target.parent)
            placed.append(draft)
        for folder in sorted(folders):
            sync_folder(folder)
    except OSError as exc:
        failure, placed = _output_error(output, exc), []
    finally:
        for _, temporary, _ in writer.written:
            temporary.unlink(missing_ok=True)
    kept = {id(draft) for draft in (*dealt, *placed)}
    return [draft for draft in drafts if id(draft) in kept], failure


class _Writer(Generic[T]):
    """Writes files under temporary names, syncs them and reads them back, some at a time.

    Attributes:
        written: Each draft with its temporary and its final path.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        # Workers on several machines may share the folder and the process number.
        self._token = secrets.token_hex(6)
        self._folders: set[Path] = set()
        self.written: list[tuple[T, Path, Path]] = []

    def write(self, drafts: Sequence[T]) -> OutputError | None:
        """Write what can be written; return why the rest cannot."""
        for start in range(0, len(drafts), _OPEN_AT_ONCE):
            failure = self._write_some(drafts[start : start + _OPEN_AT_ONCE])
            if failure is not None:
                return failure
        return None

    def _write_some(self, drafts: Sequence[T]) -> OutputError | None:
        handles: list[int] = []
        failure: OutputError | None = None
        first = len(self.written)
        try:
            for draft in drafts:
                target = _target(self._output, draft)
                assert target is not None
                try:
                    handles.append(self._write(draft, target))
                except OSError as exc:
                    failure = _output_error(target.parent, exc)
                    break
            _sync_all(handles)
            for number, handle in enumerate(handles, first):
                self._read_back(number, handle)
        finally:
            for handle in handles:
                os.close(handle)
        return failure

    def _write(self, draft: T, target: Path) -> int:
        folder = target.parent
        if folder not in self._folders:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                sync_folder(folder.parent)
            self._folders.add(folder)
        temporary = folder / f"{TEMPORARY_PREFIX}{self._token}-{len(self.written)}"
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            rest = memoryview(draft.data)
            while rest:
                rest = rest[os.write(handle, rest) :]
        except BaseException:
            os.close(handle)
            temporary.unlink(missing_ok=True)
            raise
        self.written.append((draft, temporary, target))
        return handle

    def _read_back(self, number: int, handle: int) -> None:
        draft, temporary, _ = self.written[number]
        if _read_all(handle, len(draft.data)) == draft.data:
            return
        draft.quarantine("the disk gave back other bytes than were written")
        target = _target(self._output, draft)
        assert target is not None
        target.parent.mkdir(parents=True, exist_ok=True)
        self.written[number] = (draft, temporary, target)


def _read_all(handle: int, size: int) -> bytes:
    """Read a file from its start; one byte more than there must be, so that a longer one shows."""
    parts: list[bytes] = []
    position = 0
    while position <= size and (part := os.pread(handle, size + 1 - position, position)):
        parts.append(part)
        position += len(part)
    return b"".join(parts)


def _give_name(draft: Layable, temporary: Path, target: Path) -> None:
    if draft.quarantined or draft.task.replaces is not None or draft.result is not RowResult.DONE:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError as exc:
        raise TakenError(
            f"{target} was laid down by another worker meanwhile",
            hint="run the job again: it adopts the file",
        ) from exc
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        temporary.replace(target)


def _target(output: Path, draft: Layable) -> Path | None:
    if draft.quarantined:
        return output / QUARANTINE / f"{draft.task.document.id}-{sha256_of(draft.data)[:8]}.pdf"
    if draft.reason is not None or not draft.changed:
        return None
    return output / draft.task.registration.path


def _sync_all(handles: Sequence[int]) -> None:
    """Sync files side by side: the file system then writes its journal once for many of them."""
    if handles:
        with ThreadPoolExecutor(min(_SYNCS_AT_ONCE, len(handles))) as threads:
            list(threads.map(os.fsync, handles))


def _make_way(output: Path, replaced: Replaced, target: Path) -> set[Path]:
    """Give the old document its new name before its old one is taken; a second time does no harm."""
    old, kept = output / replaced.path, output / replaced.moved_to
    if not old.is_file():
        return set()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.link(old, kept)
    sync_folder(kept.parent)
    if old != target:
        old.unlink()
    return {kept.parent, old.parent}


def move_aside(output: Path, path: Path, reason: str) -> str:
    """Move a file that must not stay among the documents to the quarantine folder; return a warning."""
    folder = output / QUARANTINE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{path.stem}-{sha256_of(path.read_bytes())[:8]}.pdf"
        path.replace(target)
        sync_folder(folder)
    except OSError as exc:
        raise _output_error(folder, exc) from exc
    return f"{path.relative_to(output)} was moved to {target.relative_to(output)}: {reason}"


def _output_error(folder: Path, exc: OSError) -> OutputError:
    return OutputError(
        f"{folder} cannot be written: {exc.strerror or exc}",
        hint="free space or mend the permissions, then run the job again: it goes on where it stopped",
    )
