"""The list of the cover sheets as a workbook: a sheet a unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from agreegen.batch.paper.sheets import COLUMNS
from agreegen.files import replacing
from agreegen.rosters.csv_source import guard

_FORBIDDEN = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_TITLE_LENGTH = 31
_WIDTHS = (8, 18, 20, 14, 10, 10, 10)
_MODE = 0o600

Listed = tuple[str, str, str, str, int]
"""Unit, number, name, short id, first page in the printer's file."""


def write_listing(path: Path, people: Iterable[Listed]) -> None:
    """Write the workbook; row by row, so that long lists fit.

    Args:
        path: The workbook, readable by its owner only.
        people: By unit.

    Raises:
        OSError: It cannot be written.
    """
    book = Workbook(write_only=True)
    taken: set[str] = set()
    for unit, rows in groupby(people, key=lambda row: row[0]):
        sheet = book.create_sheet(_title(unit, taken))
        sheet.freeze_panes = "A2"
        for number, width in enumerate(_WIDTHS):
            sheet.column_dimensions["ABCDEFG"[number]].width = width
        head = [WriteOnlyCell(sheet, value=text) for text in (*COLUMNS, "页码")]
        for cell in head:
            cell.font = Font(bold=True)
        sheet.append(head)
        for number, (_, person, name, short, page) in enumerate(rows, 1):
            sheet.append([number, guard(person), guard(name), short, "□", "□", page])
    with replacing(path, mode=_MODE) as temporary:
        book.save(temporary)


def _title(unit: str, taken: set[str]) -> str:
    """Return a name that a worksheet may have and no other one has."""
    plain = _FORBIDDEN.sub("_", unit).strip() or "_"
    title, number = plain[:_TITLE_LENGTH], 1
    while title.casefold() in taken:
        number += 1
        suffix = f"~{number}"
        title = plain[: _TITLE_LENGTH - len(suffix)] + suffix
    taken.add(title.casefold())
    return title
