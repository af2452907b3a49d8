"""Who has signed: the one place that decides in which state a row of a roster is. No I/O but the register."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agreegen.messages import Message, message
from agreegen.register.interface import DocumentRow, DocumentState, How


class CoverageState(StrEnum):
    """In which state a row of a roster is, or, for `left`, a document whose person is not on the roster."""

    SIGNED = "signed"
    MADE = "made"
    PRINTED = "printed"
    REPLACED = "replaced"
    NO_DOCUMENT = "no-document"
    UNUSABLE = "unusable"
    DUPLICATE = "duplicate"
    NAME_DIFFERS = "name-differs"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the documents of one row have come.

    Attributes:
        state: The one word.
        document: The document in force, else the replaced one that was signed.
        how: How the last of its roles was fulfilled, where all are.
        since: Since when it is signed, printed or made, as stored; None where the register does not say.
        roles: Each role that must be fulfilled, and how it was.
        reason: What a person should know.
    """

    state: CoverageState
    document: DocumentRow | None = None
    how: How | None = None
    since: str | None = None
    roles: tuple[tuple[str, How | None], ...] = ()
    reason: Message | None = None


_BEST_FIRST = (
    CoverageState.SIGNED,
    CoverageState.NAME_DIFFERS,
    CoverageState.PRINTED,
    CoverageState.REPLACED,
    CoverageState.MADE,
    CoverageState.NO_DOCUMENT,
)


def find_standing(documents: Iterable[DocumentRow], roles: Sequence[str], name: str) -> Standing:
    """Decide how far the documents of one row have come.

    Args:
        documents: All documents of the row, replaced ones among them.
        roles: The roles that must be fulfilled.
        name: The name on the roster; empty where it cannot be read.
    """
    known = list(documents)
    current = next((each for each in known if each.in_force), None)
    before = next((each for each in known if _was_signed(each, roles)), None)
    if current is None:
        if before is not None:
            return _replaced(before, before, roles)
        gone = next((each for each in known if each.state is DocumentState.DESTROYED), None)
        reason = None
        if gone is not None:
            reason = message("register.document-was-destroyed", id=gone.registration.id)
        return Standing(CoverageState.NO_DOCUMENT, roles=tuple((role, None) for role in roles), reason=reason)
    if name and current.registration.name and name != current.registration.name:
        reason = message("register.document-names-roster", name=current.registration.name, name2=name)
        return Standing(CoverageState.NAME_DIFFERS, current, None, None, _how(current, roles), reason)
    if is_signed(current, roles):
        last = max((each for role in roles if (each := current.fulfilment(role))), key=lambda each: each.at)
        return Standing(CoverageState.SIGNED, current, last.how, last.at, _how(current, roles))
    if before is not None:
        return _replaced(current, before, roles)
    state = CoverageState.MADE if current.printed_at is None else CoverageState.PRINTED
    return Standing(state, current, None, current.printed_at, _how(current, roles))


def best_standing(found: Iterable[Standing]) -> Standing:
    """Return the standing that goes furthest, of those in several registers."""
    return min(found, key=lambda each: _BEST_FIRST.index(each.state))


def is_signed(document: DocumentRow, roles: Sequence[str]) -> bool:
    """Whether every one of some roles of a document in force is fulfilled, somehow; without roles, never."""
    return document.in_force and bool(roles) and not document.open_roles(roles)


def _was_signed(document: DocumentRow, roles: Sequence[str]) -> bool:
    replaced = document.state is DocumentState.REPLACED
    return replaced and any(document.fulfilment(role) is not None for role in roles)


def _replaced(document: DocumentRow, before: DocumentRow, roles: Sequence[str]) -> Standing:
    reason = message("register.document-was-signed-replaced-present-one", id=before.registration.id)
    return Standing(CoverageState.REPLACED, document, None, None, _how(document, roles), reason)


def _how(document: DocumentRow, roles: Sequence[str]) -> tuple[tuple[str, How | None], ...]:
    found = ((role, document.fulfilment(role)) for role in roles)
    return tuple((role, None if each is None else each.how) for role, each in found)


class SeenKeys:
    """Remembers row keys in a temporary file that SQLite removes: memory stays flat for millions of rows."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("")
        self._connection.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, key: str) -> None:
        """Remember a key."""
        self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,))

    def __contains__(self, key: str) -> bool:
        row = self._connection.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone()
        return row is not None

    def close(self) -> None:
        """Forget them."""
        self._connection.close()
