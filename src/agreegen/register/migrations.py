"""The schema of the register as numbered migrations; `PRAGMA user_version` holds the last one applied.

What stands in `documents` and `scans` follows from the events, so a migration that changes them computes them
anew from the chain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from agreegen.chain.hashing import parse_time
from agreegen.errors import RegisterError
from agreegen.register.columns import COLUMNS, SCAN_COLUMNS, retracted_event, row_values, scan_values
from agreegen.register.interface import DocumentRow, Event, EventKind
from agreegen.register.projection import project

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

DERIVED_TABLES = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, form TEXT NOT NULL, form_version TEXT NOT NULL, template_sha256 TEXT NOT NULL,
    row_key TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, staff_no TEXT, id_number TEXT, unit TEXT,
    metadata TEXT NOT NULL, state TEXT NOT NULL, sha256 TEXT NOT NULL, hashes TEXT NOT NULL,
    superseded_by TEXT, bag TEXT, fulfilled TEXT NOT NULL, printed_at TEXT, pending INTEGER NOT NULL,
    size INTEGER
    ) STRICT, WITHOUT ROWID;
CREATE INDEX documents_row_key ON documents (row_key);
CREATE INDEX documents_path ON documents (path);
CREATE INDEX documents_staff_no ON documents (staff_no);
CREATE INDEX documents_bag ON documents (bag);
CREATE TABLE scans (
    event INTEGER NOT NULL, number INTEGER NOT NULL, document TEXT NOT NULL, path TEXT NOT NULL,
    sha256 TEXT NOT NULL, pages INTEGER NOT NULL, source_sha256 TEXT, source_page INTEGER,
    retracted INTEGER NOT NULL, PRIMARY KEY (event, number)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX scans_sha256 ON scans (sha256);
CREATE INDEX scans_source ON scans (source_sha256, source_page);
CREATE INDEX scans_document ON scans (document);
"""

_SECOND = f"""
DROP TABLE documents;
{DERIVED_TABLES}
CREATE INDEX events_register ON events (kind, seq) WHERE document = '';
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """Brings the schema one version up.

    Attributes:
        statements: SQL, without a semicolon inside a text.
        then: What is computed when the tables are there.
    """

    statements: str
    then: Callable[[sqlite3.Connection], None] | None = None


EVENT_COLUMNS = "seq, at, kind, document, role, sha256, details, hash"
"""The columns of `events` in the order of `event_from_row`."""
INSERT_DOCUMENT = (
    f"INSERT OR REPLACE INTO documents ({COLUMNS}) VALUES ({','.join('?' * len(COLUMNS.split(',')))})"  # noqa: S608  # constants only
)
INSERT_SCAN = f"INSERT INTO scans ({SCAN_COLUMNS}) VALUES ({','.join('?' * len(SCAN_COLUMNS.split(',')))})"  # noqa: S608  # constants only
RETRACT_SCANS = "UPDATE scans SET retracted = ? WHERE event = ? AND retracted = 0"


def event_from_row(row: tuple[Any, ...]) -> Event:
    """Return the event of a row with `EVENT_COLUMNS`.

    Raises:
        ValueError: Its time or kind is not one that the register writes.
    """
    seq, at, kind, document, role, sha256, details, digest = row
    return Event(seq, parse_time(at), EventKind(kind), document, role, sha256, details, digest)


def events_by_document(connection: sqlite3.Connection, until: str | None = None) -> Iterator[list[Event]]:
    """Yield the events of each document, in the order of the ids; with a time, only those until then.

    Raises:
        ValueError: An event is not one that the register writes.
    """
    where, values = ("", ()) if until is None else (" AND at <= ?", (until,))
    statement = f"SELECT {EVENT_COLUMNS} FROM events WHERE document <> ''{where} ORDER BY document, seq"  # noqa: S608  # constants only
    rows = connection.execute(statement, values)
    for _, group in groupby(rows, key=lambda row: row[3]):
        yield [event_from_row(row) for row in group]


def compute_document(events: Iterable[Event]) -> DocumentRow:
    """Return what a document's events make of it.

    Raises:
        ValueError, TypeError, KeyError: They do not fit each other.
    """
    document: DocumentRow | None = None
    for event in events:
        document = project(document, event)
    assert document is not None
    return document


def store_events(target: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Bring `scans` up to date with some events."""
    for event in events:
        target.executemany(INSERT_SCAN, scan_values(event))
        taken = retracted_event(event)
        if taken is not None:
            target.execute(RETRACT_SCANS, (event.seq, taken))


def compute_derived(source: sqlite3.Connection, target: sqlite3.Connection, until: str | None = None) -> None:
    """Fill the empty derived tables of `target` from the chain of `source`.

    Raises:
        RegisterError: The events do not make documents.
    """
    try:
        for events in events_by_document(source, until):
            target.execute(INSERT_DOCUMENT, row_values(compute_document(events)))
            store_events(target, events)
    except (ValueError, TypeError, KeyError) as exc:
        raise RegisterError(
            f"the events of the register do not make documents: {exc}", hint="run register verify"
        ) from exc


def _recompute(connection: sqlite3.Connection) -> None:
    compute_derived(connection, connection)


MIGRATIONS: tuple[Migration, ...] = (Migration(_FIRST), Migration(_SECOND, _recompute))
"""Each one brings the schema from its index to its index plus one; they never change once released."""

SCHEMA_VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, to: int = SCHEMA_VERSION) -> None:
    """Apply the migrations that a register lacks, each in a transaction of its own.

    Raises:
        RegisterError: The events do not make documents; nothing was changed.
    """
    for number in range(schema_version(connection), to):
        migration = MIGRATIONS[number]
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


def expected_schema(version: int = SCHEMA_VERSION) -> list[tuple[str, str, str]]:
    """Return what `describe_schema` must give for a version."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, version)
        return describe_schema(connection)
    finally:
        connection.close()
