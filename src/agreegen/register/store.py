"""The register's file: opening, recording in whole transactions, each under a signed head."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType

from agreegen.chain.hashing import format_time, link_hash, parse_time
from agreegen.chain.heads import Head, HeadSigner
from agreegen.errors import RegisterError
from agreegen.files import note_input
from agreegen.model.row_key import RowKey
from agreegen.register.columns import row_values
from agreegen.register.file import TIP_COUNT, TIP_HASH, connect_current, create_file, wrapped
from agreegen.register.interface import REGISTER_EVENTS, DocumentRow, Event, EventDraft, EventKind
from agreegen.register.migrations import EVENT_COLUMNS, INSERT_DOCUMENT, store_events
from agreegen.register.projection import encode_details, project
from agreegen.register.view import RegisterView

_INSERT_EVENT = f"INSERT INTO events ({EVENT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)"  # noqa: S608  # constants only
_STAFF_NO = "staff_no"
_INSERT_HEAD = "INSERT INTO heads (seq, count, hash, signer, signature) VALUES (?,?,?,?,?)"


@dataclass(slots=True)
class _Addition:
    """Events on their way into the chain, and what they change."""

    count: int
    tip: bytes
    at: datetime
    events: list[Event] = field(default_factory=list)
    changed: dict[str, DocumentRow] = field(default_factory=dict)
    head: Head | None = None

    def append(self, draft: EventDraft) -> Event:
        """Put an event behind the last one."""
        self.count += 1
        details = encode_details(draft)
        row = (
            self.count,
            format_time(self.at),
            draft.kind.value,
            draft.document_id,
            draft.role,
            draft.sha256,
            details,
        )
        self.tip = link_hash(self.tip, row)
        event = Event(
            self.count, self.at, draft.kind, draft.document_id, draft.role, draft.sha256, details, self.tip
        )
        self.events.append(event)
        return event


class Register(RegisterView):
    """An open register. One process writes; any number may read."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection)
        self._identity = _file_identity(path)
        self._count = int(self._meta.pop(TIP_COUNT))
        self._tip = bytes.fromhex(self._meta.pop(TIP_HASH))
        last = connection.execute("SELECT at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self._latest = parse_time(last[0] if last else self._meta["created"])

    @classmethod
    def open(
        cls, path: Path, *, create: bool = False, read_only: bool = False, now: datetime | None = None
    ) -> Register:
        """Open a register; an older one is brought up, in a copy where it is only read.

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
        note_input(path)
        with wrapped(path):
            connection = connect_current(path, read_only=read_only)
            try:
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
        if key.field == _STAFF_NO:
            return f"staff:{key.value}"
        return f"{key.form_id}/{key.field}:{key.value}"  # two forms may be about one party

    def record_many(
        self,
        drafts: Sequence[EventDraft],
        *,
        now: datetime,
        signer: HeadSigner | None = None,
        pin: bool = True,
    ) -> Head | None:
        """Append events and the signed head over them in one durable transaction.

        Because both are written together, no moment leaves events that nobody signed. Where the chain names
        no signer yet, an event before the head does.

        Args:
            drafts: The events; none to have the present end of the chain signed.
            now: Aware UTC time of the events.
            signer: Who signs the head; None for no head.
            pin: Whether the signer is named as the register's where nobody is yet.

        Returns:
            The signed head, or None without a signer.

        Raises:
            RegisterError: An event does not fit, or the file cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        if not drafts and signer is None:
            return None
        # A clock that was set back never makes the chain run backwards.
        addition = _Addition(self._count, self._tip, max(self._latest, now))
        with wrapped(self.path):
            for draft in drafts:
                self._add(addition, draft)
            if signer is not None:
                if pin and self.signer() is None:
                    addition.append(EventDraft(EventKind.SIGNER, details=signer.identity.to_dict()))
                self._sign(addition, signer)
            self._write(addition)
        self._count, self._tip, self._latest = addition.count, addition.tip, addition.at
        return addition.head

    def record(self, draft: EventDraft, *, now: datetime) -> None:
        """Append one event; see `record_many`."""
        self.record_many([draft], now=now)

    def _add(self, addition: _Addition, draft: EventDraft) -> None:
        event = addition.append(draft)
        if draft.kind in REGISTER_EVENTS:
            return
        before = addition.changed.get(draft.document_id) or self.document(draft.document_id)
        try:
            addition.changed[draft.document_id] = project(before, event)
        except (ValueError, TypeError, KeyError) as exc:
            raise RegisterError(
                f"{self.path}: event {draft.kind.value} on {draft.document_id}: {exc}"
            ) from exc

    def _sign(self, addition: _Addition, signer: HeadSigner) -> None:
        head = Head(self.id, addition.count, addition.tip, signer.name)
        head = Head(head.chain_id, head.count, head.hash, head.signer, signer.sign(head.message))
        facts = {
            "count": head.count,
            "hash": head.hash.hex(),
            "signer": head.signer,
            "signature_sha256": hashlib.sha256(head.signature).hexdigest(),
        }
        addition.append(EventDraft(EventKind.HEAD, details=facts))
        addition.head = head

    def _write(self, addition: _Addition) -> None:
        with self._transaction():
            rows = (
                (e.seq, format_time(e.at), e.kind.value, e.document_id, e.role, e.sha256, e.details, e.hash)
                for e in addition.events
            )
            self.connection.executemany(_INSERT_EVENT, rows)
            self.connection.executemany(INSERT_DOCUMENT, map(row_values, addition.changed.values()))
            store_events(self.connection, addition.events)
            head = addition.head
            if head is not None:
                row = (addition.count, head.count, head.hash, head.signer, head.signature)
                self.connection.execute(_INSERT_HEAD, row)
            self.connection.executemany(
                "UPDATE meta SET value = ? WHERE key = ?",
                [(str(addition.count), TIP_COUNT), (addition.tip.hex(), TIP_HASH)],
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.require_in_place()
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            self._require_own_tip()
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def require_in_place(self) -> None:
        """Refuse to go on where another file has taken the register's name: what is written would be lost.

        Raises:
            RegisterError: The file at the path is not the one that is open.
        """
        if _file_identity(self.path) != self._identity:
            raise RegisterError(
                f"{self.path} was removed or replaced while this command wrote to it",
                hint="end the other program, put the register back and run again",
            )

    def _require_own_tip(self) -> None:
        stored = self.connection.execute("SELECT value FROM meta WHERE key = ?", (TIP_HASH,)).fetchone()
        if stored is None or stored[0] != self._tip.hex():
            raise RegisterError(f"{self.path} was written by another process", hint="open it again")


def _file_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells one file from another under the same name, None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
