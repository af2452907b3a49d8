"""A ledger that one command writes to: entries are settled together, and recorded under one signed head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from agreegen.chain.signed_heads import Head, Succession
from agreegen.errors import InputError, RegisterError
from agreegen.ledger.holdings import Holdings, Refused
from agreegen.ledger.interface import DATED, Movement, Note
from agreegen.ledger.rules import day_problems, problems
from agreegen.ledger.store import Content, Ledger
from agreegen.ledger.timeline import place, replay
from agreegen.messages import message
from agreegen.recording.ledger.signatures import keep_signature
from agreegen.recording.signer import CredentialSigner


@dataclass(frozen=True, slots=True)
class Settled:
    """Wished entries that were looked at.

    Attributes:
        movements: Those that fit, with the numbers of their copies, in the order of the wishes.
        refused: Number of a wish → what is wrong with it.
    """

    movements: tuple[Movement, ...]
    refused: tuple[tuple[int, Refused], ...]


@dataclass(slots=True)
class LedgerWriter:
    """Records entries, each call in one transaction that ends with the head over it.

    Attributes:
        ledger: The open ledger; its folder is locked.
        signer: Who signs the heads.
        by: Who makes the entries.
        today: The office's day.
        now: Aware UTC time.
    """

    ledger: Ledger
    signer: CredentialSigner
    by: str
    today: date
    now: datetime
    _content: Content | None = field(default=None)
    _opening: Note | None = field(default=None)

    def begin(self, opening: Note) -> None:
        """Let the first entry that is recorded say whose ledger this is."""
        self._opening = opening

    @property
    def content(self) -> Content:
        """Everything that the ledger says."""
        if self._content is None:
            self._content = self.ledger.content()
        return self._content

    def holdings(self) -> Holdings:
        """Return who has what now.

        Raises:
            RegisterError: The entries do not fit each other.
        """
        try:
            return replay(self.content.movements, self.content.left)
        except Refused as exc:
            raise RegisterError(
                message("ledger.do-not-fit", path=self.ledger.path, problem=exc.problem),
                hint=message("ledger.run-verify"),
            ) from exc

    def settle(self, wishes: Sequence[Movement]) -> Settled:
        """Look at wished entries together: each by itself, then all among those that are there."""
        marked = [replace(each, by=self.by, backdated=each.day < self.today) for each in wishes]
        refused = [
            (number, problem)
            for number, each in enumerate(marked)
            for problem in problems(each, today=self.today, closed=self.content.closed_before(each))
        ]
        alone = {number for number, _ in refused}
        good = [number for number in range(len(marked)) if number not in alone]
        try:
            placing = place(self.content.movements, [marked[number] for number in good], self.content.left)
        except Refused as exc:
            raise RegisterError(
                message("ledger.do-not-fit", path=self.ledger.path, problem=exc.problem),
                hint=message("ledger.run-verify"),
            ) from exc
        refused += [(good[number], problem) for number, problem in placing.refused]
        placed = tuple(each for each in placing.placed if each is not None)
        return Settled(placed, tuple(sorted(refused, key=lambda each: each[0])))

    def record(self, settled: Settled) -> Head | None:
        """Record entries that were settled; their scans are copied beside the ledger first.

        Raises:
            InputError: A scan does not open; nothing was recorded.
            RegisterError: The ledger cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        assert not settled.refused  # the caller tells what is wrong
        return self._write([self._with_scan(each) for each in settled.movements])

    def note(self, note: Note) -> Head | None:
        """Record one entry that concerns no item.

        Raises:
            InputError: Its day is closed or still to come; nothing was recorded.
            RegisterError: The ledger cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        return self.notes([note])

    def notes(self, notes: Iterable[Note]) -> Head | None:
        """Record entries that concern no item, together.

        Raises:
            InputError: A day is closed or still to come; nothing was recorded.
            RegisterError: The ledger cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        return self._write([self._marked(note) for note in notes])

    def _marked(self, note: Note) -> Note:
        facts = {**note.facts, "by": self.by}
        if note.kind not in DATED:
            return replace(note, facts=facts)
        marked = replace(note, facts={**facts, "backdated": note.day < self.today})
        for refused in day_problems(marked, today=self.today, closed=self.content.closed_before(marked)):
            raise InputError(refused.problem, hint=refused.remedy or None)
        return marked

    def hand_over(self, succession: Succession, opening: Note) -> Head | None:
        """Record who signs from now on and which credential that is, signed by the present signer.

        Raises:
            RegisterError: The ledger cannot be written; nothing was recorded.
            CredentialError: The key cannot sign; nothing was recorded.
        """
        return self.ledger.record([opening], now=self.now, signer=self.signer, succession=succession)

    def _write(self, entries: Sequence[Movement | Note]) -> Head | None:
        opening = [] if self._opening is None else [self._opening]
        head = self.ledger.record([*opening, *entries], now=self.now, signer=self.signer)
        self._content, self._opening = None, None
        return head

    def _with_scan(self, movement: Movement) -> Movement:
        return replace(movement, signature=keep_signature(movement.signature, self.ledger.path.parent))
