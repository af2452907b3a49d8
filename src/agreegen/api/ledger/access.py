"""How the functions about a ledger open it, and what those that write return."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreegen.chain.signed_heads import Head
from agreegen.clock import read_clock
from agreegen.errors import RegisterError
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import Movement, Note
from agreegen.messages import message
from agreegen.recording.ledger.access import (
    LedgerAccess,
    open_ledger_writer,
)
from agreegen.recording.ledger.writer import LedgerWriter
from agreegen.recording.standing import require_register_unchanged
from agreegen.register.store import Register


@dataclass(frozen=True, slots=True)
class Entered:
    """What was entered, under one signed head.

    Attributes:
        head: The head.
        movements: The entries about copies, with the numbers of the copies.
        notes: The other entries.
        candidates: What a draw drew from; empty for everything else.
    """

    head: Head | None
    movements: tuple[Movement, ...] = ()
    notes: tuple[Note, ...] = ()
    candidates: tuple[str, ...] = ()


def writing(
    access: LedgerAccess, now: datetime | None, office: str | None
) -> contextlib.AbstractContextManager[LedgerWriter]:
    return open_ledger_writer(access, now=now or read_clock(), office=office)


@contextlib.contextmanager
def read_register(path: Path | None) -> Iterator[Register | None]:
    if path is None:
        yield None
        return
    with Register.open(path, read_only=True) as register:
        require_register_unchanged(register)  # what an entry rests on is not asked again
        yield register


@contextlib.contextmanager
def fitting(path: Path) -> Iterator[None]:
    """Turn entries that do not fit each other into an error of the ledger."""
    try:
        yield
    except Refused as exc:
        raise RegisterError(
            message("ledger.do-not-fit", path=path, problem=exc.problem), hint=message("ledger.run-verify")
        ) from exc
