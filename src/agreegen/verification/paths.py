"""Which files a user means by paths (files, folders, standard input), and reading them safely."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from agreegen.messages import ErrorKind, Message, message
from agreegen.model.report import Alarm, FileReport, Verdict

STANDARD_INPUT = Path("-")
_BLOCK_BYTES = 1 << 20


class Unreadable(Exception):  # noqa: N818 - it is an answer, not a failure of the program
    """A path that cannot be judged, with its report."""

    def __init__(self, report: FileReport) -> None:
        super().__init__(report.path)
        self.report = report


def unreadable(
    label: str,
    code: str,
    told: Message,
    *,
    size_bytes: int | None = None,
    sha256: str | None = None,
) -> FileReport:
    """Report a path that cannot be judged at all."""
    alarm = Alarm(code, told)
    return FileReport(label, Verdict.UNREADABLE, None, alarms=(alarm,), size_bytes=size_bytes, sha256=sha256)


def expand_paths(paths: Iterable[Path]) -> Iterator[Path]:
    """Give every file that the paths mean, folders opened, in a stable order.

    A folder without any PDF is given itself, so that it gets an entry of its own.
    """
    for path in paths:
        if path != STANDARD_INPUT and _is_folder(path):
            yield from _below(path)
        else:
            yield path


def _is_folder(path: Path) -> bool:
    """Tell folders; a path that cannot even be asked about (too long, forbidden) is answered as a file."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _below(folder: Path) -> Iterator[Path]:
    found = False
    refused: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=refused.append):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(".pdf"):
                found = True
                yield Path(place) / name
    # What nobody may look into may hold signed files: it gets an entry that says so.
    inner = [Path(os.fsdecode(error.filename)) for error in refused if error.filename is not None]
    yield from inner
    if not found and not inner:
        yield folder


def read_path(path: Path, max_bytes: int) -> bytes:
    """Read a file that may be anything.

    Raises:
        Unreadable: It is missing, a folder, a device or pipe, too large, or cannot be read.
    """
    label = str(path)
    if path == STANDARD_INPUT:
        try:
            return read_stream(label, max_bytes)
        except (OSError, ValueError) as exc:
            told = message("verification.standard-input-unreadable", kind=ErrorKind.of(exc))
            raise Unreadable(unreadable(label, "not-readable", told)) from None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable(unreadable(label, "missing", message("verification.no-such-file"))) from None
    except OSError as exc:
        told = message("verification.file-unreadable", cause=exc)
        raise Unreadable(unreadable(label, "not-readable", told)) from None
    try:
        _require_file(label, os.fstat(handle), max_bytes)
        with os.fdopen(handle, "rb", closefd=False) as file:
            data = file.read(max_bytes + 1)
    except OSError as exc:
        told = message("verification.file-unreadable", cause=exc)
        raise Unreadable(unreadable(label, "not-readable", told)) from None
    finally:
        os.close(handle)
    if len(data) > max_bytes:
        raise Unreadable(_too_large(label, len(data), max_bytes))
    return data


def _require_file(label: str, status: os.stat_result, max_bytes: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise Unreadable(unreadable(label, "no-pdf", message("verification.folder-without-pdf")))
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable(unreadable(label, "not-a-file", message("verification.not-a-file")))
    if status.st_size > max_bytes:
        raise Unreadable(_too_large(label, status.st_size, max_bytes))


def read_stream(label: str, max_bytes: int) -> bytes:
    """Read standard input to its end.

    Raises:
        Unreadable: There is more than `max_bytes`.
    """
    if sys.stdin is None:
        raise Unreadable(unreadable(label, "not-readable", message("verification.standard-input-closed")))
    parts, size = [], 0
    while block := sys.stdin.buffer.read(_BLOCK_BYTES):
        size += len(block)
        if size > max_bytes:
            raise Unreadable(_too_large(label, size, max_bytes))
        parts.append(block)
    return b"".join(parts)


def _too_large(label: str, size: int, max_bytes: int) -> FileReport:
    told = message("verification.file-too-large", size=max_bytes >> 20)
    return unreadable(label, "too-large", told, size_bytes=size)
