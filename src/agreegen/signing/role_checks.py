"""Roles, holders and order, against what a document declares."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from agreegen.errors import SigningError
from agreegen.model.document import DeclaredRole, Document
from agreegen.signing.interface import SigningRequest
from agreegen.signing.names import names_holder, subject_label
from agreegen.signing.prepared import SigningIdentity


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
        raise signed_already(role.id)
    _check_closing(document, role, signed)
    if not request.relax_order:
        _check_order(document, role, signed)
    if role.holder is not None and not names_holder(identity.certificate_der, role.holder):
        raise SigningError(
            f"role {role.id} is for another holder, {role.holder}, than "
            f"{subject_label(identity.certificate_der)}, whom the certificate of {identity.name} names",
            hint="sign with the holder's own credential; aliases for registered names stand in the job file",
        )


def next_role(
    document: Document, identity: SigningIdentity, request: SigningRequest, *, signed: Collection[str]
) -> str:
    """Return the one role of a document that a certificate can sign next.

    Roles whose holder the certificate names come before those that anyone may sign.

    Args:
        document: The document.
        identity: Who wants to sign.
        request: How; its role does not matter.
        signed: Roles that have signed already.

    Raises:
        SigningError: There is none, or more than one.
    """
    reasons: list[str] = []
    named: list[str] = []
    anyone: list[str] = []
    for role in document.roles:
        try:
            check_role(document, identity, replace(request, role=role.id), signed=signed)
        except SigningError as exc:
            reasons.append(exc.message)
        else:
            (anyone if role.holder is None else named).append(role.id)
    open_roles = named or anyone
    if len(open_roles) == 1:
        return open_roles[0]
    if open_roles:
        raise SigningError(
            f"{identity.name} can sign more than one role next: {', '.join(open_roles)}",
            hint="say which one with --role",
        )
    raise SigningError(
        f"{identity.name} can sign no role of this document now: {'; '.join(reasons) or 'it has none'}",
        hint="sign with the credential of whoever is next",
    )


def _check_closing(document: Document, role: DeclaredRole, signed: Collection[str]) -> None:
    # The field of the last required role locks the document, so no order can be relaxed behind it.
    required = sorted((r for r in document.roles if r.required), key=lambda r: r.order)
    waiting = [r.id for r in required if r.id not in signed and r.id != role.id]
    if required and role.id == required[-1].id and waiting:
        raise SigningError(
            f"it is not the turn of {role.id}: {role.id} locks the document and signs last: "
            f"{', '.join(waiting)} must sign first",
            hint="nobody could sign after it",
        )


def _check_order(document: Document, role: DeclaredRole, signed: Collection[str]) -> None:
    waiting = [r.id for r in document.roles if r.required and r.order < role.order and r.id not in signed]
    if waiting:
        raise SigningError(
            f"it is not the turn of {role.id}: {', '.join(waiting)} must sign first",
            hint="sign in the order of the form, or relax the order (--relax-order)",
        )
    later = [r.id for r in document.roles if r.order > role.order and r.id in signed]
    if later:
        raise SigningError(
            f"it is too late for {role.id}: {', '.join(later)} has signed after it in the form's order",
            hint="sign in the order of the form, or relax the order",
        )


def signed_already(role: str) -> SigningError:
    """Return the error for a role that has signed already."""
    return SigningError(f"{role} has signed this document already", hint="nobody signs twice")
