"""Inspection in the ledger: self-inspections from their sheets, random spot checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from agreegen.api.ledger.access import Entered, fitting, writing
from agreegen.api.ledger.entries import ledger_content
from agreegen.errors import UsageError
from agreegen.ledger.draw import DrawOf, candidates_of_draw
from agreegen.ledger.interface import OwnKind
from agreegen.messages import message
from agreegen.recording.ledger.access import LedgerAccess
from agreegen.recording.ledger.drawing import drawn_note
from agreegen.recording.ledger.sheets import read_inspection

__all__ = ["DrawOf", "draw_check", "past_draw", "record_inspection"]


def record_inspection(
    access: LedgerAccess, sheet: Path, *, day: date, held_by: str, now: datetime | None = None
) -> Entered:
    """Record a self-inspection from its sheet.

    Raises:
        ComplaintsError: Something is wrong with the sheet, by cell; nothing was entered.
        RegisterError: The ledger cannot be written; nothing was.
        CredentialError: The credential cannot be used; nothing was written.
    """
    note = read_inspection(sheet, day, held_by)
    with writing(access, now, None) as writer:
        return Entered(writer.note(note), notes=(note,))


def draw_check(
    access: LedgerAccess,
    count: int,
    *,
    of: DrawOf = DrawOf.COPIES,
    public: str = "",
    now: datetime | None = None,
) -> Entered:
    """Draw a random spot check from the head that was signed last, and record it.

    Raises:
        UsageError: There are not so many candidates.
        RegisterError: The ledger cannot be written; nothing was.
        CredentialError: The credential cannot be used; nothing was written.
    """
    with writing(access, now, None) as writer, fitting(access.file):
        note, candidates = drawn_note(writer, count, of, public)
        head = writer.note(note)
        # A head counts the events up to it, and the draw is the last one.
        numbered = note if head is None else replace(note, seq=head.count)
        return Entered(head, notes=(numbered,), candidates=candidates)


def past_draw(path: Path, seq: int) -> Entered:
    """Return a draw that was recorded, with its candidates computed anew from the entries before it.

    Raises:
        UsageError: The entry of that number is no draw.
        RegisterError: The ledger cannot be read, or its entries do not fit each other.
    """
    content = ledger_content(path)
    note = next((each for each in content.of_kind(OwnKind.DRAW) if each.seq == seq), None)
    if note is None:
        raise UsageError(message("ledger.no-draw", seq=seq))
    with fitting(path):
        candidates = candidates_of_draw(content, DrawOf(note.facts["of"]), note.day, note.seq)
    return Entered(None, notes=(note,), candidates=candidates)
