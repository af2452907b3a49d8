"""The schema of the register as numbered migrations.

What stands in `documents` and `scans` follows from the events, so a migration that changes them computes them
anew from the chain.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.hashing import parse_time
from agreegen.chain.schema import CHAIN_INDEX, CHAIN_TABLES, EVENT_COLUMNS, HEAD_TABLE, ChainKind, Migration
from agreegen.errors import RegisterError
from agreegen.messages import message
from agreegen.register.columns import COLUMNS, SCAN_COLUMNS, retracted_event, row_values, scan_values
from agreegen.register.interface import DocumentRow, Event, EventKind
from agreegen.register.projection import project

_FIRST = f"""
{CHAIN_TABLES}
CREATE TABLE documents (
    id TEXT PRIMARY KEY, form TEXT NOT NULL, form_version TEXT NOT NULL, template_sha256 TEXT NOT NULL,
    row_key TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, staff_no TEXT, id_number TEXT, unit TEXT,
    metadata TEXT NOT NULL, state TEXT NOT NULL, sha256 TEXT NOT NULL, hashes TEXT NOT NULL,
    superseded_by TEXT, bag TEXT
    ) STRICT, WITHOUT ROWID;
CREATE INDEX documents_row_key ON documents (row_key);
CREATE INDEX documents_path ON documents (path);
{HEAD_TABLE}
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
{CHAIN_INDEX}
"""


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
    except NOT_OURS as exc:
        raise RegisterError(
            message("register.events-register-do-not-make-documents", exc=exc),
            hint=message("register.run-register-verify"),
        ) from exc


def _recompute(connection: sqlite3.Connection) -> None:
    compute_derived(connection, connection)


MIGRATIONS: tuple[Migration, ...] = (Migration(_FIRST), Migration(_SECOND, _recompute))
"""They never change once released."""

REGISTER = ChainKind("register", MIGRATIONS, message("register.name-register-db-batch-output"))
"""What the chain of a register is of."""
