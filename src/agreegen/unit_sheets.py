"""Workbooks with a sheet for each unit, ready to be sent out: widths, frozen header, text cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from agreegen.files import replacing
from agreegen.workbook_file import WorkbookFile

_FORBIDDEN = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_TITLE_LENGTH = 31
_RESERVED = frozenset({"history"})
"""Names that Excel keeps for itself; a workbook with such a sheet is mended as it is opened."""
_MODE = 0o600

UnitRow = tuple[str, Sequence[str | int]]
"""A unit, and the values of one row of its sheet."""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of a workbook.

    Attributes:
        title: Its name, cut and changed as far as worksheets demand.
        columns: Header and width, in characters, of each column.
        rows: The values of each row; text stays text, whatever it looks like.
        printed: How many of the columns are printed, from the first; None for all. Those behind are for
            looking up: with them the letters on A4 would be too small to read.
    """

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[str | int]]
    printed: int | None = None


def write_unit_sheets(
    path: Path, columns: Sequence[tuple[str, int]], rows: Iterable[UnitRow], *, empty: str
) -> None:
    """Write a workbook row by row, so that long lists fit; only its owner may read it.

    Args:
        path: The workbook.
        columns: Header and width, in characters, of each column.
        rows: The rows, those of one unit together.
        empty: Title of the one sheet that is written where there are no rows.

    Raises:
        OSError: It cannot be written.
    """
    groups = groupby(rows, key=lambda row: row[0])
    first = next(groups, (empty, iter(())))
    write_tables(
        path,
        (Table(unit, columns, (values for _, values in members)) for unit, members in _chain(first, groups)),
    )


def write_tables(path: Path, tables: Iterable[Table]) -> None:
    """Write tables as the sheets of a workbook, row by row; only its owner may read it.

    Raises:
        OSError: It cannot be written.
    """
    # What may not be replaced is refused before a row is written.
    with replacing(path, mode=_MODE) as temporary, WorkbookFile(temporary) as book:
        taken = set(_RESERVED)
        for table in tables:
            widths = [width for _, width in table.columns]
            with book.sheet(_title(table.title, taken), widths, table.printed) as rows:
                rows.append([header for header, _ in table.columns])
                for values in table.rows:
                    rows.append(values)


def _chain(
    first: tuple[str, Iterable[UnitRow]], rest: Iterable[tuple[str, Iterable[UnitRow]]]
) -> Iterable[tuple[str, Iterable[UnitRow]]]:
    yield first
    yield from rest


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
