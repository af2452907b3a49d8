"""What goes into a bag: the documents, what is known of each, the certificates and lists they rest on."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

from asn1crypto import x509

from agreegen.files import sha256_of
from agreegen.model.document import Document, canonical_json
from agreegen.pdf.limits import Limits
from agreegen.pki.cms.repeated_containers import ShapeMemory
from agreegen.pki.cms.structure import MalformedError, parse_cms
from agreegen.register.interface import DocumentRow, DocumentState, Registration
from agreegen.verification.confined import command_process
from agreegen.verification.interface import Options, Structure
from agreegen.verification.proof.rebuilding import prove

_NOTHING = Structure((), (), sound=None, readable=False)
_LIMITS = Limits(native=False)
"""What stands in a file is read without libraries; what it is worth, its report in the bag says."""

_CARRIED: ShapeMemory[tuple[bytes, ...]] = ShapeMemory()


def read_structure(data: bytes, options: Options) -> Structure:
    """Read the structure of a PDF: by making it again where it is ours, else as `scan` does.

    Args:
        data: The file.
        options: How it will be judged.
    """
    proved = prove(data, options)
    return scan(data) if proved is None else proved.structure


def scan(data: bytes) -> Structure:
    """Scan the structure of a PDF that may be anybody's; of one that takes too much, nothing is known."""
    return command_process().scan(data, _LIMITS) or _NOTHING


def own_document(structure: Structure) -> Document | None:
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
        if signature.contents is not None:
            yield from _carried(signature.contents)


def _carried(contents: bytes) -> tuple[bytes, ...]:
    """Return the certificates, DER, that a signature container carries."""
    known = _CARRIED.recall(contents)
    if known is not None:
        return known
    try:
        parsed = parse_cms(contents, max_bytes=_LIMITS.max_cms_bytes)
    except MalformedError:
        return ()
    certificates = tuple(certificate.dump() for certificate in parsed.certificates)
    _CARRIED.keep(contents, parsed, certificates)
    return certificates


def crls_in(structure: Structure) -> tuple[bytes, ...]:
    """Return the revocation lists, DER, that a PDF carries."""
    return structure.validation_data.crls_der


@functools.lru_cache(maxsize=1024)
def certificate_name(der: bytes) -> str:
    """Return a file name for a certificate: its common name in plain letters, and its hash."""
    digest = sha256_of(der)[:16]
    try:
        subject = str(x509.Certificate.load(der).subject.native.get("common_name", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        subject = ""
    plain = "".join(character for character in subject if character.isalnum())[:40]
    return f"{plain}-{digest}.cer" if plain else f"{digest}.cer"
