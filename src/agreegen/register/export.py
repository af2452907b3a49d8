"""The register as a table for people: CSV with a byte order mark, XLSX with text cells."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from openpyxl import Workbook

from agreegen.files import replacing
from agreegen.register.columns import COLUMNS, row_values
from agreegen.register.interface import DocumentRow
from agreegen.text_cells import text_cell

HEADERS = tuple(name.strip() for name in COLUMNS.split(","))
"""The columns of an export."""

_ID_COLUMNS = {"id_number"}


def export_csv(documents: Iterable[DocumentRow], path: Path, *, omit_ids: bool = False) -> int:
    """Write documents as CSV (UTF-8 with byte order mark, mode 0600) and return how many there are.

    Args:
        documents: E.g. all of them: `register.documents()`.
        path: The file to write.
        omit_ids: Leave the ID numbers out.

    Raises:
        OSError: The file cannot be written.
        RegisterError: The register cannot be read.
    """
    count = 0
    with (
        replacing(path, mode=0o600) as temporary,
        temporary.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(_headers(omit_ids))
        for row in _rows(documents, omit_ids):
            writer.writerow(row)
            count += 1
    return count


def export_xlsx(documents: Iterable[DocumentRow], path: Path, *, omit_ids: bool = False) -> int:
    """Write documents as XLSX with text cells only (mode 0600) and return how many there are.

    Excel turns an 18-digit number into one that has lost its last digits; a text cell keeps them.

    Raises:
        OSError: The file cannot be written.
        RegisterError: The register cannot be read.
    """
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("register")
    sheet.append(list(_headers(omit_ids)))
    count = 0
    for row in _rows(documents, omit_ids):
        sheet.append([text_cell(sheet, value) for value in row])
        count += 1
    with replacing(path, mode=0o600) as temporary:
        workbook.save(temporary)
    return count


def _headers(omit_ids: bool) -> tuple[str, ...]:
    return tuple(name for name in HEADERS if not (omit_ids and name in _ID_COLUMNS))


def _rows(documents: Iterable[DocumentRow], omit_ids: bool) -> Iterator[list[str]]:
    for document in documents:
        pairs = zip(HEADERS, row_values(document), strict=True)
        yield [
            _harmless("" if value is None else str(value))
            for name, value in pairs
            if not (omit_ids and name in _ID_COLUMNS)
        ]


def _harmless(text: str) -> str:
    """Keep a spreadsheet from running a value as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
