"""What a PDF of ours says of itself: its document, and who signed it in which role; not whether to trust."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agreegen.chain.signed_heads import SignerIdentity
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import StructureError
from agreegen.pdf.pages import page_numbers
from agreegen.pki.cms.repeated_containers import ShapeMemory
from agreegen.pki.cms.structure import MalformedError, ParsedCms, find_signer, guarded, parse_cms
from agreegen.recording.signer import identity_of
from agreegen.register.interface import DocumentRow, How
from agreegen.verification.structure.identity import Identity, read_identity
from agreegen.verification.structure.plain_identity import read_plain_identity

_SIGNERS: ShapeMemory[SignerIdentity] = ShapeMemory()


@dataclass(frozen=True, slots=True)
class OwnDocument:
    """What a file says of itself.

    Attributes:
        document: The document that it carries; None where it is none of ours.
        signers: Role → whose certificate its signature names.
    """

    document: Document | None
    signers: Mapping[str, SignerIdentity] = field(default_factory=dict)


def read_own(data: bytes) -> OwnDocument:
    """Read what a PDF says of itself; of a damaged file, nothing."""
    return _told(read_identity(data, Limits()), _signer_of)


def _told(identity: Identity, signer_of: Callable[[bytes], SignerIdentity | None]) -> OwnDocument:
    try:
        document = None if identity.attachment is None else Document.from_json(identity.attachment)
    except ValueError:
        document = None
    signers = {
        role: signer
        for role, contents in identity.signatures.items()
        if (signer := signer_of(contents)) is not None
    }
    return OwnDocument(document, signers)


def identify(data: bytes) -> str | None:
    """Return the document id that a PDF carries, or None."""
    document = read_own(data).document
    return None if document is None else document.id


def count_pages(data: bytes) -> int:
    """Count the pages of a PDF; 0 where they cannot be read."""
    try:
        return len(page_numbers(open_file(data, Limits()).views()[-1]))
    except StructureError:
        return 0


def examine_file(data: bytes, row: DocumentRow) -> list[Message]:
    """Say in what a file is not the document of its row.

    1. Its own id is that of the row: a copy of another person's file is not hers.
    2. It carries a signature in each role that the row counts as signed in it, and in no other.
    3. Each is by the certificate that the register recorded; where an earlier version recorded none, a role
       that names its holder must be signed by a certificate that names that holder, too.
    """
    own = _told(read_plain_identity(data) or read_identity(data, Limits()), _repeated_signer_of)
    if own.document is None:
        return [message("recording.carries-no-document-ours")]
    if own.document.id != row.registration.id:
        return [message("recording.document-not-its-row", id=own.document.id)]
    reasons: list[Message] = []
    name_role = own.document.name_role
    signed = {role: each for role, each in row.fulfilled.items() if each.how is not How.PAPER}
    for role in sorted({*signed, *own.signers}):
        if role not in own.signers:
            reasons.append(message("recording.register-says-signed-but-file-carries", role=name_role(role)))
        elif role not in signed:
            reasons.append(
                message("recording.carries-signature-register-does-not-know", role=name_role(role))
            )
        elif signed[role].certificate not in {None, own.signers[role].certificate_sha256}:
            reasons.append(
                message(
                    "recording.was-signed-not-certificate-register",
                    role=name_role(role),
                    subject=own.signers[role],
                )
            )
        elif signed[role].certificate is None:
            reasons += _holder_problems(own.document, role, own.signers[role])
    return reasons


def _holder_problems(document: Document, role: str, signer: SignerIdentity) -> list[Message]:
    named = document.name_role(role)
    holder = None if isinstance(named, str) else named.holder
    if holder is None or holder in signer.subject:
        return []
    return [message("recording.was-signed-document-names", role=named, subject=signer, holder=holder)]


def _signer_of(contents: bytes) -> SignerIdentity | None:
    return _read_signer(contents)[0]


def _read_signer(contents: bytes) -> tuple[SignerIdentity | None, ParsedCms | None]:
    try:
        parsed = parse_cms(contents, max_bytes=Limits().max_cms_bytes)
        certificate, _ = guarded(
            message("pki.signature-container"), lambda: find_signer(parsed, list(parsed.certificates))
        )
    except MalformedError:
        return None, None
    return None if certificate is None else identity_of(certificate.dump()), parsed


def _repeated_signer_of(contents: bytes) -> SignerIdentity | None:
    """Return whose certificate made a signature; of containers that are alike but for values, one is read."""
    known = _SIGNERS.recall(contents)
    if known is not None:
        return known
    signer, parsed = _read_signer(contents)
    if signer is not None and parsed is not None:
        _SIGNERS.keep(contents, parsed, signer)
    return signer
