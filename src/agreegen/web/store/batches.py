"""Which batches there are; everything else of a batch lies in its folder."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from agreegen.chain.hashing import format_time
from agreegen.web.store.database import Database

_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch.

    Attributes:
        id: Random; the name of its folder, too.
        title: What the officer calls it.
        form: Id of the form.
        roster: Name of the roster as it was uploaded.
        created: When, ISO 8601 UTC.
        by: Account that made it.
    """

    id: str
    title: str
    form: str
    roster: str
    created: str
    by: str


class Batches:
    """The batches of an office."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, title: str, form: str, roster: str, by: str, *, now: datetime) -> Batch:
        """Note a new batch."""
        batch = Batch(
            f"{now:%Y%m%d}-{secrets.token_hex(_ID_BYTES)}", title, form, roster, format_time(now), by
        )
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO batches (id, title, form, roster, created, by) VALUES (?,?,?,?,?,?)",
                (batch.id, batch.title, batch.form, batch.roster, batch.created, batch.by),
            )
        return batch

    def name_roster(self, batch_id: str, roster: str) -> None:
        """Note the name of a roster that took the place of a batch's former one."""
        with self._database.writing() as connection:
            connection.execute("UPDATE batches SET roster = ? WHERE id = ?", (roster, batch_id))

    def all(self) -> tuple[Batch, ...]:
        """Return every batch, newest first."""
        with self._database.reading() as connection:
            return tuple(map(_batch, connection.execute("SELECT * FROM batches ORDER BY created DESC, id")))

    def find(self, batch_id: str) -> Batch | None:
        """Return the batch of an id."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM batches WHERE id = ?", (batch_id,)).fetchone()
        return None if row is None else _batch(row)


def _batch(row: sqlite3.Row) -> Batch:
    return Batch(row["id"], row["title"], row["form"], row["roster"], row["created"], row["by"])
