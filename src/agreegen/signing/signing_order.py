"""Whose turn it is to sign, and whether the document is still the one that others signed."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.errors import SigningError
from agreegen.messages import message
from agreegen.signing.document_reading import check_integrity, read_state, require_permission
from agreegen.signing.interface import SigningRequest
from agreegen.signing.prepared import SigningIdentity
from agreegen.signing.role_checks import check_role, next_role, signed_already


@dataclass(frozen=True, slots=True)
class NextSignature:
    """The answer to "may this one sign now".

    Attributes:
        certify: Whether this is the first signature of the file.
    """

    certify: bool


def require_next_signature(
    pdf: bytes, identity: SigningIdentity, request: SigningRequest, *, judged: bool = False
) -> NextSignature:
    """Check everything about a document that must hold before a role signs it.

    Steps: the file reads → role and order → earlier signatures hold → none of them locks the field.

    Args:
        pdf: The file.
        identity: Who wants to sign.
        request: In which role.
        judged: Whether the earlier signatures were found unaltered already, by the examination of `verify`.

    Raises:
        SigningError: One of them does not hold; nothing was signed.
    """
    state = read_state(pdf)
    known = {*state.empty_fields, *state.signed_fields}
    if state.document is not None:
        check_role(state.document, identity, request, signed=state.signed_fields)
        if request.role not in known:
            raise SigningError(
                message("signing.document-has-no-signature-field", role=request.role),
                hint=message("signing.file-was-changed-or-not-whole"),
            )
    elif request.role in state.signed_fields:
        raise signed_already(request.role)
    if not judged:
        check_integrity(state)
    require_permission(state, request.role)
    return NextSignature(certify=not state.signatures and not state.certified)


def find_next_role(pdf: bytes, identity: SigningIdentity, request: SigningRequest) -> str:
    """Return the one role of a file that a certificate can sign next.

    Args:
        pdf: The file.
        identity: Who wants to sign.
        request: How; its role does not matter.

    Raises:
        SigningError: There is none or more than one, or the file does not say which roles it has.
    """
    state = read_state(pdf)
    if state.document is None:
        fields = (
            message("signing.its-empty-fields", empty_fields=tuple(state.empty_fields))
            if state.empty_fields
            else ""
        )
        raise SigningError(
            message("signing.file-does-not-say-which-roles", fields=fields),
            hint=message("signing.name-signature-field-role"),
        )
    return next_role(state.document, identity, request, signed=state.signed_fields)
