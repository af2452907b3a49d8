"""The schema of a chain's file as numbered migrations; `PRAGMA user_version` holds the last one applied."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agreegen.messages import Message, message

TIP_COUNT, TIP_HASH = "tip-count", "tip-hash"
"""Keys of `meta` that name the present end of the chain."""
EVENT_COLUMNS = "seq, at, kind, document, role, sha256, details, hash"
"""The columns of `events`: seven that are hashed, then the hash."""
CHAIN_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL, role TEXT,
    sha256 TEXT, details TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX events_document ON events (document, seq);
"""
HEAD_TABLE = """
CREATE TABLE heads (
    seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, hash BLOB NOT NULL, signer TEXT NOT NULL,
    signature BLOB NOT NULL) STRICT;
"""
CHAIN_INDEX = "CREATE INDEX events_register ON events (kind, seq) WHERE document = '';"
"""Finds the events of the chain itself, which concern no document."""


@dataclass(frozen=True, slots=True)
class Migration:
    """Brings the schema one version up.

    Attributes:
        statements: SQL, without a semicolon inside a text.
        then: What is computed when the tables are there.
    """

    statements: str
    then: Callable[[sqlite3.Connection], None] | None = None


@dataclass(frozen=True, slots=True)
class ChainKind:
    """What a chain is of, and how its file is made.

    Attributes:
        name: E.g. `register`; enters the genesis hash and every head, and is the key of its id in `meta`.
        migrations: Each one brings the schema from its index to its index plus one; they never change once
            released.
        example: What a user is told to name where there is no such file.
    """

    name: str
    migrations: Sequence[Migration]
    example: Message

    @property
    def word(self) -> Message:
        """What people call it."""
        return message(f"chain.kind.{self.name}")

    @property
    def version(self) -> int:
        """The newest version of the schema."""
        return len(self.migrations)


def migrate(connection: sqlite3.Connection, kind: ChainKind, to: int | None = None) -> None:
    """Apply the migrations that a file lacks, each in a transaction of its own.

    Raises:
        RegisterError: The events do not make what the file shows; nothing was changed.
    """
    for number in range(schema_version(connection), kind.version if to is None else to):
        migration = kind.migrations[number]
        connection.execute("BEGIN IMMEDIATE")
        try:
            execute_script(connection, migration.statements)
            if migration.then is not None:
                migration.then(connection)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def execute_script(connection: sqlite3.Connection, statements: str) -> None:
    """Execute statements inside the present transaction; `executescript` would end it."""
    for statement in statements.split(";"):
        if statement.strip():
            connection.execute(statement)


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def describe_schema(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return type, name and SQL of everything that the schema declares, sorted."""
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
    return [(str(kind), str(name), str(sql).strip()) for kind, name, sql in rows]


def expected_schema(kind: ChainKind, version: int | None = None) -> list[tuple[str, str, str]]:
    """Return what `describe_schema` must give for a version, the newest one if none is named."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, kind, version)
        return describe_schema(connection)
    finally:
        connection.close()
