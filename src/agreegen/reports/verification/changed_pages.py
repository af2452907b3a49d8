"""Pages as they were signed and as they are now, of files that were changed after signing."""

from __future__ import annotations

from pathlib import Path

from agreegen.files import sha256_of
from agreegen.model.report import Changes, FileReport, SignatureKind, SignatureReport
from agreegen.reports.verification.page_images import compare_pages
from agreegen.verification.extraction import signed_length
from agreegen.verification.interface import UNSIGNED_CONTENT
from agreegen.verification.paths import STANDARD_INPUT, Unreadable, read_path
from agreegen.verification.pictures.interface import PagePair

_MAX_BYTES = 64 << 20


def shows_pages(file: FileReport) -> bool:
    """Tell whether the reader has to see what came after signing."""
    return file.unaltered is False or any(alarm.code == UNSIGNED_CONTENT for alarm in file.alarms)


def changed_signature(file: FileReport) -> SignatureReport | None:
    """Return the signature before the change: the last one that the change comes after.

    Where none is forbidden, it is the last signature of a person for what nobody signed, else the first one
    after which the file went on.
    """
    able = [
        s for s in file.signatures if s.changes_after is not Changes.NONE and signed_length(s) is not None
    ]
    changed = [s for s in able if s.changes_after is not Changes.PERMITTED]
    if not changed and file.unaltered:
        changed = [s for s in able if s.kind is SignatureKind.SIGNATURE]
    return max(changed, key=lambda s: signed_length(s) or 0) if changed else next(iter(able), None)


def content_of_file(file: FileReport) -> bytes | None:
    """Read the file of a report again; None where it cannot be read."""
    path = Path(file.path)
    if path == STANDARD_INPUT:
        return None
    try:
        return read_path(path, _MAX_BYTES)
    except Unreadable:
        return None


def changed_pages(
    file: FileReport, data: bytes, *, password: str | None = None
) -> tuple[PagePair, ...] | None:
    """Return the pages that look different from what was signed, before and after.

    Args:
        file: The report.
        data: The file's bytes; other bytes than those judged show nothing.
        password: For encrypted files.

    Returns:
        The pages that differ, at most a few; None where they cannot be drawn.
    """
    signature = changed_signature(file)
    length = None if signature is None else signed_length(signature)
    if length is None or sha256_of(data) != file.sha256:
        return None
    return compare_pages(data, length, password=password)
