"""Who on a roster has a pledge, who has none, and who is no longer on the roster."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from agreegen.register.interface import DocumentRow
from agreegen.register.store import Register


@dataclass(frozen=True, slots=True)
class RosterPerson:
    """One roster row, as coverage needs it.

    Attributes:
        row_key: From `Register.row_key`.
        label: Staff number or masked ID number, for people.
        name: The person's name.
    """

    row_key: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The answer. It has no truth value: ask for `complete`.

    Attributes:
        rows: Number of roster rows.
        covered: Rows with a document that is signed, archived or on paper.
        missing: Rows without one.
        no_longer: Documents in force of people who are not on the roster.
    """

    rows: int
    covered: int
    missing: tuple[RosterPerson, ...]
    no_longer: tuple[RosterPerson, ...]

    @property
    def complete(self) -> bool:
        """Whether there is at least one row and everyone has a pledge."""
        return self.rows > 0 and not self.missing

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of `register coverage --json`."""
        return {
            "rows": self.rows,
            "covered": self.covered,
            "missing": [{"key": person.label, "name": person.name} for person in self.missing],
            "no_longer_on_roster": [{"key": person.label, "name": person.name} for person in self.no_longer],
        }


def measure_coverage(
    register: Register, roster: Iterable[RosterPerson], *, required_roles: Collection[str] = ()
) -> Coverage:
    """Compare a roster with a register.

    Args:
        register: The register.
        roster: The people who must have a document.
        required_roles: Roles that must have signed it; a scan of the signed paper stands for all of them.

    Raises:
        RegisterError: The register cannot be read.
    """
    seen = sqlite3.connect("")  # a temporary file that SQLite removes: memory stays flat for millions of rows
    try:
        seen.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        rows, missing = 0, []
        for person in roster:
            rows += 1
            seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (person.row_key,))
            document = register.current(person.row_key)
            if document is None or not _covers(document, required_roles):
                missing.append(person)
        gone = tuple(
            _person(document)
            for document in register.documents()
            if document.in_force and not _contains(seen, document.registration.row_key)
        )
    finally:
        seen.close()
    return Coverage(rows, rows - len(missing), tuple(missing), gone)


def _covers(document: DocumentRow, required_roles: Collection[str]) -> bool:
    return document.in_force and not document.open_roles(required_roles)


def _contains(seen: sqlite3.Connection, key: str) -> bool:
    return seen.execute("SELECT 1 FROM seen WHERE key = ?", (key,)).fetchone() is not None


def _person(document: DocumentRow) -> RosterPerson:
    known = document.registration
    return RosterPerson(known.row_key, known.staff_no or known.id[:8], known.name)
