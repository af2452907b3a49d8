"""Keeping scans: the whole input under its hash, and the pages split off it, below the register's folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from agreegen.errors import InputError
from agreegen.files import replacing, sha256_of, sha256_of_file, write_atomically
from agreegen.messages import message
from agreegen.recording.scan_files import kept_below, place_below
from agreegen.register.interface import ScanFile

SCANS_FOLDER = "scans"
INPUTS_FOLDER = "scans/inputs"
_BLOCK_BYTES = 1 << 20
_SHOWN = 8
_MODE = 0o600
"""Scans show names and handwriting; only the office's account reads them."""


@dataclass(frozen=True, slots=True)
class KeptInput:
    """An input file.

    Attributes:
        source: As it was named.
        path: The copy that is read.
        sha256: Lower-case hex SHA-256.
    """

    source: Path
    path: Path
    sha256: str


def keep_input(source: Path, root: Path) -> KeptInput:
    """Copy an input below the register's folder, named by its hash; one that is there already stays.

    Raises:
        RegisterError: It cannot be read, or the copy cannot be written; nothing is left behind.
        InputError: It changes while it is read.
    """
    with kept_below(root):
        return _keep(source, root)


def _keep(source: Path, root: Path) -> KeptInput:
    sha256 = sha256_of_file(source)
    target = place_below(root, f"{INPUTS_FOLDER}/{sha256}{source.suffix.lower()}")
    if target.is_file() and sha256_of_file(target) == sha256:
        return KeptInput(source, target, sha256)
    with replacing(target, mode=_MODE) as temporary, source.open("rb") as file, temporary.open("wb") as copy:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            copy.write(block)
        copy.flush()
        if digest.hexdigest() != sha256:
            raise InputError(
                message("scanning.changed-while-was-read", source=source),
                hint=message("scanning.try-again-when-finished"),
            )
    return KeptInput(source, target, sha256)


def find_input(root: Path, sha256: str) -> KeptInput | None:
    """Return the kept input of a hash, or None."""
    for path in sorted((root / INPUTS_FOLDER).glob(f"{sha256}*")):
        if sha256_of_file(path) == sha256:
            return KeptInput(path, path, sha256)
    return None


def keep_page(root: Path, document_id: str, part: int, data: bytes, source: KeptInput, page: int) -> ScanFile:
    """Write a page that was split off an input; return what the register is to know of it.

    Args:
        root: Folder of the register.
        document_id: The document that it belongs to.
        part: Number of the page in the document, from 1.
        data: The page as a PDF.
        source: The input.
        page: Number of the page in the input, from 1.

    Raises:
        RegisterError: It cannot be written.
    """
    sha256 = sha256_of(data)
    name = (
        f"{SCANS_FOLDER}/{document_id}-{part}-{sha256[:_SHOWN]}.pdf"  # a scan taken back stays under its own
    )
    with kept_below(root):
        write_atomically(place_below(root, name), data, mode=_MODE)
    return ScanFile(name, sha256, 1, source.sha256, page)
