"""Workbooks: XLSX through openpyxl or calamine by size, XLS and others through calamine."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from agreegen.errors import InputError, is_breakdown
from agreegen.messages import message
from agreegen.rosters.formats.cell_addresses import MergedRange
from agreegen.rosters.formats.date_epochs import binary_counts_from_1904
from agreegen.rosters.formats.sheet_source import SheetFacts, Source, clean_cell
from agreegen.rosters.formats.workbook_limits import require_few_merges, require_few_sheets
from agreegen.rosters.formats.xlsx_package import (
    SheetEntry,
    SheetScan,
    damaged,
    list_sheets,
    open_package,
    scan_sheet,
    unpacked_bytes,
)
from agreegen.values.problem import RawValue

STREAM_ABOVE_BYTES = 32 << 20
"""Unpacked size from which XLSX is streamed: calamine is fifteen times faster but holds the whole sheet."""

_MOST_ROWS_HELD = 200_000


class XlsxSource:
    """A worksheet of an XLSX package.

    Args:
        path: The file.
        entry: The worksheet.
    """

    def __init__(self, path: Path, entry: SheetEntry) -> None:
        self._path = path
        self._entry = entry
        self._scan: SheetScan | None = None

    @property
    def sheet(self) -> str:
        """The sheet's name."""
        return self._entry.name

    @property
    def visible(self) -> bool:
        """Whether a user sees it."""
        return self._entry.visible

    @property
    def facts(self) -> SheetFacts:
        """What the sheet says besides its cells' values."""
        return self._scanned.facts

    def rows(self) -> Iterator[Sequence[RawValue]]:
        """Yield every row.

        Raises:
            InputError: The file is damaged.
        """
        with open_package(self._path) as package:
            large = unpacked_bytes(package) > STREAM_ABOVE_BYTES
        scan = self._scanned
        if large or scan.wide or scan.last_row > _MOST_ROWS_HELD:
            return _stream(self._path, self._entry.name)
        return _read_held(self._path, self._entry.name)

    @property
    def _scanned(self) -> SheetScan:
        if self._scan is None:
            self._scan = scan_sheet(self._path, self._entry)
        return self._scan


class CalamineSource:
    """A sheet of an XLS, XLSB or ODS workbook, which calamine holds in memory."""

    def __init__(self, path: Path, sheet: str, visible: bool) -> None:
        self._path = path
        self.sheet: str | None = sheet
        self.visible = visible

    @functools.cached_property
    def facts(self) -> SheetFacts:
        """Merged ranges, and from when dates count."""
        with _wrapping(self._path), CalamineWorkbook.from_path(self._path) as workbook:
            ranges = workbook.get_sheet_by_name(str(self.sheet)).merged_cell_ranges or []
        require_few_merges(self._path, len(ranges))
        merges = tuple(
            MergedRange(top + 1, left, bottom + 1, right) for (top, left), (bottom, right) in ranges
        )
        return SheetFacts(merges, counts_from_1904=binary_counts_from_1904(self._path))

    def rows(self) -> Iterator[Sequence[RawValue]]:
        """Yield every row.

        Raises:
            InputError: The file is damaged.
        """
        return _read_held(self._path, str(self.sheet))


def open_xlsx(path: Path) -> list[Source]:
    """List the worksheets of an XLSX file."""
    return [XlsxSource(path, entry) for entry in list_sheets(path)]


def open_calamine(path: Path) -> list[Source]:
    """List the worksheets of an XLS, XLSB or ODS file.

    Raises:
        InputError: The file is damaged or protected by a password.
    """
    with _wrapping(path), CalamineWorkbook.from_path(path) as workbook:
        require_few_sheets(path, len(workbook.sheets_metadata))
        return [
            CalamineSource(path, sheet.name, sheet.visible is SheetVisibleEnum.Visible)
            for sheet in workbook.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet
        ]


def _read_held(path: Path, sheet: str) -> Iterator[Sequence[RawValue]]:
    with _wrapping(path), CalamineWorkbook.from_path(path) as workbook:
        rows = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    for row in rows:
        yield [clean_cell(value) for value in row]


def _stream(path: Path, sheet: str) -> Iterator[Sequence[RawValue]]:
    import openpyxl  # noqa: PLC0415 - takes long to load, and only very large sheets need it

    with _wrapping(path):
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        worksheet = workbook[sheet]
        worksheet.reset_dimensions()
        rows = worksheet.iter_rows(values_only=True)
        while True:
            with _wrapping(path):
                row = next(rows, None)
            if row is None:
                return
            yield [clean_cell(value) for value in row]
    finally:
        workbook.close()


@contextlib.contextmanager
def _wrapping(path: Path) -> Iterator[None]:
    """Turn whatever a library raises over a damaged workbook into one clear error."""
    try:
        yield
    except InputError:
        raise
    except PasswordError as exc:
        raise password_error(path) from exc
    except Exception as exc:
        raise damaged(path) from exc
    except BaseException as exc:
        if is_breakdown(exc):  # what calamine's own bugs look like from Python
            raise damaged(path) from exc
        raise


def password_error(path: Path) -> InputError:
    """Return the error for a workbook that only opens with a password."""
    return InputError(
        message("rosters.protected-password", path=path),
        hint=message("rosters.remove-password-excel-or-wps-save"),
    )
