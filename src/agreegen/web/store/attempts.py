"""Counting what failed, so that nobody can try passwords or tokens for long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agreegen.chain.hashing import format_time, parse_time
from agreegen.web.store.database import Database


@dataclass(frozen=True, slots=True)
class AttemptRule:
    """When something is locked.

    Attributes:
        failures: So many are borne; one more locks it.
        within: Counted over this time.
        locked: For so long.
    """

    failures: int
    within: timedelta
    locked: timedelta


class Attempts:
    """Failures by what was tried, e.g. `login:wang` or `address:10.0.0.7`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def locked_until(self, what: str, *, now: datetime) -> datetime | None:
        """Return until when something is locked; None where it is not."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT locked_until FROM attempts WHERE what = ?", (what,)).fetchone()
        until = parse_time(row["locked_until"]) if row and row["locked_until"] else None
        return until if until is not None and until > now else None

    def fail(self, what: str, rule: AttemptRule, *, now: datetime) -> bool:
        """Count a failure; return whether it locked."""
        with self._database.writing() as connection:
            row = connection.execute("SELECT * FROM attempts WHERE what = ?", (what,)).fetchone()
            fresh = row is None or now - parse_time(row["first"]) > rule.within
            failures = 1 if fresh else int(row["failures"]) + 1
            first = format_time(now) if fresh else row["first"]
            locks = failures > rule.failures
            until = format_time(now + rule.locked) if locks else None
            connection.execute(
                "INSERT OR REPLACE INTO attempts (what, failures, first, locked_until) VALUES (?,?,?,?)",
                (what, failures, first, until),
            )
        return locks

    def forgive(self, what: str) -> None:
        """Take one failure back: the try was none."""
        with self._database.writing() as connection:
            connection.execute("UPDATE attempts SET failures = max(0, failures - 1) WHERE what = ?", (what,))

    def clear(self, what: str) -> None:
        """Forget the failures, after a success."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM attempts WHERE what = ?", (what,))
