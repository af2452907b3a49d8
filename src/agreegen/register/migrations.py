"""The schema of the register as numbered migrations; `PRAGMA user_version` holds the last one applied."""

from __future__ import annotations

import sqlite3

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, document TEXT NOT NULL, role TEXT,
    sha256 TEXT, details TEXT NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX events_document ON events (document, seq);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, form TEXT NOT NULL, form_version TEXT NOT NULL, template_sha256 TEXT NOT NULL,
    row_key TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, staff_no TEXT, id_number TEXT, unit TEXT,
    metadata TEXT NOT NULL, state TEXT NOT NULL, sha256 TEXT NOT NULL, hashes TEXT NOT NULL,
    superseded_by TEXT, bag TEXT
    ) STRICT, WITHOUT ROWID;
CREATE INDEX documents_row_key ON documents (row_key);
CREATE INDEX documents_path ON documents (path);
CREATE TABLE heads (
    seq INTEGER PRIMARY KEY, count INTEGER NOT NULL, hash BLOB NOT NULL, signer TEXT NOT NULL,
    signature BLOB NOT NULL) STRICT;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Each one brings the schema from its index to its index plus one; they never change once released."""

SCHEMA_VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply the migrations that a register lacks, each in a transaction of its own."""
    version = schema_version(connection)
    for number in range(version, SCHEMA_VERSION):
        connection.executescript(
            f"BEGIN IMMEDIATE;{MIGRATIONS[number]}PRAGMA user_version = {number + 1};COMMIT;"
        )


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration applied."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def describe_schema(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return type, name and SQL of everything that the schema declares, sorted."""
    rows = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
    return [(str(kind), str(name), str(sql)) for kind, name, sql in rows]


def expected_schema() -> list[tuple[str, str, str]]:
    """Return what `describe_schema` must give for the current version."""
    connection = sqlite3.connect(":memory:")
    try:
        migrate(connection)
        return describe_schema(connection)
    finally:
        connection.close()
