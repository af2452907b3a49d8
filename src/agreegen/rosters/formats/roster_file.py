"""Opening a roster file: what it really is, whatever its name says, and which sheets it has."""

from __future__ import annotations

from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.csv_files import SEPARATORS, CsvSource
from agreegen.rosters.formats.sheet_source import Source
from agreegen.rosters.formats.text_decoding import detect_encoding

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP = b"PK\x03\x04"
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
    if head.startswith((_ZIP, _OLE)):
        from agreegen.rosters.formats.workbook_kinds import open_workbook  # noqa: PLC0415 - not for a CSV file

        return open_workbook(path, package=head.startswith(_ZIP))
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
