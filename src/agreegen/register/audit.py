"""Auditing a register: the chain, the heads, the documents that follow from the events, and the files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from agreegen.errors import RegisterError
from agreegen.files import sha256_of, sha256_of_file
from agreegen.register.chain import COLUMNS, event_hash, genesis_hash, parse_time, project, row_values
from agreegen.register.file import SECRET_BYTES, TIP_COUNT, TIP_HASH, connect
from agreegen.register.interface import DocumentRow, DocumentState, Event, EventKind, Head, Problem
from agreegen.register.migrations import SCHEMA_VERSION, describe_schema, expected_schema, schema_version

CheckHead = Callable[[Head], str | None]
"""Says why a head's signature is not good, or None."""

_META_KEYS = {"register", "created", "secret", TIP_COUNT, TIP_HASH}
_EVENT_COLUMNS = "seq, at, kind, document, role, sha256, details, hash"


def verify_register(
    path: Path,
    *,
    files_root: Path | None = None,
    known_heads: Sequence[Head] = (),
    check_head: CheckHead | None = None,
) -> list[Problem]:
    """Find every changed, missing, reordered or cut-off row of a register.

    1. SQLite's own check and the schema.
    2. The chain: every event follows from the one before, back to the genesis, which commits to `meta`.
    3. The heads: each stands in the chain, and with `check_head` its signature is good.
    4. The documents: recomputed from the events, each row must be the one stored.
    5. The files below `files_root`: each is there with the hash of its last state, and no other PDF is there.

    A chain without a key can be recomputed by whoever writes the file. What the caller still owes is trust in
    a head: `check_head`, or `known_heads` from elsewhere, e.g. from an archive bag.

    Raises:
        RegisterError: There is no file to judge.
    """
    if not path.is_file():
        raise RegisterError(f"there is no register at {path}", hint="name the register.db of a batch output")
    problems: list[Problem] = []
    try:
        connection = connect(path, read_only=True)
    except sqlite3.Error as exc:
        return [Problem("damaged", str(path), f"the file cannot be read as a register: {exc}")]
    try:
        for step in (
            _schema_problems(connection),
            _chain_problems(connection, [*known_heads]),
            _head_problems(connection, check_head),
            _document_problems(connection),
            _file_problems(connection, files_root),
        ):
            problems.extend(step)
    except (sqlite3.Error, RegisterError, ValueError, TypeError, KeyError, AttributeError) as exc:
        problems.append(Problem("damaged", str(path), f"the register cannot be read to its end: {exc}"))
    finally:
        connection.close()
    return problems


def count_unsigned(path: Path) -> tuple[int, int]:
    """Count the events of a register, and those of them that no signed head covers.

    Events behind the last head come from a run that was cut short, or from other commands; where no head is
    there at all, nothing but the chain itself speaks for any of them.

    Raises:
        RegisterError: The file is no register that can be read.
    """
    try:
        connection = connect(path, read_only=True)
        try:
            (events,) = connection.execute("SELECT count(*) FROM events").fetchone()
            (covered,) = connection.execute("SELECT coalesce(max(seq), 0) FROM heads").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as exc:
        raise RegisterError(f"{path} cannot be read as a register: {exc}") from exc
    return int(events), max(0, int(events) - int(covered))


def _schema_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    for (message,) in connection.execute("PRAGMA integrity_check(20)"):
        if message != "ok":
            yield Problem("damaged", "file", f"SQLite says: {message}")
    if schema_version(connection) != SCHEMA_VERSION:
        yield Problem(
            "schema-changed", "file", f"schema {schema_version(connection)}, expected {SCHEMA_VERSION}"
        )
    if describe_schema(connection) != expected_schema():
        yield Problem("schema-changed", "file", "tables, indexes or triggers are not those of a register")


def _meta(connection: sqlite3.Connection) -> dict[str, str]:
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    if set(meta) != _META_KEYS or len(bytes.fromhex(meta["secret"])) != SECRET_BYTES:
        raise ValueError("the values in meta are not those of a register")
    return meta


def _chain_problems(connection: sqlite3.Connection, known_heads: list[Head]) -> Iterator[Problem]:
    meta = _meta(connection)
    expected = {head.count: head for head in known_heads}
    for head in known_heads:
        if head.register_id != meta["register"]:
            yield Problem("head-of-another", f"head {head.count}", "the head belongs to another register")
    public = {key: value for key, value in meta.items() if key not in {TIP_COUNT, TIP_HASH}}
    tip, count, latest = genesis_hash(public), 0, parse_time(meta["created"])
    for row in connection.execute(f"SELECT {_EVENT_COLUMNS} FROM events ORDER BY seq"):  # noqa: S608  # constants only
        count += 1
        fields, stored = tuple(row[:7]), row[7]
        if row[0] != count:
            yield Problem("event-missing", f"event {count}", f"the next event is {row[0]}")
            count = row[0]
        if event_hash(tip, fields) != stored:
            yield Problem(
                "event-changed", f"event {count}", "its hash does not follow from it and the event before"
            )
        tip = stored
        moment = parse_time(row[1])
        if moment < latest:
            yield Problem(
                "time-backwards", f"event {count}", f"recorded at {row[1]}, before the event before it"
            )
        latest = max(latest, moment)
        if (head_ := expected.pop(count, None)) is not None and head_.hash != tip:
            yield Problem("head-mismatch", f"event {count}", "a known head names another hash at this place")
    if str(count) != meta[TIP_COUNT] or tip.hex() != meta[TIP_HASH]:
        yield Problem(
            "cut-off", f"event {count}", f"the chain ends here, the register says {meta[TIP_COUNT]} events"
        )
    for head in expected.values():
        if head.count:
            yield Problem("cut-off", f"event {count}", f"a known head names {head.count} events")


