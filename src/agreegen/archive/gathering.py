"""What goes into a bag: the documents, what is known of each, the certificates and lists they rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509

from agreegen.archive.interface import BagRequest
from agreegen.errors import ArchiveError
from agreegen.files import sha256_of
from agreegen.model.document import Document, canonical_json
from agreegen.pdf.limits import Limits
from agreegen.pki.cms.structure import MalformedError, parse_cms
from agreegen.register.interface import DocumentRow, DocumentState, Registration
from agreegen.register.store import Register
from agreegen.verification.interface import Structure
from agreegen.verification.structure.scan import scan_structure


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A PDF to archive.

    Attributes:
        path: Its path below the source, with forward slashes.
        row: What the register knows of it; None where there is no register.
    """

    path: str
    row: DocumentRow | None = None


def find_documents(request: BagRequest, register: Register | None) -> list[SourceDocument]:
    """List the documents to archive: those in force where there is a register, else every PDF.

    Raises:
        ArchiveError: There is none.
    """
    if register is not None:
        found = [SourceDocument(row.registration.path, row) for row in _rows(request, register)]
    elif request.documents is not None:
        found = [SourceDocument(path) for path in request.documents]
    else:
        found = [
            SourceDocument(path.relative_to(request.source).as_posix()) for path in _pdfs(request.source)
        ]
    if not found:
        raise ArchiveError(
            f"{request.source} holds no document to archive", hint="name a folder with PDF files"
        )
    return sorted(found, key=lambda document: document.path)


def _rows(request: BagRequest, register: Register) -> Iterator[DocumentRow]:
    if request.documents is None:
        yield from (row for row in register.documents() if row.in_force)
        return
    for path in request.documents:
        row = register.document_by_path(path)
        if row is None:
            raise ArchiveError(f"the register does not know {path}", hint="run register verify")
        yield row


def _pdfs(source: Path) -> Iterator[Path]:
    bags = [declaration.parent for declaration in source.rglob("bagit.txt")]
    for path in source.rglob("*"):
        if path.suffix.lower() != ".pdf" or path.is_symlink() or not path.is_file():
            continue
        if not any(path.is_relative_to(bag) for bag in bags):
            yield path


def scan(data: bytes) -> Structure:
    """Scan the structure of a PDF within the default limits."""
    return scan_structure(data, Limits())


def read_document(structure: Structure) -> Document | None:
    """Return what a PDF says about itself, or None where it is none of ours."""
    try:
        return None if structure.attachment is None else Document.from_json(structure.attachment)
    except ValueError:
        return None


def encode_parameters(document: Document | None, row: DocumentRow | None, *, omit_ids: bool) -> bytes:
    """Return the JSON that the bag keeps about one document: printed values and what was never printed."""
    data: dict[str, object] = {"document": None if document is None else json.loads(document.to_json())}
    if row is not None:
        known = row.registration
        data["registration"] = {
            "staff_no": known.staff_no,
            "unit": known.unit,
            **json.loads(known.metadata),
            **({} if omit_ids else {"id_number": known.id_number}),
        }
    return canonical_json(data) + b"\n"


def row_for(path: str, sha256: str, structure: Structure, document: Document | None) -> DocumentRow:
    """Return the register row of a PDF that no register knows, from what the file says."""
    signed = any(signature.kind.value == "signature" for signature in structure.signatures)
    state = DocumentState.VERIFIED if signed else DocumentState.MADE
    if document is None:
        return DocumentRow(Registration(sha256[:32], "", "", "", "", "", path), state, sha256)
    name = next((role.holder for role in document.roles if role.holder), "")
    known = Registration(
        document.id, document.form_id, document.form_version, document.template_sha256, "", name, path
    )
    return DocumentRow(known, state, sha256)


def certificates_in(structure: Structure) -> Iterator[bytes]:
    """Yield the certificates, DER, that the signatures of a PDF carry."""
    yield from structure.validation_data.certificates_der
    for signature in structure.signatures:
        yield from signature.certificates
        if signature.contents is None:
            continue
        try:
            parsed = parse_cms(signature.contents, max_bytes=Limits().max_cms_bytes)
        except MalformedError:
            continue
        yield from (certificate.dump() for certificate in parsed.certificates)


def crls_in(structure: Structure) -> tuple[bytes, ...]:
    """Return the revocation lists, DER, that a PDF carries."""
    return structure.validation_data.crls_der


def certificate_name(der: bytes) -> str:
    """Return a file name for a certificate: its common name in plain letters, and its hash."""
    digest = sha256_of(der)[:16]
    try:
        subject = str(x509.Certificate.load(der).subject.native.get("common_name", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        subject = ""
    plain = "".join(character for character in subject if character.isalnum())[:40]
    return f"{plain}-{digest}.cer" if plain else f"{digest}.cer"
