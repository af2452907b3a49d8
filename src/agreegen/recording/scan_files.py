"""Scans of signed paper: they open, have a page, and are kept durably beside the register."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from agreegen.errors import InputError, RegisterError
from agreegen.files import replacing, sha256_of_file
from agreegen.foreign.confinement import ConfinedError, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import message
from agreegen.recording.scan_inputs import open_source
from agreegen.register.interface import ScanFile

SCANS_FOLDER = "scans"
SUFFIXES = {"PDF": ".pdf", "PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif"}
_BLOCK_BYTES = 1 << 20
_MODE = 0o600
_HINT = message("recording.give-scan-pdf-png-jpeg-or")


@contextlib.contextmanager
def kept_below(root: Path) -> Iterator[None]:
    """Say what the disk refuses to keep beside a register as an error of that register.

    Raises:
        RegisterError: A file below the folder, or one that is laid before a person, cannot be written.
    """
    try:
        yield
    except OSError as exc:
        raise RegisterError(
            message("recording.cannot-written-2", filename=exc.filename or root, exc=exc),
            hint=message("recording.free-space-or-mend-permissions-run"),
        ) from exc


def place_below(root: Path, path: str) -> Path:
    """Return where a file is kept below a folder; a link that leads out of it is not followed.

    What lies behind one is not the register's: nothing would find it there again.

    Raises:
        RegisterError: It leads out.
    """
    place = root / path
    if not place.parent.resolve().is_relative_to(root.resolve()):
        raise RegisterError(
            message("recording.folder-leads-out", folder=place.parent, root=root),
            hint=message("recording.put-folder-itself-there"),
        )
    return place


def keep_scan(scan: Path, root: Path, document_id: str, *, most_pages: int) -> ScanFile:
    """Copy a scan below the register's folder, and return what the register is to know of it.

    Args:
        scan: The scanner's file.
        root: Folder of the register.
        document_id: The document that it shows.
        most_pages: How many pages a scan of this document can have.

    Raises:
        InputError: It does not open, has no page, or has more of them than the document can fill.
        RegisterError: The copy cannot be written; nothing is left behind.
    """
    kind, pages = count_opening_pages(scan)
    if pages > most_pages:
        raise InputError(
            message(
                "recording.has-pages-document-fills-most",
                scan=scan,
                pages=pages,
                document_id=document_id,
                most_pages=most_pages,
            ),
            hint=message("recording.give-pages-one-document-register-add"),
        )
    sha256 = sha256_of_file(scan)
    path = f"{SCANS_FOLDER}/{document_id}-{sha256[:8]}{SUFFIXES[kind]}"
    with kept_below(root), replacing(place_below(root, path), mode=_MODE) as temporary:
        digest = hashlib.sha256()
        with scan.open("rb") as source, temporary.open("wb") as copy:
            while block := source.read(_BLOCK_BYTES):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != sha256:
            raise InputError(
                message("recording.changed-while-was-read", scan=scan),
                hint=message("recording.try-again-when-finished"),
            )
    return ScanFile(path, sha256, pages)


def count_opening_pages(scan: Path) -> tuple[str, int]:
    """Return the kind of a scan (`PDF`, `PNG`, `JPEG`, `TIFF`) and its number of pages, all of which open.

    Raises:
        InputError: It is none of these, is damaged, or has no page.
    """
    try:
        return shared(Limits()).call(_open_all, scan.absolute())
    except (ConfinedError, InputError) as exc:
        raise InputError(message("recording.no-scan-opens", scan=scan, exc=exc), hint=_HINT) from exc


def _open_all(scan: Path) -> tuple[str, int]:
    """Open a scan and every page of it; runs in a confined process, since scans come from anywhere."""
    source = open_source(scan)
    for page in range(1, source.count + 1):
        source.open_page(page)
    return source.kind, source.count
