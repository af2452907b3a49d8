"""Passwords: rules, argon2id (RFC 9106), and never more of the work at once than the machine bears."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from agreegen.errors import UsageError
from agreegen.messages import message

LEAST_CHARACTERS = 12
_MOST_CHARACTERS = 256
_LEAST_DIFFERENT = 6
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each hash takes 64 MiB: who floods the login page must not fill the memory."""

_HASHER = PasswordHasher(time_cost=3, memory_cost=64 << 10, parallelism=1, type=Type.ID)


def check_rules(password: str, name: str) -> None:
    """Refuse a password that is easy to guess.

    Raises:
        UsageError: It is short, of few different characters, or holds the account's name.
    """
    if not LEAST_CHARACTERS <= len(password) <= _MOST_CHARACTERS:
        raise UsageError(
            message(
                "web.password-needs-characters",
                least_characters=LEAST_CHARACTERS,
                most_characters=_MOST_CHARACTERS,
            )
        )
    if len(set(password)) < _LEAST_DIFFERENT:
        raise UsageError(
            message("web.password-needs-at-least-different-characters", least_different=_LEAST_DIFFERENT)
        )
    if name.casefold() in password.casefold():
        raise UsageError(message("web.password-must-not-contain-accounts-name"))


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its parameters and a random salt."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Tell whether a password is the one of a stored hash; without one it takes as long, and is wrong."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _NOBODYS, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


_NOBODYS = _HASHER.hash("nobody's")
