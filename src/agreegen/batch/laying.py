"""Laying files down so that a crash at any moment loses nothing: write, fsync, rename, fsync the folders."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from agreegen.batch.interface import RowResult
from agreegen.batch.places import QUARANTINE
from agreegen.batch.plan import Replaced, Task
from agreegen.errors import RegisterError
from agreegen.files import TEMPORARY_PREFIX, sha256_of, sync_folder
from agreegen.model.document import Document
from agreegen.verification.interface import Limits
from agreegen.verification.structure.scan import scan_structure


class Layable(Protocol):
    """A document on its way to the disk; see `chunks.Draft`."""

    task: Task
    data: bytes
    reason: str | None
    quarantined: bool
    changed: bool
    result: RowResult


T = TypeVar("T", bound=Layable)
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_SYNCS_AT_ONCE = 8


class OutputError(RegisterError):
    """The output folder cannot be written; what is done is kept."""


class TakenError(RegisterError):
    """Another worker has laid down the same new document meanwhile; its file stays as it is."""


def publish(output: Path, drafts: Sequence[T]) -> tuple[list[T], OutputError | None]:
    """Lay a chunk down: every file whole and durable under its name before anybody is told of it.

    Files are written and synced under temporary names, then renamed, then their folders are synced. Where the
    disk refuses, the files before that are still laid down, and nothing stays of those after. A new document
    never replaces a file: a worker that was given up for lost may have laid it down after all.

    Returns:
        The drafts that are dealt with (failed rows included), and why the rest is not.

    Raises:
        TakenError: A new document is there already; made again, the chunk adopts it.
    """
    dealt: list[T] = []
    written: list[tuple[T, Path, Path]] = []
    failure: OutputError | None = None
    for draft in drafts:
        target = _target(output, draft)
        if target is None:
            dealt.append(draft)
            continue
        try:
            written.append((draft, _write(target, draft.data), target))
        except OSError as exc:
            failure = _output_error(target.parent, exc)
            break
    folders: set[Path] = set()
    placed: list[T] = []
    try:
        _sync_all([temporary for _, temporary, _ in written])
        for draft, temporary, target in written:
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
        for _, temporary, _ in written:
            temporary.unlink(missing_ok=True)
    kept = {id(draft) for draft in (*dealt, *placed)}
    return [draft for draft in drafts if id(draft) in kept], failure


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


def _write(target: Path, data: bytes) -> Path:
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(target.parent.parent)
    # Workers on several machines may share the folder and the process number.
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(6)}-{target.name}")
    try:
        temporary.write_bytes(data)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_all(paths: Sequence[Path]) -> None:
    """Sync files side by side: the file system then writes its journal once for many of them."""
    if not paths:
        return
    with ThreadPoolExecutor(min(_SYNCS_AT_ONCE, len(paths))) as threads:
        list(threads.map(_sync, paths))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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


def identify(data: bytes) -> str | None:
    """Return the document id that a PDF carries, or None."""
    attachment = scan_structure(data, Limits()).attachment
    try:
        return None if attachment is None else Document.from_json(attachment).id
    except ValueError:
        return None


def _output_error(folder: Path, exc: OSError) -> OutputError:
    return OutputError(
        f"{folder} cannot be written: {exc.strerror or exc}",
        hint="free space or mend the permissions, then run the job again: it goes on where it stopped",
    )
