"""Workbooks with a sheet for each unit, ready to be sent out: widths, frozen header, text cells."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, cast

from agreegen.files import replacing
from agreegen.text_cells import blank_cell, lines_of, put_text

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet
    from openpyxl.worksheet.worksheet import Worksheet

_FORBIDDEN = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_TITLE_LENGTH = 31
_MODE = 0o600
_A4 = 9
_LINE_PT, _MARGIN_PT = 15.5, 4.0
"""Height of a line of Chinese text at 11 points, and what stays free above and below it."""

UnitRow = tuple[str, Sequence[str | int]]
"""A unit, and the values of one row of its sheet."""


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet of a workbook.

    Attributes:
        title: Its name, cut and changed as far as worksheets demand.
        columns: Header and width, in characters, of each column.
        rows: The values of each row; text stays text, whatever it looks like.
    """

    title: str
    columns: Sequence[tuple[str, int]]
    rows: Iterable[Sequence[str | int]]


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
    from openpyxl import Workbook  # noqa: PLC0415 - takes long to load

    # What may not be replaced is refused before a row is written.
    with replacing(path, mode=_MODE) as temporary:
        book = Workbook(write_only=True)
        taken: set[str] = set()
        with letting_go(book):
            for table in tables:
                _write_table(book.create_sheet(_title(table.title, taken)), table)
        book.save(temporary)


@contextlib.contextmanager
def letting_go(book: Workbook) -> Iterator[None]:
    """Let a workbook that is written row by row go where its rows break off.

    Half a sheet that is merely dropped prints a traceback of the library's and leaves its temporary file.
    """
    try:
        yield
    except BaseException:
        book.save(io.BytesIO())
        raise


def _write_table(sheet: WriteOnlyWorksheet, table: Table) -> None:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - takes long to load
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415 - the same
    from openpyxl.utils import get_column_letter  # noqa: PLC0415 - the same

    whole = cast("Worksheet", sheet)  # a write-only sheet has the same properties
    widths = [width for _, width in table.columns]
    whole.freeze_panes = "A2"
    print_across(whole)
    for number, width in enumerate(widths, 1):
        whole.column_dimensions[get_column_letter(number)].width = width
    head = [WriteOnlyCell(sheet, value=text) for text, _ in table.columns]
    for cell in head:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    whole.row_dimensions[1].height = (
        _LINE_PT * max(map(lines_of, *zip(*table.columns, strict=True))) + _MARGIN_PT
    )
    sheet.append(head)
    number, rows = 1, SheetRows(sheet)
    for number, values in enumerate(table.rows, 2):
        rows.append(number, values, widths)
    whole.auto_filter.ref = f"A1:{get_column_letter(len(widths))}{number}"


class SheetRows:
    """Rows of texts and numbers for a sheet that is written row by row.

    A row is in the file when it is appended, so the next one goes into the same cells. The library compares
    the look of every new cell with all that the workbook has: so there are few of them.
    """

    def __init__(self, sheet: WriteOnlyWorksheet) -> None:
        self._sheet = sheet
        self._cells: dict[tuple[int, bool, bool], Cell] = {}

    def append(self, number: int, values: Sequence[str | int], widths: Sequence[int]) -> None:
        """Append a row that is as high as its longest text needs; not every program finds that out by itself.

        Args:
            number: Number of the row, from 1.
            values: What stands in its cells.
            widths: Widths of its columns in characters.
        """
        cells: list[Cell] = []
        highest = 1
        for column, (value, width) in enumerate(zip(values, widths, strict=True)):
            if isinstance(value, str):
                lines = lines_of(value, width)
                highest = max(highest, lines)
                cell = self._cell(column, wrapped=lines > 1, text=True)
                put_text(cell, value)
            else:
                cell = self._cell(column, wrapped=False, text=False)
                cell.value = value
            cells.append(cell)
        if highest > 1:
            height = highest * _LINE_PT + _MARGIN_PT
            cast("Worksheet", self._sheet).row_dimensions[number].height = height
        self._sheet.append(cells)

    def _cell(self, column: int, *, wrapped: bool, text: bool) -> Cell:
        kind = column, wrapped, text
        cell = self._cells.get(kind)
        if cell is None:
            cell = self._cells[kind] = blank_cell(self._sheet, wrapped=wrapped, text=text)
        return cell


def print_across(sheet: Worksheet) -> None:
    """Let a sheet print as a table on A4 across: all columns on one page, title and header on each."""
    from openpyxl.worksheet.properties import PageSetupProperties  # noqa: PLC0415 - takes long to load

    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_title_rows = "1:1"
    sheet.sheet_format.defaultRowHeight = _LINE_PT + _MARGIN_PT
    sheet.sheet_format.customHeight = True
    sheet.print_options.gridLines = True
    sheet.print_options.horizontalCentered = True
    header, footer = sheet.oddHeader, sheet.oddFooter
    assert header is not None
    assert footer is not None
    header.center.text, footer.center.text = "&A", "&P / &N"


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
