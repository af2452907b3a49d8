"""What people decided on scanned pages, until it is recorded in the register."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agreegen.chain.hashing import format_time
from agreegen.web.store.database import Database


@dataclass(frozen=True, slots=True)
class PageDecision:
    """What one person decided on one page.

    Attributes:
        source: Lower-case hex SHA-256 of the scan.
        page: Number of the page in it.
        accepted: Whether the page counts.
        number: For whom: staff number or document id; empty where it does not count.
        by: Account of who decided.
    """

    source: str
    page: int
    accepted: bool
    number: str
    by: str

    def agrees_with(self, other: PageDecision) -> bool:
        """Whether two people decided the same."""
        return (self.accepted, self.number) == (other.accepted, other.number)


class PageDecisions:
    """The decisions of an office that are not recorded yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, batch: str, decision: PageDecision, *, now: datetime) -> None:
        """Note a decision; who decides again on a page changes the own one."""
        values = (batch, decision.source, decision.page, int(decision.accepted), decision.number, decision.by)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO scan_decisions VALUES (?,?,?,?,?,?,?)", (*values, format_time(now))
            )

    def of(self, batch: str) -> tuple[PageDecision, ...]:
        """Return the decisions on the pages of a batch, oldest first."""
        query = "SELECT * FROM scan_decisions WHERE batch = ? ORDER BY at, source, page"
        with self._database.reading() as connection:
            return tuple(map(_decision, connection.execute(query, (batch,))))

    def forget(self, batch: str, pages: Iterable[tuple[str, int]]) -> None:
        """Forget the decisions on pages, once the register holds them."""
        with self._database.writing() as connection:
            connection.executemany(
                "DELETE FROM scan_decisions WHERE batch = ? AND source = ? AND page = ?",
                [(batch, source, page) for source, page in pages],
            )


def _decision(row: sqlite3.Row) -> PageDecision:
    return PageDecision(row["source"], row["page"], bool(row["accepted"]), row["number"], row["by"])
