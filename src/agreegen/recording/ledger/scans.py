"""Scans of signatures for entries, kept durably beside the ledger."""

from __future__ import annotations

from pathlib import Path

from agreegen.files import sha256_of, write_atomically
from agreegen.recording.scan_files import SCANS_FOLDER, SUFFIXES, count_pages

__all__ = ["keep_signature_scan"]

_MODE = 0o600


def keep_signature_scan(name: str, root: Path) -> tuple[str, str]:
    """Copy a scan below a ledger's folder; the same scan is kept once.

    Args:
        name: The scanner's file.
        root: Folder of the ledger.

    Returns:
        Its path below the folder, with forward slashes, and its lower-case hex SHA-256.

    Raises:
        InputError: It is no scan that opens.
        OSError: It cannot be read, or the copy cannot be written; nothing is left behind.
    """
    source = Path(name)
    kind, _ = count_pages(source)
    data = source.read_bytes()
    digest = sha256_of(data)
    path = f"{SCANS_FOLDER}/ledger-{digest[:16]}{SUFFIXES[kind]}"
    if not (root / path).is_file() or sha256_of((root / path).read_bytes()) != digest:
        write_atomically(root / path, data, mode=_MODE)
    return path, digest
