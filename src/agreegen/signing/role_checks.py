"""Roles, holders and order, against what a document declares."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from agreegen.errors import SigningError
from agreegen.messages import Message, join_sentences, message
from agreegen.model.document import DeclaredRole, Document
from agreegen.model.role_names import RoleChoice
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
        roles = tuple(map(RoleChoice, document.roles))
        raise SigningError(
            message("signing.document-has-no-role", role=request.role),
            hint=message("signing.its-roles", roles=roles),
        )
    if role.id in signed:
        raise signed_already(role)
    _check_closing(document, role, signed)
    if not request.relax_order:
        _check_order(document, role, signed)
    if role.holder is not None and not names_holder(identity.certificate_der, role.holder):
        raise SigningError(
            message(
                "signing.role-another-holder-than-whom-certificate",
                role=role,
                holder=role.holder,
                certificate_der=subject_label(identity.certificate_der),
                name=identity.name,
            ),
            hint=message("signing.sign-holder-own-credential-aliases-registered"),
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
    reasons: list[Message] = []
    named: list[DeclaredRole] = []
    anyone: list[DeclaredRole] = []
    for role in document.roles:
        try:
            check_role(document, identity, replace(request, role=role.id), signed=signed)
        except SigningError as exc:
            reasons.append(exc.sentence)
        else:
            (anyone if role.holder is None else named).append(role)
    open_roles = named or anyone
    if len(open_roles) == 1:
        return open_roles[0].id
    if open_roles:
        raise SigningError(
            message(
                "signing.can-sign-more-than-one-role",
                name=identity.name,
                open_roles=tuple(map(RoleChoice, open_roles)),
            ),
            hint=message("signing.say-which-one-role"),
        )
    raise SigningError(
        message(
            "signing.can-sign-no-role-document-now",
            name=identity.name,
            reasons=join_sentences(reasons) or message("signing.it-has-none"),
        ),
        hint=message("signing.sign-credential-whoever-next"),
    )


def _check_closing(document: Document, role: DeclaredRole, signed: Collection[str]) -> None:
    # The field of the last required role locks the document, so no order can be relaxed behind it.
    required = sorted((r for r in document.roles if r.required), key=lambda r: r.order)
    waiting = [r for r in required if r.id not in signed and r.id != role.id]
    if required and role.id == required[-1].id and waiting:
        raise SigningError(
            message("signing.not-turn-locks-document-signs-last", role=role, waiting=tuple(waiting)),
            hint=message("signing.nobody-could-sign-after"),
        )


def _check_order(document: Document, role: DeclaredRole, signed: Collection[str]) -> None:
    waiting = [r for r in document.roles if r.required and r.order < role.order and r.id not in signed]
    if waiting:
        raise SigningError(
            message("signing.not-turn-must-sign-first", role=role, waiting=tuple(waiting)),
            hint=message("signing.sign-order-form-or-relax-order-2"),
        )
    later = [r for r in document.roles if r.order > role.order and r.id in signed]
    if later:
        raise SigningError(
            message("signing.too-late-has-signed-after-form", role=role, later=tuple(later)),
            hint=message("signing.sign-order-form-or-relax-order"),
        )


def signed_already(role: DeclaredRole | str) -> SigningError:
    """Return the error for a role that has signed already."""
    return SigningError(
        message("signing.has-signed-document-already", role=role), hint=message("signing.nobody-signs-twice")
    )
