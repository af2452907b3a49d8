"""Acts that a command carries out and that have not come to their end: each is on the audit's chain twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from agreegen.web.store.audit import Act, Audit
from agreegen.web.store.database import Database

BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class OpenAct:
    """An act whose command was begun.

    Attributes:
        run: What tells this run of the command from others.
        folder: Where the command leaves its files, below the home folder.
        name: How their names begin.
        act: Who began it, from where, what, on what.
    """

    run: str
    folder: str
    name: str
    act: Act


class OpenActs:
    """The acts of an office that are going on.

    Args:
        database: The office's database.
        audit: Its audit; an entry there and a row here stand together or not at all.
    """

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    def begin(self, opened: OpenAct, *, now: datetime) -> None:
        """Note that an act is begun, durably, before it is."""
        act = opened.act
        row = (opened.run, opened.folder, opened.name, act.who, act.address, act.act, act.subject)
        with self._database.writing() as connection:
            self._audit.put(connection, replace(act, result=BEGUN), now=now)
            connection.execute(
                "INSERT INTO open_acts (run, folder, name, who, address, act, subject)"
                " VALUES (?,?,?,?,?,?,?)",
                row,
            )

    def end(self, run: str, result: str, *, now: datetime) -> bool:
        """Note what came of an act, and tell whether it was open: nobody notes it twice."""
        with self._database.writing() as connection:
            row = connection.execute("SELECT * FROM open_acts WHERE run = ?", (run,)).fetchone()
            if row is None:
                return False
            connection.execute("DELETE FROM open_acts WHERE run = ?", (run,))
            act = Act(row["who"], row["address"], row["act"], row["subject"], result)
            self._audit.put(connection, act, now=now)
        return True

    def all(self) -> tuple[OpenAct, ...]:
        """Return what is going on, as far as anybody knows."""
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM open_acts ORDER BY rowid").fetchall()
        return tuple(
            OpenAct(
                row["run"],
                row["folder"],
                row["name"],
                Act(row["who"], row["address"], row["act"], row["subject"]),
            )
            for row in rows
        )
