"""Which kind of workbook a file is, by what is in it."""

from __future__ import annotations

from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.sheet_source import Source
from agreegen.rosters.formats.workbooks import open_calamine, open_xlsx, password_error
from agreegen.rosters.formats.xlsx_package import open_package

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def open_workbook(path: Path, *, package: bool) -> list[Source]:
    """List the worksheets of a workbook.

    Args:
        path: The file.
        package: Whether it is a package of parts (ZIP); else it is an OLE file.

    Raises:
        InputError: It is protected, damaged, or no workbook.
    """
    return _open_zip(path) if package else _open_ole(path)


def _open_ole(path: Path) -> list[Source]:
    if _ENCRYPTED in path.read_bytes():
        raise password_error(path)
    return open_calamine(path)


def _open_zip(path: Path) -> list[Source]:
    with open_package(path) as package:
        names = set(package.namelist())
    if "xl/workbook.xml" in names:
        return open_xlsx(path)
    if "xl/workbook.bin" in names or "content.xml" in names:
        return open_calamine(path)
    kind = message("rosters.kind.word" if "word/document.xml" in names else "rosters.kind.zip")
    raise InputError(
        message("rosters.not-roster", path=path, kind=kind),
        hint=message("rosters.roster-xlsx-xls-or-csv-file"),
    )
