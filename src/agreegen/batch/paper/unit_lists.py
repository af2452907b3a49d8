"""The list of the cover sheets as a workbook: a sheet a unit."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from agreegen.batch.paper.cover_sheets import COLUMNS
from agreegen.unit_sheets import UnitRow, write_unit_sheets
from agreegen.yaml_text import packaged_words

_WIDTHS = (8, 18, 20, 14, 10, 10, 10)

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
    columns = list(
        zip((*COLUMNS, packaged_words("agreegen.batch.paper")["first_page"]), _WIDTHS, strict=True)
    )
    write_unit_sheets(path, columns, _numbered(people), empty="_")


def _numbered(people: Iterable[Listed]) -> Iterable[UnitRow]:
    for unit, rows in groupby(people, key=lambda row: row[0]):
        for number, (_, person, name, short, page) in enumerate(rows, 1):
            yield unit, (number, person, name, short, "□", "□", page)
