"""The office's database: one short connection an operation, durable, brought up by named migrations."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from agreegen.errors import RegisterError
from agreegen.messages import message
from agreegen.web.store.migrations import MIGRATIONS

_BUSY_S = 20.0
_SECRET_BYTES = 32
_OWNER_ONLY = 0o600


class Database:
    """The office's database. Threads and processes may use it at once; each operation opens it anew.

    Args:
        path: The file; made (mode 0600) where there is none.

    Raises:
        RegisterError: It is not a database of an office, or from a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.touch(mode=_OWNER_ONLY)
        try:
            with self.writing() as connection:
                _bring_up(connection)
        except sqlite3.DatabaseError as exc:
            raise RegisterError(
                message("web.not-offices-database", path=path), hint=message("web.restore-backup")
            ) from exc

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one state and changes nothing."""
        with contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection whose changes are durable together when the block ends, or not at all."""
        with contextlib.closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def secret(self, purpose: str) -> bytes:
        """Return this office's random secret for one purpose, made at the first question (32 bytes)."""
        with self.writing() as connection:
            fresh = secrets.token_hex(_SECRET_BYTES)
            connection.execute("INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)", (purpose, fresh))
            row = connection.execute("SELECT value FROM facts WHERE name = ?", (purpose,)).fetchone()
        return bytes.fromhex(row["value"])


def _bring_up(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT")
    done = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
    known = {migration.name for migration in MIGRATIONS}
    if done - known:
        raise RegisterError(
            message("web.offices-database-from-newer-version"), hint=message("web.update-agreegen")
        )
    for migration in MIGRATIONS:
        if migration.name not in done:
            for statement in migration.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations (name) VALUES (?)", (migration.name,))
