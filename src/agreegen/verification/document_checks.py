"""A file that carries `agreegen.json` is held against its form, its roles and the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum

from agreegen.conversion.text import compare_text
from agreegen.errors import AgreegenError
from agreegen.forms.catalog import Approved, forms_folder
from agreegen.messages import message
from agreegen.model.document import DeclaredRole, Document
from agreegen.model.form import Form
from agreegen.model.report import Alarm, Coverage, DocumentFacts, Integrity, SignatureKind
from agreegen.pdf.encryption import opens_one_way
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.encoding import der_of
from agreegen.rendering.expected import expected_text
from agreegen.signing.names import names_holder
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.proof.released_roles import HeldRoles, hold_to_form
from agreegen.verification.proof.releases import approved_in, rebuilder_of, release_of
from agreegen.verification.proof.seams import check_seams

BLOCKING = frozenset(
    {
        "wrong-signer",
        "text-differs",
        "page-differs",
        "seam-differs",
        "text-unchecked",
        "form-unknown",
        "template-not-approved",
        "form-not-approved",
        "roles-differ",
        "alias-unconfirmed",
        "engine-differs",
        "text-hidden",
        "attachment-unreadable",
        "register-unknown",
        "register-state",
        "register-unreadable",
        "internal-error",
        "unsigned-content",
        "covers-content",
        "repeated-key",
        "same-name",
        "evidence-fails",
        "evidence-differs",
        "evidence-missing",
        "password-needed",
    }
)
"""Alarms with which no verdict is `valid`."""

PAGE_UNKNOWN = frozenset(
    {
        "text-differs",
        "page-differs",
        "seam-differs",
        "engine-differs",
        "text-hidden",
        "text-unchecked",
        "form-unknown",
        "template-not-approved",
        "form-not-approved",
        "attachment-unreadable",
        "internal-error",
    }
)
"""Alarms with which what stands under a seal is not known from the form."""

Signed = tuple[FoundSignature, SignatureFacts]


def read_document(
    structure: Structure, proved: Document | None = None
) -> tuple[Document | None, list[Alarm]]:
    """Read `agreegen.json` of the first signed revision; a damaged one is an alarm.

    Args:
        structure: The structure scan.
        proved: The document that the file was made again from, which was read and written once already.
    """
    if proved is not None or structure.attachment is None:
        return proved, []
    try:
        document = Document.from_json(structure.attachment)
    except ValueError:
        return None, [Alarm("attachment-unreadable", message("verification.attachment-unreadable"))]
    if document.to_json() != structure.attachment:
        # There is one way to write it; in any other, two readers may find two documents.
        return document, [Alarm("attachment-unreadable", message("verification.attachment-odd"))]
    return document, []


def hold_document(document: Document | None, options: Options) -> HeldRoles | None:
    """Take the roles of a document from its released form; an alarm tells where that cannot be read."""
    if document is None:
        return None
    try:
        form = release_of(forms_folder(options.forms_folder), document)
    except (AgreegenError, OSError):
        form = None
    return hold_to_form(document, form, dict(options.aliases))


def role_of(held: HeldRoles | None, found: FoundSignature) -> str | None:
    """Return the role that a signature fills: its field's name where the document has such a role."""
    if held is None or found.kind is not SignatureKind.SIGNATURE:
        return None
    return found.field if any(role.id == found.field for role in held.roles) else None


def describe_signed_document(document: Document, held: HeldRoles, signed: Sequence[Signed]) -> DocumentFacts:
    """Say what a document is and which required roles nobody has signed."""
    filled = {found.field for found, fact in _countable(signed)}
    missing = tuple(role.id for role in held.roles if role.required and role.id not in filled)
    return DocumentFacts(
        document.id,
        document.form_id,
        missing,
        document.form_version,
        held.title,
        held.aliases,
        roles=held.describe_roles(),
    )


def _countable(signed: Sequence[Signed]) -> list[Signed]:
    return [
        (found, fact)
        for found, fact in signed
        if found.kind is SignatureKind.SIGNATURE
        and fact.integrity is Integrity.INTACT
        and found.coverage is not Coverage.PARTIAL
    ]


