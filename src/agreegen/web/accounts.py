"""Adding accounts, by the same rules on the command line and in the browser."""

from __future__ import annotations

import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from agreegen.errors import UsageError
from agreegen.messages import message
from agreegen.web.office import Office
from agreegen.web.security.passwords import check_rules, hash_password
from agreegen.web.store.users import Role, User

_NAME = re.compile(r"[\w.-]{2,40}")


def add_user(office: Office, name: str, display: str, role: str, password: str) -> User:
    """Add an account.

    Args:
        office: The office.
        name: What one types to log in: 2 to 40 letters, digits, `.`, `-`, `_`.
        display: The person's name; empty for the account's.
        role: `officer`, `desk`, `reader` or `inspector`.
        password: By the rules of `check_rules`.

    Raises:
        UsageError: A value does not fit, or the name is taken.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(message("web.user-2-40-letters-digits-dots", name=name))
    if role not in set(Role):
        known = tuple(
            message("web.role-choice", role=each.value, title=message(f"web.role.{each.value}"))
            for each in Role
        )
        raise UsageError(message("web.role-choose-one", role=role, value=known))
    if len(display) > 80 or not display.isprintable():
        raise UsageError(message("web.display-name-needs-at-most-80"))
    check_rules(password, name)
    return office.users.add(name, display, Role(role), hash_password(password), now=office.clock())


def fingerprint_of(pem: bytes) -> str:
    """Return the lower-case hex SHA-256 of a certificate, PEM.

    Raises:
        UsageError: It is none.
    """
    try:
        return x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()
    except ValueError as exc:
        raise UsageError(
            message("web.user.no-certificate"), hint=message("web.user.no-certificate.hint")
        ) from exc
