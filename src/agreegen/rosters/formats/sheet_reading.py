"""What a confined process does for a table: it lists its sheets and reads their rows."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.roster_file import open_sources
from agreegen.rosters.formats.sheet_source import SheetFacts, Source
from agreegen.values.problem import RawValue
from agreegen.values.text import is_empty

_MOST_EMPTY_ROWS = 1_100_000
"""A worksheet has 1,048,576 rows; a file with more empty ones in a row is no roster."""


@functools.lru_cache(maxsize=1)
def _sources(path: Path) -> list[Source]:
    return open_sources(path)


def list_sheets(path: Path) -> list[tuple[str | None, bool]]:
    """Return name and visibility of each sheet of a file."""
    return [(source.sheet, source.visible) for source in _sources(path)]


def read_sheet_facts(path: Path, index: int) -> SheetFacts:
    """Return what a sheet says besides its cells' values."""
    return _sources(path)[index].facts


def read_rows(path: Path, index: int) -> Iterator[Sequence[RawValue]]:
    """Yield every row of a sheet.

    Raises:
        InputError: The file is damaged, or has more empty rows than a table.
    """
    empty = 0
    for row in _sources(path)[index].rows():
        empty = empty + 1 if all(map(is_empty, row)) else 0
        if empty > _MOST_EMPTY_ROWS:
            raise InputError(
                message(
                    "rosters.more-than-empty-rows-follow-each", path=path, most_empty_rows=_MOST_EMPTY_ROWS
                ),
                hint=message("rosters.copy-rows-people-into-new-workbook"),
            )
        yield row