def check_roles(held: HeldRoles, signed: Sequence[Signed]) -> Iterator[Alarm]:
    """Check that each role was signed by its holder and in its turn."""
    roles = {role.id: role for role in held.roles}
    done: list[DeclaredRole] = []
    for found, fact in sorted(_countable(signed), key=lambda pair: pair[0].revision or 0):
        role = roles.get(found.field or "")
        if role is None:
            continue
        certificate = b"" if fact.certificate is None else der_of(fact.certificate)
        if role.holder is not None and not names_holder(certificate, role.holder):
            yield Alarm(
                "wrong-signer",
                message("verification.wrong-signer", role=role, holder=role.holder),
            )
        if any(other.order > role.order for other in done):
            yield Alarm(
                "wrong-order",
                message("verification.wrong-order", role=role),
            )
        done.append(role)


class PageCheck(Enum):
    """How the page is held against the form: not again, object for object and by its text, or by its text."""

    PROVED = "proved"
    OBJECTS = "objects"
    TEXT = "text"


def hold_against_form(
    document: Document,
    data: bytes,
    structure: Structure,
    options: Options,
    *,
    page: PageCheck = PageCheck.OBJECTS,
) -> Iterator[Alarm]:
    """Check that the form is an approved one and that the printed text is exactly what it gives.

    Args:
        document: What `agreegen.json` says.
        data: The file.
        structure: The structure scan.
        options: What the caller chose.
        page: How the page is held against the form; `PROVED` where `rebuilding.prove` has done it.
    """
    try:
        folder = forms_folder(options.forms_folder)
        released = approved_in(folder, document.form_id)
        form = release_of(folder, document)
    except (AgreegenError, OSError) as exc:
        yield Alarm("form-unknown", message("verification.form-not-looked-up", cause=exc))
        return
    versions = released.get((document.form_id, document.form_version), Approved())
    listed = document.template_sha256 in versions.templates
    if form is None and not listed:
        yield Alarm(
            "form-unknown",
            message("verification.form-unknown", form=document.form_id, version=document.form_version),
        )
        return
    yield from _check_release(document, form, versions, any_released=bool(released))
    revisions = [s.revision for s in structure.signatures if s.revision is not None]
    first = data[: structure.revisions[min(revisions)]] if revisions else data
    password = options.password if structure.encrypted else None
    files, proved = (data, first), page is PageCheck.PROVED
    yield from check_seams(document, form, files, options.limits, proved=proved, password=password)
    if proved:
        return
    if structure.encrypted:
        yield from _check_second_password(first, options)
    if page is PageCheck.OBJECTS:
        from agreegen.verification.proof.page_engine import check_engine  # noqa: PLC0415 - draws pages: slow

        opened = replace(options, password=password)
        yield from check_engine(document, rebuilder_of(folder, document), first, opened)
    yield from _check_text(document, form, first, password)


def _check_second_password(data: bytes, options: Options) -> Iterator[Alarm]:
    """A file of ours with two passwords may show another page to whoever has the other one."""
    if not opens_one_way(data, options.limits, options.password, options.second_password):
        from agreegen.verification.proof.page_engine import engine_differs  # noqa: PLC0415 - draws pages: slow

        yield engine_differs(message("verification.second-password-may-show-another"))


def _check_release(
    document: Document, form: Form | None, versions: Approved, *, any_released: bool
) -> Iterator[Alarm]:
    listed = document.template_sha256 in versions.templates
    if any_released and not listed:
        yield Alarm(
            "template-not-approved",
            message(
                "verification.template-not-approved", form=document.form_id, version=document.form_version
            ),
        )
    if form is not None and listed and not versions.allows(form):
        yield Alarm(
            "form-not-approved",
            message("verification.form-not-approved", form=document.form_id, version=document.form_version),
        )


def _check_text(document: Document, form: Form | None, first: bytes, password: str | None) -> Iterator[Alarm]:
    if form is None:
        yield Alarm(
            "text-unchecked",
            message("verification.template-not-at-hand"),
        )
        return
    try:
        difference = compare_text(expected_text(form, document), first, password)
    except (AgreegenError, ValueError, TypeError, KeyError) as exc:
        yield Alarm(
            "text-unchecked",
            message("verification.text-not-compared", cause=exc),
        )
        return
    if difference is not None:
        yield Alarm(
            "text-differs",
            message("verification.text-differs", difference=difference),
        )
