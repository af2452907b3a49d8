"""Paper in a bag: the scans, their hashes, and the record of who accepted them for which role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from agreegen.archive.interface import BagProblem
from agreegen.errors import AgreegenError, ArchiveError
from agreegen.files import sha256_of
from agreegen.messages import message
from agreegen.model.document import canonical_json
from agreegen.model.report import FileReport
from agreegen.recording.scan_pdf import picture_as_pdfa
from agreegen.register.interface import DocumentRow, How, ScanFile

RECORDS = "data/paper-records.json"
_SCANS = "data/scans"
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}
_MAX_BYTES = 256 << 20

PaperRoles = Mapping[str, tuple[str, ...]]
"""Path of a document in the bag → the roles that were fulfilled on paper."""


def paper_files(source: Path, rows: Iterable[DocumentRow]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of all that a bag keeps of the paper of some documents.

    A scan keeps its own bytes, whose hash stands in the chain of the register; where it is a picture, a PDF/A
    made of it stands beside it.

    Args:
        source: Folder of the register.
        rows: The documents.

    Raises:
        ArchiveError: A scan is gone or is not the one that was recorded.
    """
    records: list[dict[str, Any]] = []
    for row in rows:
        if not row.scans:
            continue
        kept: dict[str, dict[str, Any]] = {}
        for scan in row.scans:
            data = _read(source, scan)
            path = (
                f"{_SCANS}/{row.registration.id}/{scan.sha256[:16]}{PurePosixPath(scan.path).suffix.lower()}"
            )
            if scan.sha256 in kept:
                continue
            yield path, data
            kept[scan.sha256] = scan.to_dict() | {"path": path, "kept_as": scan.path}
            if PurePosixPath(path).suffix in _PICTURES:
                readable = f"{path}.pdf"
                yield readable, picture_as_pdfa(source / scan.path)
                kept[scan.sha256]["pdfa"] = readable
        records.append(_record(row, list(kept.values())))
    if records:
        yield RECORDS, canonical_json(records) + b"\n"


def _read(source: Path, scan: ScanFile) -> bytes:
    try:
        data = (source / scan.path).read_bytes()
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-read", path=scan.path, exc=exc),
            hint=message("archive.run-register-verify"),
        ) from exc
    if sha256_of(data) != scan.sha256:
        raise ArchiveError(
            message("archive.not-scan-was-recorded", path=scan.path),
            hint=message("archive.run-register-verify"),
        )
    return data


def _record(row: DocumentRow, scans: list[dict[str, Any]]) -> dict[str, Any]:
    paper = {role: each for role, each in row.fulfilled.items() if each.how is How.PAPER}
    first = next(iter(paper.values()))
    return {
        "document": row.registration.id,
        "file": f"data/documents/{row.registration.path.removeprefix('documents/')}",
        "roles": sorted(paper),
        "accepted_by": first.by,
        "accepted_at": first.at,
        "automatic": first.automatic,
        "event": first.event,
        "scans": scans,
    }


def read_paper(bag: Path, payload: Mapping[str, str]) -> tuple[PaperRoles, list[BagProblem]]:
    """Read which roles the bag's records say were fulfilled on paper, each on scans that stand in the bag.

    Args:
        bag: The bag.
        payload: Payload path → SHA-256, of the files whose hash was right.

    Returns:
        The roles, and what is wrong with the records.
    """
    if RECORDS not in payload:
        return {}, []
    roles: dict[str, tuple[str, ...]] = {}
    problems: list[BagProblem] = []
    try:
        with (bag / RECORDS).open("rb") as file:
            records = json.loads(file.read(_MAX_BYTES))
        for record in records:
            path = str(record["file"])
            scans = [(str(scan["path"]), str(scan["sha256"])) for scan in record["scans"]]
            if path not in payload or not scans or any(payload.get(name) != sha for name, sha in scans):
                said = message("archive.scans-not-those-its-record-names")
                problems.append(BagProblem("paper", path, said))
            else:
                roles[path] = tuple(str(role) for role in record["roles"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, AgreegenError):
        problems.append(BagProblem("paper", RECORDS, message("archive.records-what-was-signed-on-paper")))
    return roles, problems


def with_paper(file: FileReport, on_paper: PaperRoles) -> FileReport:
    """Return the report on a document with the roles that were fulfilled on paper."""
    roles = on_paper.get(file.path)
    if not roles or file.document is None:
        return file
    return replace(file, document=file.document.with_paper(roles))