def _head_problems(connection: sqlite3.Connection, check_head: CheckHead | None) -> Iterator[Problem]:
    register_id = _meta(connection)["register"]
    rows = {
        row[0]: row for row in connection.execute("SELECT seq, count, hash, signer, signature FROM heads")
    }
    for seq, details in connection.execute(
        "SELECT seq, details FROM events WHERE kind = 'head' ORDER BY seq"
    ):
        where, facts, row = f"head at event {seq}", json.loads(details), rows.pop(seq, None)
        if row is None:
            yield Problem(
                "head-missing", where, "the event says that the chain was signed, the signature is gone"
            )
            continue
        head = Head(register_id, row[1], row[2], row[3], row[4])
        said = (facts["count"], facts["hash"], facts["signer"], facts["signature_sha256"])
        if said != (head.count, head.hash.hex(), head.signer, sha256_of(head.signature)):
            yield Problem("head-changed", where, "the stored head is not the one that the event records")
        before = connection.execute("SELECT hash FROM events WHERE seq = ?", (head.count,)).fetchone()
        if head.count != seq - 1 or (before is not None and before[0] != head.hash):
            yield Problem("head-changed", where, "the head is not that of the event before it")
        if check_head is not None and (reason := check_head(head)) is not None:
            yield Problem("head-signature", where, reason)
    for seq in rows:
        yield Problem("head-changed", f"head at event {seq}", "no event records this head")


def _document_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Merge the documents that follow from the events with those stored, both in the order of their ids."""
    stored = connection.execute(f"SELECT {COLUMNS} FROM documents ORDER BY id")  # noqa: S608  # constants only
    row = stored.fetchone()
    for document_id, expected in _recomputed(connection):
        while row is not None and row[0] < document_id:
            yield Problem("document-changed", f"document {row[0]}", "no event registers it")
            row = stored.fetchone()
        if isinstance(expected, Problem):
            yield expected
        elif row is None or row[0] != document_id:
            yield Problem(
                "document-missing", f"document {document_id}", "the events know it, its row is gone"
            )
        elif tuple(row) != row_values(expected):
            yield Problem(
                "document-changed", f"document {document_id}", "its row does not follow from its events"
            )
        if row is not None and row[0] == document_id:
            row = stored.fetchone()
    while row is not None:
        yield Problem("document-changed", f"document {row[0]}", "no event registers it")
        row = stored.fetchone()


def _recomputed(connection: sqlite3.Connection) -> Iterator[tuple[str, DocumentRow | Problem]]:
    statement = f"SELECT {_EVENT_COLUMNS} FROM events WHERE document <> '' ORDER BY document, seq"  # noqa: S608  # constants only
    for document_id, rows in groupby(connection.execute(statement), key=lambda row: row[3]):
        document: DocumentRow | None = None
        try:
            for row in rows:
                document = project(document, _event(row), row[6])
        except (ValueError, TypeError, KeyError) as exc:
            problem = Problem(
                "event-changed", f"document {document_id}", f"its events do not make a document: {exc}"
            )
            yield document_id, problem
        else:
            assert document is not None
            yield document_id, document


def _event(row: tuple[Any, ...]) -> Event:
    seq, at, kind, document, role, sha256, details, digest = row
    return Event(seq, parse_time(at), EventKind(kind), document, role, sha256, details, digest)


def _file_problems(connection: sqlite3.Connection, root: Path | None) -> Iterator[Problem]:
    if root is None:
        return
    for document_id, path, sha256, state in connection.execute(
        "SELECT id, path, sha256, state FROM documents"
    ):
        file = root / path
        if not file.resolve().is_relative_to(root.resolve()):
            yield Problem("file-outside", f"document {document_id}", "its path leads out of the folder")
        elif not file.is_file():
            yield Problem("file-missing", str(path), f"the file of document {document_id} ({state}) is gone")
        elif sha256_of_file(file) != sha256:
            yield Problem("file-changed", str(path), f"it is not the file that the register knows as {state}")
    for document_id, details in connection.execute(
        "SELECT document, details FROM events WHERE kind = 'paper'"
    ):
        facts = json.loads(details)
        scan = root / facts.get("scan", "")
        if "scan" in facts and (not scan.is_file() or sha256_of_file(scan) != facts["scan_sha256"]):
            yield Problem(
                "file-changed", facts["scan"], f"the scan of document {document_id} is gone or changed"
            )
    for file in sorted(root.joinpath("documents").rglob("*")):
        if file.is_file() and file.suffix.lower() == ".pdf":
            relative = file.relative_to(root).as_posix()
            row = connection.execute("SELECT state FROM documents WHERE path = ?", (relative,)).fetchone()
            if row is None:
                yield Problem("file-unknown", relative, "the register does not know this file")
            elif row[0] == DocumentState.QUARANTINED.value:
                yield Problem("file-unknown", relative, "a quarantined file stands among the documents")
