"""Opening a roster file: what it really is, whatever its name says, and which sheets it has."""

from __future__ import annotations

from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.csv_files import SEPARATORS, CsvSource
from agreegen.rosters.formats.sheet_source import Source
from agreegen.rosters.formats.text_decoding import detect_encoding
from agreegen.rosters.formats.workbooks import open_calamine, open_xlsx, password_error
from agreegen.rosters.formats.xlsx_package import open_package

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP = b"PK\x03\x04"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OTHERS = {
    b"%PDF": message("rosters.kind.pdf"),
    b"\x89PNG": message("rosters.kind.picture"),
    b"\xff\xd8\xff": message("rosters.kind.picture"),
    b"{\\rtf": message("rosters.kind.rtf"),
    b"Rar!": message("rosters.kind.rar"),
    b"7z\xbc\xaf": message("rosters.kind.7zip"),
    b"\x1f\x8b": message("rosters.kind.gzip"),
}
_SAVE_AS = message("rosters.open-excel-or-wps-save-xlsx")


def _open_ole(path: Path) -> list[Source]:
    if _ENCRYPTED in path.read_bytes():
        raise password_error(path)
    return open_calamine(path)


def open_sources(path: Path) -> list[Source]:
    """Open a roster file by its first bytes; its extension is not trusted.

    A CSV file gives one source for every separator; the caller takes the one whose header fits.

    Raises:
        InputError: There is no such file, it is empty, protected, damaged, or not a table.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as exc:
        raise InputError(
            message("rosters.cannot-read", path=path, exc=exc),
            hint=message("rosters.check-path-its-permissions"),
        ) from exc
    if not head.strip():
        raise InputError(message("rosters.empty", path=path), hint=message("rosters.choose-file-roster"))
    if head.startswith(_ZIP):
        return _open_zip(path)
    if head.startswith(_OLE):
        return _open_ole(path)
    for magic, kind in _OTHERS.items():
        if head.startswith(magic):
            raise InputError(
                message("rosters.not-roster", path=path, kind=kind),
                hint=message("rosters.roster-xlsx-xls-or-csv-file"),
            )
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head")):
        raise InputError(message("rosters.web-page-or-xml-whatever-its", path=path), hint=_SAVE_AS)
    encoding = detect_encoding(path)
    if not encoding.startswith("utf-16") and b"\0" in head:
        raise InputError(
            message("rosters.not-text-file", path=path), hint=message("rosters.roster-xlsx-xls-or-csv-file")
        )
    return [CsvSource(path, encoding, separator) for separator in SEPARATORS]


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
