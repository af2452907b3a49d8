"""The rows that failed, ready to be mended and run again: CSV and XLSX, same columns and the reason."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from agreegen.files import replacing, sha256_of_file
from agreegen.messages import message, translate
from agreegen.rosters.formats.csv_files import guard
from agreegen.rosters.headers import REASON_HEADER
from agreegen.workbook_file import SheetRows, WorkbookFile

_PRIVATE_MODE = 0o600
_MOST_SHEET_ROWS = 1_048_575
_COLUMN_WIDTH, _REASON_WIDTH = 20, 60
_SHEET_TITLE = re.compile(r"[\[\]:*?/\\]")


def write_failed_rows(
    path_base: Path,
    header: Sequence[str],
    rows: Iterable[tuple[Sequence[str], str]],
    *,
    sheet: str | None = None,
    before: Callable[[Mapping[str, str]], None] = lambda _hashes: None,
) -> tuple[Path, Path]:
    """Write rows that failed as `<path_base>.csv` and `<path_base>.xlsx`, readable by their owner only.

    Both can be run again as they are: the reason column is not read. The CSV has a byte order mark, and cells
    that a spreadsheet would run as formulas are guarded by an apostrophe that `open_roster` takes off again.
    In the XLSX every cell is text, so that a spreadsheet does not destroy the digits of ID numbers.

    Args:
        path_base: Path without a suffix, e.g. `out/failed-rows`.
        header: The roster's header texts.
        rows: Cells and reason of each row; read once, in a stream.
        sheet: Name of the sheet in the roster, which the job may state.
        before: Told the files' names and SHA-256 values when they are complete, and not there yet.

    Returns:
        The paths of the CSV and the XLSX file. A sheet ends after 1,048,575 rows; the CSV holds all.
    """
    csv_path = path_base.with_name(path_base.name + ".csv")
    xlsx_path = path_base.with_name(path_base.name + ".xlsx")
    title = _SHEET_TITLE.sub("_", sheet or translate(message("rosters.failed-rows-sheet")))[:31]
    widths = [*[_COLUMN_WIDTH] * len(header), _REASON_WIDTH]
    with (
        replacing(csv_path, mode=_PRIVATE_MODE) as csv_temporary,
        replacing(xlsx_path, mode=_PRIVATE_MODE) as xlsx_temporary,
    ):
        with WorkbookFile(xlsx_temporary) as book, book.sheet(title, widths) as sheet_rows:
            _write_both(csv_temporary, sheet_rows, _with_header(header, rows))
        before({csv_path.name: sha256_of_file(csv_temporary), xlsx_path.name: sha256_of_file(xlsx_temporary)})
    return csv_path, xlsx_path


def _write_both(path: Path, sheet: SheetRows, rows: Iterable[tuple[Sequence[str], str]]) -> None:
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        for number, (cells, reason) in enumerate(rows):
            line = [*cells, reason]
            writer.writerow([guard(text) for text in line])
            if number <= _MOST_SHEET_ROWS:
                sheet.append(line)


def _with_header(
    header: Sequence[str], rows: Iterable[tuple[Sequence[str], str]]
) -> Iterable[tuple[Sequence[str], str]]:
    yield header, REASON_HEADER
    yield from rows
