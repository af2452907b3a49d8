"""Which agreements there are; their files lie in their folders."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from agreegen.chain.hashing import format_time
from agreegen.web.store.database import Database

_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement.

    Attributes:
        id: Random; the name of its folder, too.
        form: Id of the form.
        title: Whom it is made with.
        created: When, ISO 8601 UTC.
        by: Account that made it.
    """

    id: str
    form: str
    title: str
    created: str
    by: str


class Agreements:
    """The agreements of an office."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, form: str, title: str, by: str, *, now: datetime) -> Agreement:
        """Note a new agreement."""
        agreement_id = f"{now:%Y%m%d}-{secrets.token_hex(_ID_BYTES)}"
        agreement = Agreement(agreement_id, form, title, format_time(now), by)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO agreements (id, form, title, created, by) VALUES (?,?,?,?,?)",
                (agreement.id, agreement.form, agreement.title, agreement.created, agreement.by),
            )
        return agreement

    def all(self) -> tuple[Agreement, ...]:
        """Return every agreement, newest first."""
        with self._database.reading() as connection:
            return tuple(
                map(_agreement, connection.execute("SELECT * FROM agreements ORDER BY created DESC, id"))
            )

    def find(self, agreement_id: str) -> Agreement | None:
        """Return the agreement of an id."""
        query = "SELECT * FROM agreements WHERE id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (agreement_id,)).fetchone()
        return None if row is None else _agreement(row)


def _agreement(row: sqlite3.Row) -> Agreement:
    return Agreement(row["id"], row["form"], row["title"], row["created"], row["by"])
