"""People in the ledger: leavers with what stands against leaving, training with who came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from agreegen.api.ledger.access import Entered, fitting, read_register, writing
from agreegen.api.ledger.entries import ledger_content
from agreegen.errors import UsageError
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Signature
from agreegen.ledger.people import Clearance, Grade
from agreegen.recording.ledger.access import LedgerAccess
from agreegen.recording.ledger.leaving import Leaving, examine_leavers, leaver_notes
from agreegen.recording.ledger.sheets import read_attendance
from agreegen.recording.ledger.signatures import read_reference
from agreegen.register.store import Register

__all__ = ["Clearance", "Grade", "Leaving", "clear_leavers", "record_leavers", "record_training"]


def clear_leavers(
    path: Path, names: Sequence[str], *, register: Path | None = None, pledge: str = ""
) -> tuple[Clearance, ...]:
    """Say of each name what stands against leaving: copies that are out, a pledge that is missing.

    Raises:
        RegisterError: Ledger or register cannot be read.
    """
    with read_register(register) as known, fitting(path):
        reference = _read_pledge(pledge, known)
        return examine_leavers(ledger_content(path), _once(names), register=known, pledge=reference)


def record_leavers(
    access: LedgerAccess,
    names: Sequence[str],
    leaving: Leaving,
    *,
    register: Path | None = None,
    pledge: str = "",
    now: datetime | None = None,
) -> tuple[tuple[Clearance, ...], Entered | None]:
    """Record that people left, all of them or nobody: not while anything stands against one.

    Returns:
        What stands against each, and what was entered; None where nothing was.

    Raises:
        RegisterError: The ledger or the register cannot be used; nothing was written.
        CredentialError: The credential cannot be used; nothing was written.
    """
    with read_register(register) as known, writing(access, now, None) as writer:
        with fitting(access.file):
            reference = _read_pledge(pledge, known)
            clearances = examine_leavers(writer.content, _once(names), register=known, pledge=reference)
        if any(each.open or each.left is not None for each in clearances):
            return clearances, None
        notes = leaver_notes(writer, clearances, leaving)
        entered = Entered(writer.notes(notes), notes=notes)
        return tuple(replace(each, left=leaving.day) for each in clearances), entered


def record_training(
    access: LedgerAccess, roster: Path, *, day: date, topic: str, held_by: str, now: datetime | None = None
) -> Entered:
    """Record a training and who of a roster took part.

    Raises:
        ComplaintsError: Something is wrong with the roster, by cell; nothing was entered.
        RegisterError: The ledger cannot be written; nothing was.
        CredentialError: The credential cannot be used; nothing was written.
    """
    note = read_attendance(roster, day, topic, held_by)
    with writing(access, now, None) as writer:
        return Entered(writer.note(note), notes=(note,))


def _read_pledge(text: str, register: Register | None) -> Signature | None:
    try:
        return read_reference(text, Path(), register)
    except Refused as exc:
        raise UsageError(exc.problem, hint=exc.remedy or None) from exc


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))
