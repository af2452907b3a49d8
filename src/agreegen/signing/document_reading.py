"""What a signer must know about a PDF before signing it: declared roles, fields, earlier signatures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import FieldMDPSpec, enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from agreegen.errors import SigningError
from agreegen.messages import Message, join_sentences, message
from agreegen.model.document import ATTACHMENT_NAME, Document
from agreegen.model.report import Integrity
from agreegen.pki.cms.container_check import check_container, check_timestamp, digester_for
from agreegen.signing.field_contents import MAX_CMS_BYTES, FieldContent

FOREIGN_ERRORS = (
    PdfError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    RecursionError,
    NotImplementedError,
    OverflowError,
    AssertionError,
    OSError,
)
"""What pyHanko raises on damaged files besides its own errors."""

_MAX_TREE_NODES = 10_000
_MAX_FIELD_DEPTH = 20
_TIMESTAMP = "/ETSI.RFC3161"

logging.getLogger("pyhanko").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class EarlierSignature:
    """A signature or document timestamp that is in the file already.

    Attributes:
        embedded: pyHanko's view of it.
        content: Its CMS.
    """

    embedded: EmbeddedPdfSignature
    content: FieldContent

    @property
    def field(self) -> str:
        """Name of its field."""
        return self.content.field

    @property
    def timestamp(self) -> bool:
        """Whether it is a document timestamp."""
        return self.content.timestamp


@dataclass(frozen=True, slots=True)
class PdfState:
    """A PDF as the signer sees it.

    Attributes:
        reader: pyHanko's reader over the file.
        document: What `agreegen.json` says; None where the file has none.
        empty_fields: Names of empty signature fields.
        signatures: Those that are there, oldest first.
        certified: Whether there is a certification signature.
    """

    reader: PdfFileReader
    document: Document | None
    empty_fields: tuple[str, ...]
    signatures: tuple[EarlierSignature, ...] = field(default=())
    certified: bool = False

    @property
    def signed_fields(self) -> tuple[str, ...]:
        """Names of the fields that hold signatures, timestamps left out."""
        return tuple(s.field for s in self.signatures if not s.timestamp)


def read_state(pdf: bytes) -> PdfState:
    """Read a PDF for signing or extending.

    Raises:
        SigningError: It cannot be read, is encrypted, or a signature in it cannot be read.
    """
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        _refuse_kind(reader)
        empty = tuple(name for name, _, _ in enumerate_sig_fields(reader, filled_status=False))
        signatures = tuple(_signatures(reader))
        certified = "/DocMDP" in resolve(reader.root, "/Perms", {})
        attachment = _attachment(reader, signatures)
    except SigningError:
        raise
    except FOREIGN_ERRORS as exc:
        raise SigningError(
            message("signing.file-cannot-read-pdf", exc=exc), hint=message("signing.check-file")
        ) from exc
    return PdfState(reader, _document(attachment), empty, signatures, certified)


def read_field_names(pdf: bytes) -> frozenset[str]:
    """Return the names of all signature fields, without reading what is in them.

    Raises:
        SigningError: The file cannot be read.
    """
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        return frozenset(_field_names(resolve(resolve(reader.root, "/AcroForm", {}), "/Fields", ())))
    except FOREIGN_ERRORS as exc:
        raise SigningError(
            message("signing.file-cannot-read-pdf", exc=exc), hint=message("signing.check-file")
        ) from exc


def check_integrity(state: PdfState) -> None:
    """Check that every earlier signature holds and nothing forbidden came after it.

    Steps for each: digest of its bytes → signature value → its range ends a revision → later changes.

    Raises:
        SigningError: One does not hold; the document must not be signed on.
    """
    for signature in state.signatures:
        where = message(
            "signing.timestamp-in-field" if signature.timestamp else "signing.signature-in-field",
            field=signature.field,
        )
        try:
            broken = _problem(signature)
        except FOREIGN_ERRORS as exc:
            raise SigningError(
                message("signing.cannot-judged", where=where, exc=exc),
                hint=message("signing.run-agreegen-verify"),
            ) from exc
        if broken:
            raise SigningError(
                message("signing.document-was-changed-or-broken", where=where, broken=broken),
                hint=message("signing.ask-original-file"),
            )


def require_permission(state: PdfState, name: str) -> None:
    """Check that no earlier signature forbids signing the field.

    Raises:
        SigningError: The document, or the field, is locked.
    """
    for signature in state.signatures:
        locks: list[FieldMDPSpec] = []
        try:
            level = signature.embedded.docmdp_level
            if signature.embedded.fieldmdp is not None:
                locks.append(signature.embedded.fieldmdp)
            lock = resolve(signature.embedded.sig_field, "/Lock")
            if lock is not None:
                locks.append(FieldMDPSpec.from_pdf_object(lock))
        except FOREIGN_ERRORS as exc:
            raise SigningError(
                message("signing.lock-field-cannot-read", field=signature.field, exc=exc)
            ) from exc
        if (level is not None and level.value < 2) or any(spec.is_locked(name) for spec in locks):
            raise SigningError(
                message("signing.signature-field-locks-document-nobody-can", field=signature.field),
                hint=message("signing.sign-before-role-new-copy"),
            )


def resolve(dictionary: Any, key: str, default: Any = None) -> Any:
    """Return a dictionary's entry with references followed (pyHanko's own `get` leaves them as they are)."""
    # ruff would write get(), which is just what does not follow references.
    return dictionary[key] if key in dictionary else default  # noqa: SIM401


def _refuse_kind(reader: PdfFileReader) -> None:
    if reader.encrypted:
        raise SigningError(message("signing.pdf-encrypted"), hint=message("signing.sign-before-encrypted"))


def _problem(signature: EarlierSignature) -> Message | None:
    embedded = signature.embedded
    problem = _cryptographic_problem(signature)
    if problem:
        return problem
    coverage = embedded.evaluate_signature_coverage()
    if coverage not in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION):
        return message("signing.does-not-cover-whole-its-revision")
    if coverage is SignatureCoverageLevel.ENTIRE_FILE:
        return None
    # The digest was compared above; pyHanko would compute it once more, and does not know SM3.
    embedded.external_digests.setdefault(embedded.external_md_algorithm, b"")
    embedded.compute_integrity_info()  # type: ignore[no-untyped-call]
    if not embedded.summarise_integrity_info()["docmdp_ok"]:
        return message("signing.does-not-permit-what-was-changed")
    return None


def _cryptographic_problem(signature: EarlierSignature) -> Message | None:
    """Say what the judge of `pki` finds wrong with a signature; trust is not judged here."""
    embedded = signature.embedded
    first, first_length, second, second_length = (int(number) for number in embedded.byte_range)
    covered = (first, first_length, second, second_length)
    digest, contents = digester_for(embedded.reader.stream.getvalue(), covered), bytes(embedded.pkcs7_content)
    if signature.timestamp:
        facts = check_timestamp(contents, digest, max_cms_bytes=MAX_CMS_BYTES)
    else:
        subfilter = str(resolve(embedded.sig_object, "/SubFilter", "")).removeprefix("/")
        facts = check_container(contents, digest, subfilter=subfilter, max_cms_bytes=MAX_CMS_BYTES)
    if facts.integrity is not Integrity.INTACT:
        return message("signing.does-not-hold", reasons=join_sentences(facts.reasons))
    if any(stamp.subindication == "HASH_FAILURE" for stamp in facts.timestamps):
        return message("signing.carries-timestamp-over-other-bytes")
    if any(stamp.integrity is not Integrity.INTACT for stamp in facts.timestamps):
        return message("signing.carries-timestamp-does-not-hold")
    return None


def _signatures(reader: PdfFileReader) -> Iterator[EarlierSignature]:
    found = []
    for name, _, reference in enumerate_sig_fields(reader, filled_status=True):
        embedded = EmbeddedPdfSignature(reader, reference.get_object(), name)
        timestamp = resolve(embedded.sig_object, "/SubFilter") == _TIMESTAMP
        content = FieldContent.parse(name, bytes(embedded.pkcs7_content), timestamp=timestamp)
        found.append(EarlierSignature(embedded, content))
    yield from sorted(found, key=lambda signature: signature.embedded.signed_revision)


def _attachment(reader: PdfFileReader, signatures: tuple[EarlierSignature, ...]) -> bytes | None:
    # What was signed first is what everybody signed: later revisions cannot change the roles.
    root = reader.root
    if signatures:
        root = reader.get_historical_root(signatures[0].embedded.signed_revision)
    try:
        tree = root["/Names"]["/EmbeddedFiles"]
    except KeyError:
        return None
    for name, spec in _name_tree(tree):
        if name == ATTACHMENT_NAME:
            data: bytes = spec["/EF"]["/F"].data
            return data
    return None


def _field_names(fields: Any, prefix: str = "", depth: int = 0) -> Iterator[str]:
    for entry in fields:
        part = entry.get_object()
        name = prefix + str(resolve(part, "/T", ""))
        yield name
        if "/Kids" in part and depth < _MAX_FIELD_DEPTH:
            yield from _field_names(part["/Kids"], f"{name}.", depth + 1)


def _name_tree(tree: Any) -> Iterator[tuple[str, Any]]:
    pending, seen = [tree], 0
    while pending and seen < _MAX_TREE_NODES:
        node = pending.pop()
        seen += 1
        pending.extend(resolve(node, "/Kids", ()))
        names = resolve(node, "/Names", ())
        for index in range(0, len(names) - 1, 2):
            yield str(names[index]), names[index + 1]


def _document(attachment: bytes | None) -> Document | None:
    if attachment is None:
        return None
    try:
        return Document.from_json(attachment)
    except ValueError as exc:
        raise SigningError(
            message("signing.pdf-cannot-read", attachment_name=ATTACHMENT_NAME),
            hint=message("signing.file-was-not-made-program"),
        ) from exc
