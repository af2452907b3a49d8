"""Signatures of plain PDFs of ours, as ordinary incremental updates (ISO 32000-2, 7.5.6).

They do what `embedding` does through pyHanko, for the one shape that our documents have. Anything else
(another program's file, a security store, anything unusual) is not for them.
"""

from __future__ import annotations

from agreegen.errors import SigningError
from agreegen.messages import message
from agreegen.model.document import ATTACHMENT_NAME, Document
from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items
from agreegen.signing.appearance.pictures import AppearanceMaker
from agreegen.signing.interface import SigningRequest
from agreegen.signing.plain.retracing import RetracedSignature, retrace_updates
from agreegen.signing.plain.signature_update import SignatureText, Target, append_signature, find_targets
from agreegen.signing.prepared import Prepared, SigningIdentity
from agreegen.signing.role_checks import check_role

_END = b"%%EOF\n"


def prepare_quickly(
    pdf: bytes,
    identity: SigningIdentity,
    request: SigningRequest,
    reserved_bytes: int,
    appearance: AppearanceMaker,
    *,
    judged: bool = False,
) -> Prepared | None:
    """Append a signature dictionary to a plain PDF of ours; `digest` is left empty.

    Nobody has signed it, or all signatures are ours, written again from what they say, and none locks it.

    Args:
        pdf: The file.
        identity: Who signs.
        request: Role, time, reason and location.
        reserved_bytes: Room for the CMS.
        appearance: Makes the picture of a visible field.
        judged: Whether its signatures were found unaltered already; else a signed file is not for this one.

    Returns:
        The prepared file, or None where this is not such a file.

    Raises:
        SigningError: It is, and this role must not sign now.
    """
    try:
        plain = PlainPdf.read(pdf)
        signed = _signed_roles(plain, judged=judged)
        target = _find(plain, request.role)
        if target.certifies != (not signed):
            return None  # written anew after it was signed
        declared = Document.from_json(_attachment(plain, target.catalog))
        check_role(declared, identity, request, signed=signed)
        text = SignatureText(request.now, request.reason, request.location)
        return append_signature(plain, target, text, reserved_bytes, appearance)
    except NotPlainError:
        return None
    except ValueError as exc:
        raise SigningError(message("signing.pdf-cannot-read", attachment_name=ATTACHMENT_NAME)) from exc


def prepare_further(
    pdf: bytes, request: SigningRequest, reserved_bytes: int, appearance: AppearanceMaker
) -> Prepared | None:
    """Append a further signature to a plain PDF of ours that was certified; `digest` is left empty.

    The caller still owes that this role may sign now (`signing_order.require_next_signature`).

    Args:
        pdf: The file.
        request: Role, time, reason and location.
        reserved_bytes: Room for the CMS.
        appearance: Makes the picture of a visible field.

    Returns:
        The prepared file, or None where this is not such a file.
    """
    try:
        plain = PlainPdf.read(pdf)
        target = _find(plain, request.role)
        text = SignatureText(request.now, request.reason, request.location)
        return None if target.certifies else append_signature(plain, target, text, reserved_bytes, appearance)
    except NotPlainError:
        return None


def _signed_roles(plain: PlainPdf, *, judged: bool) -> tuple[str, ...]:
    """Return who has signed a plain PDF of ours in the fields that it was made with.

    Raises:
        NotPlainError: There are other updates, or a signature after which nobody may sign.
    """
    if plain.revisions == 1:
        return ()
    if not judged:
        raise NotPlainError
    unsigned = plain.data[: plain.data.find(_END) + len(_END)]
    updates = retrace_updates(PlainPdf.read(unsigned), plain.data)
    signatures = [one for one in updates if isinstance(one, RetracedSignature) and not one.locks]
    if not updates or len(signatures) != len(updates):
        raise NotPlainError
    return tuple(one.field for one in signatures)


def _find(plain: PlainPdf, role: str) -> Target:
    found = [target for target in find_targets(plain) if target.name == role]
    if len(found) != 1:
        raise NotPlainError
    return found[0]


def _attachment(plain: PlainPdf, catalog: Entries) -> bytes:
    tree = plain.dictionary(plain.dictionary(catalog.get(b"/Names")).get(b"/EmbeddedFiles"))
    names = items(tree.get(b"/Names"))
    if names[:1] != [b"(%s)" % ATTACHMENT_NAME.encode()] or len(names) != 2:
        raise NotPlainError
    specification = plain.dictionary(names[1])
    return plain.stream(plain.dictionary(specification.get(b"/EF")).get(b"/F"))
