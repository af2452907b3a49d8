"""The ledger's file: opening it, and recording entries in whole transactions, each under a signed head."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from agreegen.chain.end import ChainEnd
from agreegen.chain.event_facts import NOT_OURS, read_facts
from agreegen.chain.file import create_file, open_current
from agreegen.chain.schema import EVENT_COLUMNS
from agreegen.chain.signed_heads import SIGNER_EVENT, Head, HeadSigner, Succession
from agreegen.chain.view import ChainView
from agreegen.errors import RegisterError
from agreegen.ledger.interface import Kind, Movement, Note, OwnKind, Signature, SignedBy
from agreegen.ledger.schema import LEDGER
from agreegen.messages import message
from agreegen.model.document import canonical_json

_EVENTS = f"SELECT {EVENT_COLUMNS} FROM events ORDER BY seq"  # noqa: S608  # constants only
_KINDS = frozenset(kind.value for kind in Kind)
_OWN_KINDS = frozenset(kind.value for kind in OwnKind)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that the entries say, in the order of the chain.

    Attributes:
        movements: Entries about copies.
        notes: Entries about people, training, inspections, draws and closings.
    """

    movements: tuple[Movement, ...]
    notes: tuple[Note, ...]

    def of_kind(self, kind: OwnKind) -> tuple[Note, ...]:
        """Return the notes of one kind."""
        return tuple(note for note in self.notes if note.kind is kind)

    @property
    def closings(self) -> tuple[Note, ...]:
        """The closings, by day and, on one day, in their order."""
        return tuple(sorted(self.of_kind(OwnKind.CLOSING), key=lambda note: (note.day, note.seq)))

    def before(self, seq: int) -> Content:
        """Return what the entries before one said."""
        return Content(
            tuple(each for each in self.movements if each.seq < seq),
            tuple(each for each in self.notes if each.seq < seq),
        )

    @property
    def left(self) -> dict[str, date]:
        """Who left, and when."""
        return {str(note.facts["name"]): note.day for note in self.of_kind(OwnKind.LEAVER)}

    def scans(self) -> Iterator[tuple[int, Signature]]:
        """Yield number of the entry and reference of every scan that shows a signature."""
        for movement in self.movements:
            if movement.signature is not None and movement.signature.kind is SignedBy.SCAN:
                yield movement.seq, movement.signature
        for note in self.of_kind(OwnKind.LEAVER):
            pledge = Signature.from_dict(note.facts["pledge"])
            if pledge.kind is SignedBy.SCAN:
                yield note.seq, pledge

    def closed_before(self, entry: Movement | Note) -> date | None:
        """Return the last day that was closed before an entry; for a new one, by all closings.

        On the day of a closing work goes on behind it, but nothing is entered for that day later.
        """
        days = [
            note.day
            for note in self.of_kind(OwnKind.CLOSING)
            if (entry.seq == 0 or note.seq < entry.seq)
            and (entry.backdated or note.day != entry.day or not note.facts["same_day"])
        ]
        return max(days, default=None)


def read_all_entries(connection: sqlite3.Connection) -> Content:
    """Read all entries of a chain.

    Raises:
        ValueError, TypeError, KeyError: One is not an entry of a ledger.
    """
    movements: list[Movement] = []
    notes: list[Note] = []
    for seq, _, kind, item, _, _, details, _ in connection.execute(_EVENTS):
        if kind in _KINDS:
            movements.append(Movement.from_facts(Kind(kind), item, seq, read_facts(details)))
        elif kind in _OWN_KINDS:
            facts = read_facts(details)
            notes.append(Note(OwnKind(kind), date.fromisoformat(facts.pop("day")), facts, seq))
    return Content(tuple(movements), tuple(notes))


class Ledger(ChainView):
    """An open ledger. One process writes; any number may read."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path, connection, LEDGER)
        self._end = ChainEnd(self)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Ledger:
        """Open a ledger.

        Raises:
            RegisterError: There is none, it is not a ledger, it is damaged, locked or from a newer version.
        """
        return open_current(path, LEDGER, cls, read_only=read_only)

    @staticmethod
    def create(path: Path, now: datetime) -> None:
        """Make an empty ledger (mode 0600).

        Raises:
            RegisterError: There is a file of that name, or it cannot be written.
        """
        create_file(path, LEDGER, now)

    @property
    def event_count(self) -> int:
        """Number of events."""
        return self._end.count

    def content(self) -> Content:
        """Read all entries.

        Raises:
            RegisterError: An entry is damaged.
        """
        with self.wrapped():
            try:
                return read_all_entries(self.connection)
            except NOT_OURS as exc:
                raise RegisterError(
                    message("ledger.damaged", path=self.path, cause=exc),
                    hint=message("ledger.run-verify"),
                ) from exc

    @property
    def opening(self) -> Mapping[str, object]:
        """What the last opening entry says: the office, its credential."""
        return self.last_facts(OwnKind.OPENED.value) or {}

    def snapshot(self) -> bytes:
        """Return the whole file as it stands after the last transaction."""
        with self.wrapped():
            return self.connection.serialize()

    def record(
        self,
        entries: Sequence[Movement | Note],
        *,
        now: datetime,
        signer: HeadSigner,
        succession: Succession | None = None,
    ) -> Head | None:
        """Append entries and the signed head over them in one durable transaction; nothing without entries.

        Args:
            entries: The entries.
            now: Aware UTC time of the events.
            signer: Who signs the head.
            succession: Who signs from the next head on; None for the same.

        Raises:
            RegisterError: The file cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        if not entries:
            return None
        addition = self._end.begin(now)
        with self.wrapped():
            for entry in entries:
                addition.append(entry.kind.value, *_stored(entry))
            if succession is not None:
                details = canonical_json(succession.to_dict()).decode()
                addition.append(SIGNER_EVENT, "", None, None, details)
            self._end.sign(addition, signer)
            with self._end.writing(addition):
                pass
        return addition.head


def _stored(entry: Movement | Note) -> tuple[str, None, str | None, str]:
    """Return document, role, SHA-256 and details of an entry's event."""
    if isinstance(entry, Movement):
        described = entry.description
        digest = described.sha256 or None if described is not None else None
        return entry.item, None, digest, canonical_json(entry.to_facts()).decode()
    facts = {**entry.facts, "day": entry.day.isoformat()}
    return "", None, None, canonical_json(facts).decode()
