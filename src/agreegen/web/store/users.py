"""Local accounts: names, roles, passwords as argon2id hashes. There is no account until somebody adds one."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agreegen.chain.hashing import format_time
from agreegen.errors import UsageError
from agreegen.messages import message
from agreegen.web.store.database import Database

_ID_BYTES = 9


class Role(StrEnum):
    """What somebody may do in the browser."""

    OFFICER = "officer"
    DESK = "desk"
    READER = "reader"
    INSPECTOR = "inspector"


@dataclass(frozen=True, slots=True)
class User:
    """One account.

    Attributes:
        id: Random, never reused.
        name: What one types to log in.
        display: The person's name.
        role: What the account may do.
        disabled: Whether it can still log in.
        created: When it was made, ISO 8601 UTC.
        certificate: Lower-case hex SHA-256 of a client certificate that logs in, where a proxy tells it.
    """

    id: str
    name: str
    display: str
    role: Role
    disabled: bool
    created: str
    certificate: str | None = None


class Users:
    """The accounts of an office."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, display: str, role: Role, password_hash: str, *, now: datetime) -> User:
        """Add an account.

        Raises:
            UsageError: The name is taken.
        """
        user = User(secrets.token_urlsafe(_ID_BYTES), name, display or name, role, False, format_time(now))
        values = (user.id, user.name, user.display, user.role.value, password_hash, user.created)
        try:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO users (id, name, display, role, password, created) VALUES (?,?,?,?,?,?)",
                    values,
                )
        except sqlite3.IntegrityError as exc:
            raise UsageError(
                message("web.there-user-already", name=name), hint=message("web.choose-another-name")
            ) from exc
        return user

    def all(self) -> tuple[User, ...]:
        """Return every account by name, disabled ones too."""
        with self._database.reading() as connection:
            return tuple(map(_user, connection.execute("SELECT * FROM users ORDER BY name")))

    def find(self, user_id: str) -> User | None:
        """Return the account of an id."""
        return self._one("SELECT * FROM users WHERE id = ?", user_id)

    def find_name(self, name: str) -> User | None:
        """Return the account of a name, upper or lower case."""
        return self._one("SELECT * FROM users WHERE name = ?", name)

    def find_certificate(self, fingerprint: str) -> User | None:
        """Return the account that a client certificate logs in."""
        return self._one("SELECT * FROM users WHERE certificate = ?", fingerprint)

    def password_hash(self, user_id: str) -> str:
        """Return the argon2id hash of an account's password."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT password FROM users WHERE id = ?", (user_id,)).fetchone()
        return str(row["password"]) if row else ""

    def set_password(self, user_id: str, password_hash: str) -> None:
        """Change a password; every session of the account ends."""
        with self._database.writing() as connection:
            connection.execute("UPDATE users SET password = ? WHERE id = ?", (password_hash, user_id))
            connection.execute("DELETE FROM sessions WHERE user = ?", (user_id,))

    def set_certificate(self, user_id: str, fingerprint: str) -> None:
        """Let a client certificate log an account in.

        Args:
            user_id: The account.
            fingerprint: Lower-case hex SHA-256 of the certificate, DER.

        Raises:
            UsageError: It logs another account in.
        """
        try:
            with self._database.writing() as connection:
                connection.execute("UPDATE users SET certificate = ? WHERE id = ?", (fingerprint, user_id))
        except sqlite3.IntegrityError as exc:
            raise UsageError(
                message("web.user.certificate-taken"), hint=message("web.user.certificate-taken.hint")
            ) from exc

    def set_disabled(self, user_id: str, *, disabled: bool) -> None:
        """Disable an account, which ends its sessions, or enable it again."""
        with self._database.writing() as connection:
            connection.execute("UPDATE users SET disabled = ? WHERE id = ?", (int(disabled), user_id))
            connection.execute("DELETE FROM sessions WHERE user = ?", (user_id,))

    def _one(self, query: str, value: str) -> User | None:
        with self._database.reading() as connection:
            row = connection.execute(query, (value,)).fetchone()
        return None if row is None else _user(row)


def _user(row: sqlite3.Row) -> User:
    return User(
        row["id"],
        row["name"],
        row["display"],
        Role(row["role"]),
        bool(row["disabled"]),
        row["created"],
        row["certificate"],
    )
