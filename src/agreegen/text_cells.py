"""Cells of a workbook that hold text and nothing else, whatever the text is."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no workbook can carry (XML 1.0, 2.2); the library that writes it would break off in the middle."""


_WIDER = 1.1
"""How much wider Chinese text is than twice as many digits of the sheet's font, in Excel and LibreOffice."""


def workbook_text(text: str) -> str:
    """Return a text that XML can carry; other characters become U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def lines_of(text: str, width: int) -> int:
    """Return how many lines a text takes in a column of so many characters; ideographs take two each.

    The cell keeps one character free at its sides, and an ideograph is a little wider than two digits.
    """
    usable = max(int((width - 1) / _WIDER), 2)
    if 2 * len(text) <= usable and "\n" not in text:
        return 1
    return sum(max(1, -(-_columns(line) // usable)) for line in text.split("\n"))


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in line)
