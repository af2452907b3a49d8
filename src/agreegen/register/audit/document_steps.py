"""The steps of an audit that concern rows of documents and scans: recomputed from the events."""

from __future__ import annotations

import itertools
import operator
import sqlite3
from collections.abc import Iterator

from agreegen.chain.audit.interface import Problem
from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.schema import EVENT_COLUMNS, execute_script, schema_version
from agreegen.messages import Message, message
from agreegen.register.columns import COLUMNS, SCAN_COLUMNS, UNTOLD_BEFORE, row_values
from agreegen.register.interface import DocumentRow, EventKind
from agreegen.register.migrations import (
    DERIVED_TABLES,
    REGISTER,
    compute_document,
    event_from_row,
    store_events,
)

_OF_SCANS = (EventKind.PAPER.value, EventKind.RETRACTED.value)
_EVENTS = f"SELECT {EVENT_COLUMNS} FROM events WHERE document <> '' ORDER BY document, seq"  # noqa: S608  # constants only
_EVENTS_OF_SCANS = (
    f"SELECT {EVENT_COLUMNS} FROM events WHERE document <> '' AND kind IN (?, ?) ORDER BY document, seq"  # noqa: S608  # constants only
)
_NAMES = tuple(name.strip() for name in COLUMNS.split(","))


def document_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Merge the documents that follow from the events with those stored, both in the order of their ids."""
    # What an earlier schema said otherwise is computed anew.
    untold = UNTOLD_BEFORE if schema_version(connection) < REGISTER.version else ()
    names = tuple(name for name in _NAMES if name not in untold)
    stored = connection.execute(f"SELECT {', '.join(names)} FROM documents ORDER BY id")  # noqa: S608  # constants only
    told = operator.itemgetter(*map(_NAMES.index, names))
    row = stored.fetchone()
    for document_id, expected in _recomputed(connection):
        while row is not None and row[0] < document_id:
            yield _unregistered(row)
            row = stored.fetchone()
        if isinstance(expected, Problem):
            yield expected
        elif row is None or row[0] != document_id:
            yield _problem("document-missing", document_id, message("register.events-know-its-row-gone"))
        elif row != told(row_values(expected)):
            said = message("register.its-row-does-not-follow-from-2")
            yield _problem("document-changed", document_id, said)
        if row is not None and row[0] == document_id:
            row = stored.fetchone()
    if row is not None:
        yield from map(_unregistered, itertools.chain((row,), stored))


def _unregistered(row: tuple[object, ...]) -> Problem:
    return _problem("document-changed", row[0], message("register.no-event-registers"))


def _problem(code: str, document_id: object, said: Message) -> Problem:
    return Problem(code, message("register.document", row=document_id), said)


def _recomputed(connection: sqlite3.Connection) -> Iterator[tuple[str, DocumentRow | Problem]]:
    for document_id, rows in itertools.groupby(connection.execute(_EVENTS), key=operator.itemgetter(3)):
        try:
            yield document_id, compute_document(map(event_from_row, rows))
        except NOT_OURS as exc:
            said = message("register.its-events-do-not-make-document", exc=exc)
            yield (
                document_id,
                Problem("event-changed", message("register.document-2", document_id=document_id), said),
            )


def scan_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Compare the scans that follow from the events with those stored."""
    if schema_version(connection) < REGISTER.version:
        return
    expected = sqlite3.connect("", isolation_level=None)
    try:
        execute_script(expected, DERIVED_TABLES)
        expected.execute("BEGIN")
        store_events(expected, map(event_from_row, connection.execute(_EVENTS_OF_SCANS, _OF_SCANS)))
        statement = f"SELECT {SCAN_COLUMNS} FROM scans ORDER BY event, number"  # noqa: S608  # constants only
        pairs = itertools.zip_longest(connection.execute(statement), expected.execute(statement))
        for stored, computed in pairs:
            if stored != computed:
                number = (stored or computed)[0]
                yield Problem(
                    "scan-changed",
                    message("register.scan-event", number=number),
                    message("register.its-row-does-not-follow-from"),
                )
    finally:
        expected.close()
