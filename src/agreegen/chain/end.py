"""The end of a chain: events are put behind it in whole transactions, each under a signed head."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from agreegen.chain.file import file_identity
from agreegen.chain.hashing import format_time, link_hash, parse_time
from agreegen.chain.schema import EVENT_COLUMNS, TIP_COUNT, TIP_HASH
from agreegen.chain.signed_heads import HEAD_EVENT, SIGNER_EVENT, Head, HeadSigner, Notice
from agreegen.chain.view import ChainView
from agreegen.errors import RegisterError
from agreegen.messages import message
from agreegen.model.document import canonical_json

_INSERT_EVENT = f"INSERT INTO events ({EVENT_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)"  # noqa: S608  # constants only
_INSERT_HEAD = "INSERT INTO heads (seq, count, hash, signer, signature) VALUES (?,?,?,?,?)"

Link = tuple[int, str, str, str, str | None, str | None, str, bytes]
"""An event as it is stored, with `EVENT_COLUMNS`."""


@dataclass(slots=True)
class Addition:
    """Events on their way into the chain.

    Attributes:
        count: Number of events, those of the chain before among them.
        tip: Hash of the last one.
        at: Time that the new events carry, aware UTC.
        links: The new events that are not stored yet.
        head: The signed head over them, once there is one.
        names_signer: Whether one of the new events names a signer.
    """

    count: int
    tip: bytes
    at: datetime
    links: list[Link] = field(default_factory=list)
    head: Head | None = None
    names_signer: bool = False

    def append(self, kind: str, document: str, role: str | None, sha256: str | None, details: str) -> Link:
        """Put an event behind the last one."""
        self.count += 1
        row = (self.count, format_time(self.at), kind, document, role, sha256, details)
        self.tip = link_hash(self.tip, row)
        link = (*row, self.tip)
        self.links.append(link)
        self.names_signer = self.names_signer or kind == SIGNER_EVENT
        return link


class ChainEnd:
    """Where one process writes to a chain.

    Args:
        view: The open chain; nobody else writes to it meanwhile.

    Raises:
        KeyError, ValueError: The stored end is not one.
    """

    def __init__(self, view: ChainView) -> None:
        self._view = view
        self._identity = file_identity(view.path)
        self.count = int(view.meta[TIP_COUNT])
        self._tip = bytes.fromhex(view.meta[TIP_HASH])
        last = view.connection.execute("SELECT at FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        self.latest = parse_time(last[0] if last else view.meta["created"])

    def begin(self, now: datetime) -> Addition:
        """Return an empty addition; a clock that was set back never makes the chain run backwards."""
        return Addition(self.count, self._tip, max(self.latest, now))

    def sign(self, addition: Addition, signer: HeadSigner, *, pin: bool = True) -> None:
        """Put the signed head over an addition, and its event behind it.

        Args:
            addition: The events.
            signer: Who signs.
            pin: Whether an event names the signer where the chain names nobody yet.

        Raises:
            CredentialError: The key cannot sign.
        """
        named = self._view.signer()
        if not addition.names_signer and (pin if named is None else signer.identity.same_as(named)):
            self._announce(addition, signer)
        head = Head(self._view.id, addition.count, addition.tip, signer.name, kind=self._view.kind.name)
        signature = signer.sign(head.message)
        addition.head = Head(
            head.chain_id, head.count, head.hash, head.signer, signature, kind=self._view.kind.name
        )
        facts = {
            "count": head.count,
            "hash": head.hash.hex(),
            "signer": head.signer,
            "signature_sha256": hashlib.sha256(signature).hexdigest(),
        }
        addition.append(HEAD_EVENT, "", None, None, canonical_json(facts).decode())

    def _announce(self, addition: Addition, signer: HeadSigner) -> None:
        """Say under the head who signs it and how, unless that was said: nothing covers its own event."""
        identity, notice = signer.identity, Notice(signer.name, signer.timestamps)
        known = self._view.notice_of(identity.certificate_sha256)
        if signer.timestamps or known is None or known.credential != signer.name:
            facts = identity.to_dict() | notice.to_dict()
            addition.append(SIGNER_EVENT, "", None, None, canonical_json(facts).decode())

    @contextlib.contextmanager
    def writing(self, addition: Addition) -> Iterator[None]:
        """Write an addition in one durable transaction, together with what is appended and written within.

        Raises:
            RegisterError: The file was replaced, or another process wrote to it; nothing was written.
            sqlite3.Error: It cannot be written; nothing was.
        """
        with self._transaction():
            yield
            self.store(addition)
            connection, head = self._view.connection, addition.head
            if head is not None:
                row = (addition.count, head.count, head.hash, head.signer, head.signature)
                connection.execute(_INSERT_HEAD, row)
            connection.executemany(
                "UPDATE meta SET value = ? WHERE key = ?",
                [(str(addition.count), TIP_COUNT), (addition.tip.hex(), TIP_HASH)],
            )
        self.count, self._tip, self.latest = addition.count, addition.tip, addition.at

    def store(self, addition: Addition) -> None:
        """Write the new events so far, within `writing`: a hundred thousand of them wait on the disk."""
        self._view.connection.executemany(_INSERT_EVENT, addition.links)
        addition.links.clear()

    def require_in_place(self) -> None:
        """Refuse to go on where another file has taken the name: what is written would be lost.

        Raises:
            RegisterError: The file at the path is not the one that is open.
        """
        view = self._view
        if file_identity(view.path) != self._identity:
            raise RegisterError(
                message("chain.was-removed-or-replaced-while-command", path=view.path),
                hint=message("chain.end-other-program-put-back-run", name=view.kind.word),
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.require_in_place()
        connection = self._view.connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._require_own_tip()
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _require_own_tip(self) -> None:
        statement = "SELECT value FROM meta WHERE key = ?"
        stored = self._view.connection.execute(statement, (TIP_HASH,)).fetchone()
        if stored is None or stored[0] != self._tip.hex():
            raise RegisterError(
                message("chain.was-written-another-process", path=self._view.path),
                hint=message("chain.open-again"),
            )
