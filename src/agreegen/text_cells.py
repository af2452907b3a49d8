"""Cells of a workbook that hold text and nothing else, whatever the text is."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.styles import Alignment
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no workbook can carry (XML 1.0, 2.2); the library that writes it would break off in the middle."""


_WIDER = 1.1
"""How much wider Chinese text is than twice as many digits of the sheet's font, in Excel and LibreOffice."""


def printable(text: str) -> str:
    """Return a text that XML can carry; other characters become U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def text_cell(worksheet: WriteOnlyWorksheet, text: str, *, width: int | None = None) -> Cell:
    """Return a text cell; a spreadsheet neither calculates with it nor takes digits from it.

    Args:
        worksheet: Where it goes.
        text: What it shows; characters that no workbook can carry become U+FFFD.
        width: Width of its column in characters; a longer text goes on in a further line. None to run over.
    """
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - takes long to load

    cell = WriteOnlyCell(worksheet, value=printable(text))
    cell.data_type = "s" if text else "n"
    cell.number_format = "@"
    cell.alignment = alignment(wrapped=width is not None and lines_of(text, width) > 1)
    return cell


@functools.cache
def alignment(*, wrapped: bool) -> Alignment:
    """Return how a cell is set: in the middle of its height; made once, as a workbook compares every one."""
    from openpyxl.styles import Alignment  # noqa: PLC0415 - takes long to load

    return Alignment(wrap_text=wrapped or None, vertical="center")


def lines_of(text: str, width: int) -> int:
    """Return how many lines a text takes in a column of so many characters; ideographs take two each.

    The cell keeps one character free at its sides, and an ideograph is a little wider than two digits.
    """
    usable = max(int((width - 1) / _WIDER), 2)
    return sum(max(1, -(-_columns(line) // usable)) for line in text.split("\n"))


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)
