"""One document out of a bag, with all that proves it: can be handed out alone."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agreegen.archive.evidence.store import kept_files, read_evidence
from agreegen.archive.gathering import certificates_in, scan
from agreegen.archive.manifests import ManifestError, check_plain
from agreegen.archive.structure import refuse_inside_bag
from agreegen.errors import ArchiveError, UsageError
from agreegen.files import refuse_existing, write_atomically
from agreegen.messages import message
from agreegen.pki.certificates import load_certificates, same_name
from agreegen.pki.encoding import der_of
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

    Of the bag's certificates, those that the document itself carries and their authorities' go along, and
    those of the timestamps: whoever gets it is not told who signed the others. The revocation lists, which
    name nobody, come with records of their own: they prove when the lists existed.

    Args:
        bag: A timestamped bag.
        name: Path of the document in the bag, with or without `data/documents/`.
        folder: Where to write; `certificates/` and `crls/` are made in it.
        force: Replace what is there.

    Raises:
        UsageError: The bag has no such document, a file is there already, or the folder lies in a bag.
        ArchiveError: The bag was never timestamped, or is damaged.
    """
    refuse_inside_bag(folder)
    path = _DOCUMENTS + name.removeprefix(_DOCUMENTS)
    with contextlib.suppress(ManifestError):
        check_plain(path)
        records = read_evidence(bag).records()
        if path in records:
            return _write(bag, path, records, folder, force=force)
    raise UsageError(
        message("archive.holds-no-document", bag=bag, name=name), hint=message("archive.name-data-documents")
    )


def _write(
    bag: Path, path: str, records: Mapping[str, EvidenceRecord], folder: Path, *, force: bool
) -> Extraction:
    target = folder / Path(path).name
    proof = target.with_name(target.name + ".ers")
    for output in (target, proof):
        refuse_existing(output, force=force)
    try:
        data = (bag / path).read_bytes()
        write_atomically(target, data)
        write_atomically(proof, records[path].encode())
        found = {
            "certificates": _needed(data, _kept(bag, "certificates")) | _stamps(bag, "certificates"),
            "crls": _kept(bag, "crls") | _stamps(bag, "crls"),
        }
        for kind, files in found.items():
            for name, der in files.items():
                write_atomically(folder / kind / name, der)
        for listed, record in records.items():
            if listed.startswith(_LISTS):
                write_atomically(folder / "crls" / f"{Path(listed).name}.ers", record.encode())
    except OSError as exc:
        raise ArchiveError(
            message("model.place-and-problem", place=exc.filename or bag, problem=exc),
            hint=message("archive.check-bag-disk-permissions"),
        ) from exc
    return Extraction(target, proof, len(found["certificates"]), len(found["crls"]))


def _kept(bag: Path, kind: str) -> dict[str, bytes]:
    files = sorted((bag / "data" / kind).glob("*"))
    return {path.name: path.read_bytes() for path in files if path.is_file() and not path.is_symlink()}


def _stamps(bag: Path, kind: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in kept_files(bag, kind)}


def _needed(pdf: bytes, kept: Mapping[str, bytes]) -> dict[str, bytes]:
    """Choose of a bag's certificates those that a document carries, and who issued them, to the root."""
    carried = set(certificates_in(scan(pdf)))
    loaded = load_certificates(kept.values())
    needed = [one for one in loaded if der_of(one) in carried]
    for one in needed:  # grows as it is walked
        issuers = (each for each in loaded if same_name(each.subject, one.issuer))
        needed.extend(each for each in issuers if not any(each is known for known in needed))
    chosen = carried | {der_of(one) for one in needed}
    return {name: der for name, der in kept.items() if der in chosen}
