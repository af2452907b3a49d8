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
from agreegen.rosters.formats.sheet_reading import list_sheets, read_rows, read_sheet_facts
from agreegen.rosters.formats.sheet_source import SheetFacts, Source
from agreegen.values.problem import RawValue


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
            yield from self._room.stream(read_rows, self._path, self._index)

    @functools.cached_property
    def facts(self) -> SheetFacts:
        """What the sheet says besides its cells' values."""
        with _worded(self._path):
            return self._room.call(read_sheet_facts, self._path, self._index)


def open_confined(path: Path) -> list[Source]:
    """Open a roster file in a process of its own and list its sheets.

    Raises:
        InputError: There is no such file, it is no table, or asks for more memory or time than one may.
    """
    note_input(path)
    with _worded(path):
        size = path.stat().st_size if path.is_file() else 0
        room = Confinement(Limits.for_bytes(size))
        sheets = room.call(list_sheets, path)
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
