"""Workbooks written sheet by sheet and row by row: tables of texts and whole numbers that print on A4.

XlsxWriter writes them: it loads in a quarter of the time that a library takes which reads workbooks as well,
and keeps one row in memory.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from agreegen.text_cells import lines_of, workbook_text

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

LINE_PT, MARGIN_PT = 15.5, 4.0
"""Height of a line of Chinese text at 11 points, and what stays free above and below it."""

_A4 = 9
_INCHES = {"left": 0.4, "right": 0.4, "top": 1.0, "bottom": 1.0}
_TEXT_FORMAT = "@"
"""What no spreadsheet calculates with or takes digits from (ISO/IEC 29500-1, 18.8.30)."""


@dataclass(frozen=True, slots=True)
class _Looks:
    """How cells look: the head, text in one line and in several, and numbers."""

    head: Format
    text: Format
    wrapped: Format
    number: Format


class WorkbookFile:
    """A workbook that is written from its beginning to its end.

    Within a `with` statement; where that is left by an exception, what was written is to be thrown away.

    Args:
        path: Where it goes.

    Raises:
        OSError: It cannot be written; told as the `with` statement ends.
    """

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        middle = {"valign": "vcenter"}
        text = {**middle, "num_format": _TEXT_FORMAT}
        self._looks = _Looks(
            head=self._book.add_format({**text, "bold": True, "text_wrap": True}),
            text=self._book.add_format(text),
            wrapped=self._book.add_format({**text, "text_wrap": True}),
            number=self._book.add_format(middle),
        )

    def __enter__(self) -> WorkbookFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._book.close()
        except FileCreateError as exc:
            if kind is None:
                raise OSError(*getattr(exc.args[0], "args", exc.args)) from exc

    @contextlib.contextmanager
    def sheet(self, title: str, widths: Sequence[int], printed: int | None = None) -> Iterator[SheetRows]:
        """Write a sheet: its first row is the head, which stays in sight and stands on each page.

        Args:
            title: Its name, as worksheets demand it, and no other sheet's.
            widths: Width of each column in characters.
            printed: How many of the columns are printed, from the first; None for all.
        """
        sheet = self._book.add_worksheet(title)
        for number, width in enumerate(widths):
            sheet.set_column(number, number, width)
        _print_across(sheet)
        rows = SheetRows(sheet, widths, self._looks)
        yield rows
        sheet.autofilter(0, 0, rows.count - 1, len(widths) - 1)
        sheet.print_area(0, 0, rows.count - 1, (printed or len(widths)) - 1)


class SheetRows:
    """The rows of a sheet, as they are written; see `WorkbookFile.sheet`.

    Attributes:
        count: How many there are.
    """

    def __init__(self, sheet: Worksheet, widths: Sequence[int], looks: _Looks) -> None:
        self.count = 0
        self._sheet, self._widths, self._looks = sheet, widths, looks

    def append(self, values: Sequence[str | int]) -> None:
        """Append a row that is as high as its longest text needs; not every program finds that out by itself.

        Args:
            values: What stands in its cells; text stays text, whatever it looks like. Characters that no
                workbook can carry become U+FFFD.
        """
        sizes = [
            lines_of(value, width) if isinstance(value, str) else 1
            for value, width in zip(values, self._widths, strict=True)
        ]
        highest, head = max(sizes), self.count == 0
        if head or highest > 1:
            self._sheet.set_row(self.count, highest * LINE_PT + MARGIN_PT)
        for column, (value, lines) in enumerate(zip(values, sizes, strict=True)):
            if isinstance(value, int):
                self._sheet.write_number(self.count, column, value, self._looks.number)
                continue
            look = self._looks.head if head else self._looks.wrapped if lines > 1 else self._looks.text
            # An empty text would be counted as filled in.
            write = self._sheet.write_string if value else self._sheet.write_blank
            write(self.count, column, workbook_text(value), look)
        self.count += 1


def _print_across(sheet: Worksheet) -> None:
    """Let a sheet print as a table on A4 across: all columns on one page, title and head on each."""
    sheet.freeze_panes(1, 0)
    sheet.set_default_row(LINE_PT + MARGIN_PT)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_margins(**_INCHES)
    sheet.hide_gridlines(0)
    sheet.center_horizontally()
    sheet.set_header("&C&A")
    sheet.set_footer("&C&P / &N")
