"""One document out of a bag, with all that proves it: can be handed out alone."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agreegen.archive.evidence.store import kept_files, read_evidence
from agreegen.archive.manifests import ManifestError, check_plain
from agreegen.errors import ArchiveError, UsageError
from agreegen.files import refuse_existing, write_atomically
from agreegen.messages import message
from agreegen.pki.evidence_records.record import EvidenceRecord

_DOCUMENTS = "data/documents/"
_LISTS = "data/crls/"


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was written.

    Attributes:
        document: The PDF.
        record: Its evidence record.
        certificates: Number of certificates beside it.
        crls: Number of revocation lists beside it.
    """

    document: Path
    record: Path
    certificates: int
    crls: int


def extract_document(bag: Path, name: str, folder: Path, *, force: bool = False) -> Extraction:
    """Write a document, its own reduced evidence record (`NAME.pdf.ers`) and what checking them needs.

    The revocation lists come with records of their own: they prove when the lists existed.

    Args:
        bag: A timestamped bag.
        name: Path of the document in the bag, with or without `data/documents/`.
        folder: Where to write; `certificates/` and `crls/` are made in it.
        force: Replace what is there.

    Raises:
        UsageError: The bag has no such document, a file is there already, or the folder lies in a bag.
        ArchiveError: The bag was never timestamped, or is damaged.
    """
    _require_outside(folder)
    path = _DOCUMENTS + name.removeprefix(_DOCUMENTS)
    with contextlib.suppress(ManifestError):
        check_plain(path)
        records = read_evidence(bag).records()
        if path in records:
            return _write(bag, path, records, folder, force=force)
    raise UsageError(
        message("archive.holds-no-document", bag=bag, name=name), hint=message("archive.name-data-documents")
    )


def _require_outside(folder: Path) -> None:
    """Refuse to write into a bag: files that no manifest lists would spoil it."""
    for above in (folder.absolute(), *folder.absolute().parents):
        if (above / "bagit.txt").is_file():
            raise UsageError(
                message("archive.extract-into-bag", folder=folder, bag=above),
                hint=message("archive.choose-another-folder"),
            )


def _write(
    bag: Path, path: str, records: Mapping[str, EvidenceRecord], folder: Path, *, force: bool
) -> Extraction:
    target = folder / Path(path).name
    proof = target.with_name(target.name + ".ers")
    for output in (target, proof):
        refuse_existing(output, force=force)
    try:
        write_atomically(target, (bag / path).read_bytes())
        write_atomically(proof, records[path].encode())
        counts = {kind: _copy(bag, kind, folder / kind) for kind in ("certificates", "crls")}
        for listed, record in records.items():
            if listed.startswith(_LISTS):
                write_atomically(folder / "crls" / f"{Path(listed).name}.ers", record.encode())
    except OSError as exc:
        raise ArchiveError(
            message("model.place-and-problem", place=exc.filename or bag, problem=exc.strerror),
            hint=message("archive.check-bag-disk-permissions"),
        ) from exc
    return Extraction(target, proof, counts["certificates"], counts["crls"])


def _copy(bag: Path, kind: str, folder: Path) -> int:
    found = {path.name: path for path in sorted((bag / "data" / kind).glob("*")) if path.is_file()}
    found |= {path.name: path for path in kept_files(bag, kind)}
    for name, path in found.items():
        write_atomically(folder / name, path.read_bytes())
    return len(found)
