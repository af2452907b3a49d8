"""Who is logged in: the server's side of the session cookie. The cookie's value itself is never stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from agreegen.chain.hashing import format_time, parse_time
from agreegen.web.store.database import Database

KEY_BYTES = 32
_NOTED_AFTER = timedelta(minutes=1)
"""So often at most is it written down that a session was used."""


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long a session lasts.

    Attributes:
        idle: Without a request.
        longest: In all.
    """

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)


class Sessions:
    """The sessions of an office."""

    def __init__(self, database: Database, rules: SessionRules) -> None:
        self._database = database
        self._rules = rules

    def begin(self, user_id: str, address: str, *, now: datetime) -> str:
        """Begin a session and return the cookie's value, 256 random bits."""
        key = secrets.token_urlsafe(KEY_BYTES)
        at = format_time(now)
        with self._database.writing() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE created < ?", (format_time(now - self._rules.longest),)
            )
            connection.execute(
                "INSERT INTO sessions (key, user, address, created, seen) VALUES (?,?,?,?,?)",
                (_stored(key), user_id, address, at, at),
            )
        return key

    def user_of(self, key: str, *, now: datetime) -> str | None:
        """Return the id of who is logged in with a cookie's value; None where it is over or unknown."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM sessions WHERE key = ?", (_stored(key),)).fetchone()
        if row is None:
            return None
        created, seen = parse_time(row["created"]), parse_time(row["seen"])
        if now - created > self._rules.longest or now - seen > self._rules.idle:
            self.end(key)
            return None
        if now - seen > _NOTED_AFTER:
            with self._database.writing() as connection:
                connection.execute(
                    "UPDATE sessions SET seen = ? WHERE key = ?", (format_time(now), _stored(key))
                )
        return str(row["user"])

    def end(self, key: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE key = ?", (_stored(key),))


def _stored(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
