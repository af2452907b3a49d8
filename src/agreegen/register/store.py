"""The register's file: opening, recording in whole transactions, each under a signed head."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agreegen.chain.end import Addition, ChainEnd
from agreegen.chain.event_facts import NOT_OURS
from agreegen.chain.file import create_file, open_current
from agreegen.chain.signed_heads import Head, HeadSigner
from agreegen.errors import RegisterError
from agreegen.messages import message
from agreegen.model.row_key import RowKey
from agreegen.register.columns import row_values
from agreegen.register.interface import REGISTER_EVENTS, DocumentRow, Event, EventDraft
from agreegen.register.migrations import INSERT_DOCUMENT, REGISTER, event_from_row, store_events
from agreegen.register.projection import encode_details, project
from agreegen.register.view import RegisterView

_STAFF_NO = "staff_no"
_MOST_WAITING = 2_000
"""Events of one transaction that wait in memory."""


@dataclass(slots=True)
class _Recording:
    """Events on their way into the chain, and what they change."""

    addition: Addition
    events: list[Event] = field(default_factory=list)
    changed: dict[str, DocumentRow] = field(default_factory=dict)

    def append(self, draft: EventDraft) -> Event:
        """Put an event behind the last one."""
        link = (draft.kind.value, draft.document_id, draft.role, draft.sha256, encode_details(draft))
        event = event_from_row(self.addition.append(*link))
        self.events.append(event)
        return event


class Register(RegisterView):
    """An open register. One process writes; any number may read."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection)
        self._end = ChainEnd(self)

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
        if create and now is not None and not path.is_file():
            create_file(path, REGISTER, now)
        return open_current(path, REGISTER, cls, read_only=read_only)

    @property
    def secret(self) -> bytes:
        """The random secret under which ID numbers enter document ids and row keys."""
        return bytes.fromhex(self.meta["secret"])

    @property
    def latest(self) -> datetime:
        """Time of the last event, aware UTC."""
        return self._end.latest

    @property
    def event_count(self) -> int:
        """Number of events."""
        return self._end.count

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
        drafts: Iterable[EventDraft],
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
        recording = _Recording(self._end.begin(now))
        with self.wrapped(), self._end.writing(recording.addition):
            for draft in drafts:
                self._add(recording, draft)
                if len(recording.events) >= _MOST_WAITING:
                    self._store(recording)
            if signer is not None:
                self._end.sign(recording.addition, signer, pin=pin)
            self._store(recording)
        return recording.addition.head

    def _store(self, recording: _Recording) -> None:
        self._end.store(recording.addition)
        self.connection.executemany(INSERT_DOCUMENT, map(row_values, recording.changed.values()))
        store_events(self.connection, recording.events)
        recording.changed.clear()
        recording.events.clear()

    def record(self, draft: EventDraft, *, now: datetime) -> None:
        """Append one event; see `record_many`."""
        self.record_many([draft], now=now)

    def _add(self, recording: _Recording, draft: EventDraft) -> None:
        event = recording.append(draft)
        if draft.kind in REGISTER_EVENTS:
            return
        before = recording.changed.get(draft.document_id) or self.document(draft.document_id)
        try:
            recording.changed[draft.document_id] = project(before, event)
        except NOT_OURS as exc:
            raise RegisterError(
                message(
                    "register.event-on",
                    path=self.path,
                    value=message(f"register.event-kind.{draft.kind.value}"),
                    document_id=draft.document_id,
                    exc=exc,
                )
            ) from exc

    def require_in_place(self) -> None:
        """Refuse to go on where another file has taken the register's name: what is written would be lost.

        Raises:
            RegisterError: The file at the path is not the one that is open.
        """
        self._end.require_in_place()
