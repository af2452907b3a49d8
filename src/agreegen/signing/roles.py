"""Whose turn it is: roles, holders, order, and whether the document is still the one that others signed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from agreegen.errors import SigningError
from agreegen.model.document import DeclaredRole, Document
from agreegen.signing.interface import SigningRequest
from agreegen.signing.names import names_holder, subject_label
from agreegen.signing.pdfread import check_integrity, check_permissions, read_state
from agreegen.signing.prepared import SigningIdentity


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to "may this one sign now".

    Attributes:
        certify: Whether this is the first signature of the file.
    """

    certify: bool


def check_turn(
    pdf: bytes, identity: SigningIdentity, request: SigningRequest, *, judged: bool = False
) -> Turn:
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
                f"the document has no signature field {request.role}",
                hint="the file was changed, or is not whole",
            )
    elif request.role in state.signed_fields:
        raise _signed_already(request.role)
    if not judged:
        check_integrity(state)
    check_permissions(state, request.role)
    return Turn(certify=not state.signatures and not state.certified)


def check_role(
    document: Document, identity: SigningIdentity, request: SigningRequest, *, signed: Collection[str]
) -> None:
    """Check role, holder and order against what the document declares.

    Raises:
        SigningError: Unknown role, signed already, not its turn, or the certificate names somebody else.
    """
    role = next((role for role in document.roles if role.id == request.role), None)
    if role is None:
        roles = ", ".join(r.id for r in document.roles)
        raise SigningError(f"the document has no role {request.role}", hint=f"its roles are: {roles}")
    if role.id in signed:
        raise _signed_already(role.id)
    if not request.relax_order:
        _check_order(document, role, signed)
    if role.holder is not None and not names_holder(identity.certificate_der, role.holder):
        raise SigningError(
            f"role {role.id} is for another holder than {subject_label(identity.certificate_der)}, "
            f"whom the certificate of {identity.name} names",
            hint="sign with the holder's own credential; aliases for registered names stand in the job file",
        )


def _check_order(document: Document, role: DeclaredRole, signed: Collection[str]) -> None:
    waiting = [r.id for r in document.roles if r.required and r.order < role.order and r.id not in signed]
    if waiting:
        raise SigningError(
            f"it is not the turn of {role.id}: {', '.join(waiting)} must sign first",
            hint="sign in the order of the form, or relax the order",
        )
    later = [r.id for r in document.roles if r.order > role.order and r.id in signed]
    if later:
        raise SigningError(
            f"it is too late for {role.id}: {', '.join(later)} has signed after it in the form's order",
            hint="sign in the order of the form, or relax the order",
        )


def _signed_already(role: str) -> SigningError:
    return SigningError(f"{role} has signed this document already", hint="nobody signs twice")
