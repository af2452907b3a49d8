"""The register's file: opening, recording in whole transactions, looking up."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType

from agreegen.errors import RegisterError
from agreegen.model.row_key import RowKey
from agreegen.register.chain import (
    COLUMNS,
    encode_details,
    event_hash,
    format_time,
    parse_time,
    project,
    row_from_values,
    row_values,
)
from agreegen.register.file import TIP_COUNT, TIP_HASH, connect, create_file, require_known, wrapped
from agreegen.register.interface import (
    REGISTER_EVENTS,
    DocumentRow,
    Event,
    EventDraft,
    EventKind,
    Head,
    Registration,
)
from agreegen.register.migrations import migrate, schema_version

_INSERT_EVENT = (
    "INSERT INTO events (seq, at, kind, document, role, sha256, details, hash) VALUES (?,?,?,?,?,?,?,?)"
)
_UPSERT = f"INSERT OR REPLACE INTO documents ({COLUMNS}) VALUES ({','.join('?' * 16)})"  # noqa: S608  # constants only
_KEY_NAMES = {"staff_no": "staff"}
_SELECT = f"SELECT {COLUMNS} FROM documents"  # noqa: S608  # constants only


class Register:
    """An open register. One process writes; any number may read."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._meta: dict[str, str] = dict(connection.execute("SELECT key, value FROM meta"))
        self._count = int(self._meta.pop(TIP_COUNT))
        self._tip = bytes.fromhex(self._meta.pop(TIP_HASH))
        last = connection.execute("SELECT at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self._latest = parse_time(last[0] if last else self._meta["created"])

    @classmethod
    def open(
        cls, path: Path, *, create: bool = False, read_only: bool = False, now: datetime | None = None
    ) -> Register:
        """Open a register.

        Args:
            path: The file, usually `register.db`.
            create: Make it (mode 0600) where there is none; needs `now`.
            read_only: Refuse to record anything.
            now: Aware UTC time that a new register carries.

        Raises:
            RegisterError: There is none, it is not a register, it is damaged, locked or from a newer version.
        """
        if not path.is_file():
            if not create or now is None:
                raise RegisterError(
                    f"there is no register at {path}", hint="name the register.db of a batch output"
                )
            create_file(path, now)
        with wrapped(path):
            connection = connect(path, read_only=read_only)
            try:
                version = schema_version(connection)
                require_known(path, version)
                if not read_only:
                    migrate(connection)
                return cls(path, connection)
            except (KeyError, ValueError) as exc:
                connection.close()
                raise RegisterError(f"{path} is not a whole register", hint="restore it from a copy") from exc
            except BaseException:
                connection.close()
                raise

    def __enter__(self) -> Register:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log into it."""
        self.connection.close()

    @property
    def id(self) -> str:
        """The register's own random id."""
        return self._meta["register"]

    @property
    def secret(self) -> bytes:
        """The random secret under which ID numbers enter document ids and row keys."""
        return bytes.fromhex(self._meta["secret"])

    @property
    def latest(self) -> datetime:
        """Time of the last event, aware UTC."""
        return self._latest

    @property
    def event_count(self) -> int:
        """Number of events."""
        return self._count

    def row_key(self, key: RowKey) -> str:
        """Return a row's key as it is kept: the number itself, but personal data as a keyed hash only."""
        if key.identifying:
            digest = hmac.new(self.secret, f"row:{key.value}".encode(), hashlib.sha256)
            return f"person:{digest.hexdigest()}"
        return f"{_KEY_NAMES.get(key.field, key.field)}:{key.value}"

    def record_many(self, drafts: Sequence[EventDraft], *, now: datetime) -> None:
        """Append events in one durable transaction, and bring the documents they concern up to date.

        Raises:
            RegisterError: An event does not fit, or the file cannot be written; nothing was recorded.
        """
        count, tip, at = self._count, self._tip, self._time_of_event(now)
        changed: dict[str, DocumentRow] = {}
        rows = []
        with wrapped(self.path), self._transaction():
            for draft in drafts:
                details = encode_details(draft)
                if draft.kind not in REGISTER_EVENTS:
                    before = changed.get(draft.document_id) or self.document(draft.document_id)
                    changed[draft.document_id] = self._project(before, draft, details)
                count += 1
                row = (count, at, draft.kind.value, draft.document_id, draft.role, draft.sha256, details)
                tip = event_hash(tip, row)
                rows.append((*row, tip))
            self.connection.executemany(_INSERT_EVENT, rows)
            self.connection.executemany(_UPSERT, (row_values(document) for document in changed.values()))
            self._store_tip(count, tip)
        self._count, self._tip = count, tip

    def record(self, draft: EventDraft, *, now: datetime) -> None:
        """Append one event; see `record_many`."""
        self.record_many([draft], now=now)

    def sign_head(self, sign: Callable[[bytes], bytes], *, signer: str, now: datetime) -> Head:
        """Have the present end of the chain signed, and keep head and signature.

        Args:
            sign: Returns a detached signature over the bytes it gets.
            signer: Name of the credential, for people.
            now: Aware UTC time of the event.

        Raises:
            RegisterError: The file cannot be written.
        """
        head = Head(self.id, self._count, self._tip, signer)
        head = Head(head.register_id, head.count, head.hash, signer, sign(head.message))
        facts: dict[str, str | int | bool | None] = {
            "count": head.count,
            "hash": head.hash.hex(),
            "signer": signer,
            "signature_sha256": hashlib.sha256(head.signature).hexdigest(),
        }
        draft = EventDraft(EventKind.HEAD, details=facts)
        count, details = self._count + 1, encode_details(draft)
        row = (count, self._time_of_event(now), draft.kind.value, "", None, None, details)
        tip = event_hash(self._tip, row)
        with wrapped(self.path), self._transaction():
            self.connection.execute(_INSERT_EVENT, (*row, tip))
            self.connection.execute(
                "INSERT INTO heads (seq, count, hash, signer, signature) VALUES (?,?,?,?,?)",
                (count, head.count, head.hash, signer, head.signature),
            )
            self._store_tip(count, tip)
        self._count, self._tip = count, tip
        return head

    def document(self, document_id: str) -> DocumentRow | None:
        """Return a document by its id, or None."""
        return self._one(f"{_SELECT} WHERE id = ?", document_id)

    def document_by_path(self, path: str) -> DocumentRow | None:
        """Return the document whose file has this path below the register's folder, or None."""
        return self._one(f"{_SELECT} WHERE path = ?", path)

    def paths_in(self, folder: str) -> set[str]:
        """Return the paths of all documents directly or deeper in a folder below the register's own."""
        with wrapped(self.path):
            rows = self.connection.execute(
                "SELECT path FROM documents WHERE path >= ? AND path < ?", (f"{folder}/", f"{folder}0")
            )
            return {str(path) for (path,) in rows}

    def current(self, row_key: str) -> DocumentRow | None:
        """Return the document in force for a roster row, or None."""
        for document in self._select(f"{_SELECT} WHERE row_key = ? ORDER BY id", row_key):
            if document.in_force:
                return document
        return None

    def documents(self, *, state: str | None = None) -> Iterator[DocumentRow]:
        """Stream the documents in the order of their ids, all or those of one state."""
        if state is None:
            return self._select(f"{_SELECT} ORDER BY id")
        return self._select(f"{_SELECT} WHERE state = ? ORDER BY id", state)

    def document_count(self) -> int:
        """Return the number of documents ever registered."""
        with wrapped(self.path):
            return int(self.connection.execute("SELECT count(*) FROM documents").fetchone()[0])

    def state_counts(self) -> dict[str, int]:
        """Count the documents by state."""
        with wrapped(self.path):
            return dict(
                self.connection.execute("SELECT state, count(*) FROM documents GROUP BY state ORDER BY state")
            )

    def other_template(self, form_id: str, template_sha256: str) -> str | None:
        """Return the hash of another template that made documents of this form here, or None."""
        with wrapped(self.path):
            row = self.connection.execute(
                "SELECT template_sha256 FROM documents WHERE form = ? AND template_sha256 <> ? LIMIT 1",
                (form_id, template_sha256),
            ).fetchone()
        return None if row is None else str(row[0])

    def events(self, document_id: str | None = None) -> Iterator[Event]:
        """Stream the events in chain order, all or those of one document."""
        where, values = ("", ()) if document_id is None else (" WHERE document = ?", (document_id,))
        statement = (
            f"SELECT seq, at, kind, document, role, sha256, details, hash FROM events{where} ORDER BY seq"  # noqa: S608  # constants only
        )
        with wrapped(self.path):
            for seq, at, kind, document, role, sha256, details, digest in self.connection.execute(
                statement, values
            ):
                yield Event(seq, parse_time(at), EventKind(kind), document, role, sha256, details, digest)

    def heads(self) -> Iterator[Head]:
        """Stream the signed heads, oldest first."""
        with wrapped(self.path):
            for count, digest, signer, signature in self.connection.execute(
                "SELECT count, hash, signer, signature FROM heads ORDER BY seq"
            ):
                yield Head(self.id, count, digest, signer, signature)

    def add_paper(self, registration: Registration, *, sha256: str, now: datetime) -> DocumentRow:
        """Record the scan of a document that was signed on paper.

        Where the row has a document in force, the scan is recorded on it; else it is registered by itself.

        Args:
            registration: What is known of the scan; its `path` is the scan's.
            sha256: SHA-256 of the scan.
            now: Aware UTC time of the event.

        Raises:
            RegisterError: The register cannot be written.
        """
        known = self.current(registration.row_key)
        if known is None:
            draft = EventDraft(EventKind.PAPER, registration.id, sha256=sha256, registration=registration)
        else:
            facts = {"scan": registration.path, "scan_sha256": sha256}
            draft = EventDraft(EventKind.PAPER, known.registration.id, details=facts)
        self.record(draft, now=now)
        document = self.document(draft.document_id)
        assert document is not None
        return document

    def _time_of_event(self, now: datetime) -> str:
        """Return the time to record: a clock that was set back never makes the chain run backwards."""
        self._latest = max(self._latest, now)
        return format_time(self._latest)

    def _project(self, before: DocumentRow | None, draft: EventDraft, details: str) -> DocumentRow:
        try:
            return project(before, draft, details)
        except (ValueError, TypeError) as exc:
            raise RegisterError(
                f"{self.path}: event {draft.kind.value} on {draft.document_id}: {exc}"
            ) from exc

    def _store_tip(self, count: int, tip: bytes) -> None:
        self.connection.executemany(
            "UPDATE meta SET value = ? WHERE key = ?", [(str(count), TIP_COUNT), (tip.hex(), TIP_HASH)]
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self._require_own_tip()
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _require_own_tip(self) -> None:
        stored = self.connection.execute("SELECT value FROM meta WHERE key = ?", (TIP_HASH,)).fetchone()
        if stored is None or stored[0] != self._tip.hex():
            raise RegisterError(f"{self.path} was written by another process", hint="open it again")

    def _one(self, statement: str, value: str) -> DocumentRow | None:
        return next(self._select(statement, value), None)

    def _select(self, statement: str, *values: str) -> Iterator[DocumentRow]:
        with wrapped(self.path):
            for row in self.connection.execute(statement, values):
                yield self._decode(row)

    def _decode(self, row: tuple[str | None, ...]) -> DocumentRow:
        try:
            return row_from_values(row)
        except ValueError as exc:
            raise RegisterError(
                f"{self.path}: document {row[0]} is damaged", hint="run register verify"
            ) from exc
