"""A whole copy of a SQLite file that others are writing to."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from agreegen.errors import RegisterError
from agreegen.messages import message

MAGIC = b"SQLite format 3\0"
_BUSY_S = 60.0


def is_database(path: Path) -> bool:
    """Tell whether a file is a SQLite database, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, its write-ahead log included.

    Raises:
        RegisterError: It cannot be read.
    """
    try:
        with (
            contextlib.closing(
                sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)
            ) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
    except sqlite3.DatabaseError as exc:
        raise RegisterError(
            message("web.cannot-copied", source=source), hint=message("web.damaged-try-again")
        ) from exc
