"""CSV files: encoding, separator, and cells guarded against formula injection."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.sheet_source import SheetFacts
from agreegen.rosters.formats.text_decoding import read_lines
from agreegen.values.problem import RawValue

SEPARATORS = (",", ";", "\t")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_TEXT_FORMULA = re.compile(r'="([^"]*)"\Z')
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*\Z", re.IGNORECASE)


def guard(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula; `unguard` takes it off."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """Undo `guard`, and read `="007"`, with which spreadsheets are told to keep text."""
    if _GUARDED.match(text):
        return text[1:]
    if found := _TEXT_FORMULA.match(text):
        return found.group(1)
    return text


class CsvSource:
    """A CSV file with one encoding and one separator.

    Args:
        path: The file.
        encoding: As `detect_encoding` found it.
        separator: One character.
    """

    sheet: str | None = None
    visible = True
    facts = SheetFacts()

    def __init__(self, path: Path, encoding: str, separator: str) -> None:
        self._path = path
        self._encoding = encoding
        self._separator = separator

    def rows(self) -> Iterator[Sequence[RawValue]]:
        """Yield every record; a row's number is that of the record, as a spreadsheet counts.

        Raises:
            InputError: A quotation mark is never closed, or stands where none may.
        """
        lines = read_lines(self._path, self._encoding)
        reader = csv.reader(lines, delimiter=self._separator, strict=True)
        try:
            for record in reader:
                if (
                    reader.line_num == 1
                    and len(record) <= 2
                    and _SEPARATOR_LINE.match(self._separator.join(record))
                ):
                    yield ()
                    continue
                yield [_cell(text) for text in record]
        except csv.Error as exc:
            raise InputError(
                message("rosters.line", path=self._path, line_num=reader.line_num, cause=exc),
                hint=message("rosters.look-quotation-mark-not-closed-or"),
            ) from exc


def _cell(text: str) -> str | None:
    if not text:
        return None
    return unguard(text) if text[0] in "'=" else text
