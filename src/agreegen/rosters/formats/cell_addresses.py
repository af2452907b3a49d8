"""Spreadsheet addresses: A1 notation and merged ranges."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\Z")


@dataclass(frozen=True, slots=True)
class MergedRange:
    """A merged range; rows are one-based, columns zero-based, both ends belong to it."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


def cell_address(row: int, column: int) -> str:
    """Return the address of a one-based row and a zero-based column, such as `C4`."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def parse_range(text: str) -> MergedRange | None:
    """Parse a range such as `A1:C1`; None if it is not one."""
    found = _RANGE.match(text)
    if not found:
        return None
    left, top, right, bottom = found.groups()
    return MergedRange(int(top), _column(left), int(bottom), _column(right))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
