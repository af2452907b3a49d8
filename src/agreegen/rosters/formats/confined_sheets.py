"""Tables read in a process with limits, so that a hostile one costs no more than that process.

A worksheet of kilobytes may name a cell in row 99,999,999 or unpack to gigabytes of blanks or shared strings;
the libraries that read it then abort the whole process, or take all of its memory.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from agreegen.errors import InputError
from agreegen.files import note_input
from agreegen.foreign.confinement import ConfinedError, Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import message
from agreegen.rosters.formats.roster_file import open_sources
from agreegen.rosters.formats.sheet_source import SheetFacts, Source
from agreegen.values.problem import RawValue
from agreegen.values.text import is_empty

_MOST_EMPTY_ROWS = 1_100_000
"""A worksheet has 1,048,576 rows; a file with more empty ones in a row is no roster."""


class ConfinedSource:
    """A sheet that a confined process reads.

    Args:
        room: The process.
        path: The file.
        index: Number of the sheet in the file.
        sheet: Its name; None for formats without sheets.
        visible: Whether a user sees it.
    """

    def __init__(self, room: Confinement, path: Path, index: int, sheet: str | None, visible: bool) -> None:
        self._room = room
        self._path = path
        self._index = index
        self.sheet = sheet
        self.visible = visible

    def rows(self) -> Iterator[Sequence[RawValue]]:
        """Yield every row.

        Raises:
            InputError: The file is damaged, or asks for more than a table may.
        """
        with _worded(self._path):
            yield from self._room.stream(_read_rows, self._path, self._index)

    @functools.cached_property
    def facts(self) -> SheetFacts:
        """What the sheet says besides its cells' values."""
        with _worded(self._path):
            return self._room.call(_read_facts, self._path, self._index)


def open_confined(path: Path) -> list[Source]:
    """Open a roster file in a process of its own and list its sheets.

    Raises:
        InputError: There is no such file, it is no table, or asks for more memory or time than one may.
    """
    note_input(path)
    with _worded(path):
        size = path.stat().st_size if path.is_file() else 0
        room = Confinement(Limits.for_bytes(size))
        sheets = room.call(_list_sheets, path)
    return [ConfinedSource(room, path, index, *sheet) for index, sheet in enumerate(sheets)]


@contextlib.contextmanager
def _worded(path: Path) -> Iterator[None]:
    try:
        yield
    except ConfinedError as exc:
        raise InputError(
            message("rosters.cannot-read-table", path=path, exc=exc),
            hint=message("rosters.open-excel-or-wps-copy-rows"),
        ) from exc


@functools.lru_cache(maxsize=1)
def _sources(path: Path) -> list[Source]:
    return open_sources(path)


def _list_sheets(path: Path) -> list[tuple[str | None, bool]]:
    return [(source.sheet, source.visible) for source in _sources(path)]


def _read_facts(path: Path, index: int) -> SheetFacts:
    return _sources(path)[index].facts


def _read_rows(path: Path, index: int) -> Iterator[Sequence[RawValue]]:
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
