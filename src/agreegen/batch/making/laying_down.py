"""Laying files down so that a crash at any moment loses nothing: write, fsync, rename, fsync the folders."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from agreegen.batch.interface import RowResult
from agreegen.batch.job.output_folder import OutputError
from agreegen.batch.making.drafts import TaskResult
from agreegen.batch.planning.document_paths import QUARANTINE
from agreegen.batch.planning.planner import Replaced
from agreegen.errors import RegisterError
from agreegen.files import TEMPORARY_PREFIX, sha256_of, sync_folder
from agreegen.messages import Message, message

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_SYNCS_AT_ONCE = 8
_OPEN_AT_ONCE = 100


class TakenError(RegisterError):
    """Another worker has laid down the same new document meanwhile; its file stays as it is."""


def publish(output: Path, results: Sequence[TaskResult]) -> tuple[list[TaskResult], OutputError | None]:
    """Lay a chunk down: every file whole and durable under its name before anybody is told of it.

    Files are written and synced under temporary names and read back; then they are renamed and their folders
    synced. Where the disk refuses, the files before that are still laid down, and nothing stays of those
    after. A new document never replaces a file: a worker that was given up for lost may have laid it down
    after all. A file that the disk gives back with other bytes is quarantined.

    Returns:
        What is dealt with, in order (failed rows included), and why the rest is not.

    Raises:
        TakenError: A new document is there already; made again, the chunk adopts it.
    """
    writer = _Writer(output)
    dealt = {number: each for number, each in enumerate(results) if each.path is None}
    placed: dict[int, TaskResult] = {}
    try:
        failure = writer.write([item for item in enumerate(results) if item[0] not in dealt])
        folders: set[Path] = set()
        for number, written in writer.written.items():
            replaced = written.result.task.replaces
            if replaced is not None and not written.result.made.quarantined:
                folders |= _make_way(output, replaced, written.target)
            _give_name(written)
            folders.add(written.target.parent)
            placed[number] = written.result
        for folder in sorted(folders):
            sync_folder(folder)
    except OSError as exc:
        failure, placed = _output_error(output, exc), {}
    finally:
        for written in writer.written.values():
            written.temporary.unlink(missing_ok=True)
    kept = dealt | placed
    return [kept[number] for number in sorted(kept)], failure


@dataclass(frozen=True, slots=True)
class _Written:
    """A file under its temporary name.

    Attributes:
        result: Whose it is.
        temporary: Where it lies.
        target: Where it will lie.
    """

    result: TaskResult
    temporary: Path
    target: Path


class _Writer:
    """Writes files under temporary names, syncs them and reads them back, some at a time.

    Attributes:
        written: The files by the number of their task.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        # Workers on several machines may share the folder and the process number.
        self._token = secrets.token_hex(6)
        self._folders: set[Path] = set()
        self.written: dict[int, _Written] = {}

    def write(self, results: Sequence[tuple[int, TaskResult]]) -> OutputError | None:
        """Write what can be written; return why the rest cannot."""
        for start in range(0, len(results), _OPEN_AT_ONCE):
            failure = self._write_some(results[start : start + _OPEN_AT_ONCE])
            if failure is not None:
                return failure
        return None

    def _write_some(self, results: Sequence[tuple[int, TaskResult]]) -> OutputError | None:
        handles: dict[int, int] = {}
        failure: OutputError | None = None
        try:
            for number, result in results:
                try:
                    handles[number] = self._write(number, result)
                except OSError as exc:
                    failure = _output_error((self._output / str(result.path)).parent, exc)
                    break
            _sync_all(list(handles.values()))
            for number, handle in handles.items():
                self._read_back(number, handle)
        finally:
            for handle in handles.values():
                os.close(handle)
        return failure

    def _write(self, number: int, result: TaskResult) -> int:
        target = self._output / str(result.path)
        folder = target.parent
        if folder not in self._folders:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                sync_folder(folder.parent)
            self._folders.add(folder)
        temporary = folder / f"{TEMPORARY_PREFIX}{self._token}-{len(self.written)}"
        handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            rest = memoryview(result.made.data)
            while rest:
                rest = rest[os.write(handle, rest) :]
        except BaseException:
            os.close(handle)
            temporary.unlink(missing_ok=True)
            raise
        self.written[number] = _Written(result, temporary, target)
        return handle

    def _read_back(self, number: int, handle: int) -> None:
        written = self.written[number]
        data = written.result.made.data
        if _read_all(handle, len(data)) == data:
            return
        result = written.result.quarantined(message("batch.disk-gave-back-other-bytes-than"))
        target = self._output / str(result.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.written[number] = _Written(result, written.temporary, target)


def _read_all(handle: int, size: int) -> bytes:
    """Read a file from its start; one byte more than there must be, so that a longer one shows."""
    parts: list[bytes] = []
    position = 0
    while position <= size and (part := os.pread(handle, size + 1 - position, position)):
        parts.append(part)
        position += len(part)
    return b"".join(parts)


def _give_name(written: _Written) -> None:
    made, temporary, target = written.result.made, written.temporary, written.target
    if made.quarantined or written.result.task.replaces is not None or made.result is not RowResult.DONE:
        temporary.replace(target)
        return
    try:
        os.link(temporary, target)
    except FileExistsError as exc:
        raise TakenError(
            message("batch.was-laid-down-another-worker-meanwhile", target=target),
            hint=message("batch.run-job-again-adopts-file"),
        ) from exc
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        temporary.replace(target)


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


def move_aside(output: Path, path: Path, reason: Message) -> Message:
    """Move a file that must not stay among the documents to the quarantine folder; return a warning."""
    folder = output / QUARANTINE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{path.stem}-{sha256_of(path.read_bytes())[:8]}.pdf"
        path.replace(target)
        sync_folder(folder)
    except OSError as exc:
        raise _output_error(folder, exc) from exc
    return message(
        "batch.was-moved", output=path.relative_to(output), output2=target.relative_to(output), reason=reason
    )


def _output_error(folder: Path, exc: OSError) -> OutputError:
    return OutputError(
        message("batch.cannot-written-3", folder=folder, exc=exc),
        hint=message("batch.free-space-or-mend-permissions-then"),
    )
