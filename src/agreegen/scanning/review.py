"""The review folder: a picture of each page that no rule could decide on, and the sheet to decide in."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from agreegen.errors import AgreegenError, InputError
from agreegen.files import replacing, write_atomically
from agreegen.foreign.confinement import ConfinedError, Confinement, shared
from agreegen.foreign.limits import Limits
from agreegen.messages import (
    ForeignDetail,
    Message,
    join_sentences,
    languages,
    message,
    reader_language,
    translate,
)
from agreegen.recording.scan_files import kept_below
from agreegen.rosters.formats.csv_files import guard, unguard
from agreegen.scanning import reading
from agreegen.scanning.intake import ReadPage
from agreegen.scanning.interface import PageResult
from agreegen.scanning.wording import say_reasons
from agreegen.workbook_file import LINE_PT, MARGIN_PT
from agreegen.yaml_text import packaged_words

SHEET_NAME = "review.xlsx"
_WORDS = packaged_words("agreegen.scanning")
ACCEPT, REJECT = message("scanning.sheet.accept"), message("scanning.sheet.reject")
"""What the sheet offers to write, in the language of the run; it is read in any."""
_ACCEPTING, _REJECTING = frozenset(_WORDS["accepting"]), frozenset(_WORDS["rejecting"])
_WIDTHS = {
    "file": 28, "page": 6, "picture": 34, "reasons": 44, "marked-number": 14, "marked-name": 14,
    "number": 16, "decision": 16, "decided-by": 14, "sha256": 12,
}  # fmt: skip
"""Columns of the sheet, and how wide they are."""
NUMBER, VERDICT, BY, SHA256 = 7, 8, 9, 10
_PAGE = 2
_A4 = 9
_MODE = 0o600
_STEM_LENGTH = 40
_HINT = message("scanning.give-review-folder", sheet_name=SHEET_NAME)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided on a page.

    Attributes:
        cell: Where the decision stands, for messages.
        source_sha256: Hash of the input.
        page: Number of the page in it.
        accepted: Whether the page counts.
        number: Staff number, or document id, that it counts for.
        by: Who decided.
    """

    cell: str
    source_sha256: str
    page: int
    accepted: bool
    number: str
    by: str


class ReviewFolder:
    """Writes pictures while pages are read, and the sheet at the end.

    Args:
        folder: The folder; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pictures: dict[tuple[str, int], str] = {}

    def add(self, page: ReadPage, confinement: Confinement) -> None:
        """Draw a page; one that cannot be drawn gets no picture."""
        stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in page.kept.source.stem)[:_STEM_LENGTH]
        name = f"{stem}-{page.kept.sha256[:8]}-{page.result.page:04d}.png"
        try:
            data = confinement.call(reading.draw_for_review, page.kept.path, page.result.page, page.turns)
        except (ConfinedError, AgreegenError):
            return
        with kept_below(self.folder):
            write_atomically(self.folder / name, data, mode=_MODE)
        self._pictures[page.kept.sha256, page.result.page] = name

    def write(self, results: Sequence[PageResult], seen: frozenset[tuple[str, int]]) -> Path | None:
        """Write the sheet, with what is still open from before; return it, or None where nothing is open.

        Args:
            results: Pages that are left for a person.
            seen: Source hash and page of all pages that were read now: what the old sheet says of them is
                past, but for what a person has filled in.

        Raises:
            RegisterError: It cannot be written.
        """
        with kept_below(self.folder):
            return self._write(results, seen)

    def _write(self, results: Sequence[PageResult], seen: frozenset[tuple[str, int]]) -> Path | None:
        path = self.folder / SHEET_NAME
        filled = _old_rows(path)
        kept = [row for key, row in filled.items() if key not in seen]
        if not results and not kept:
            if path.is_file():
                write_book(path, [])
            return None
        rows = [*kept, *(self._row(result, filled) for result in results)]
        write_book(path, rows)
        return path

    def _row(self, result: PageResult, filled: dict[tuple[str, int], list[object]]) -> list[object]:
        key = (result.source_sha256, result.page)
        old = filled.get(key)
        entered = old[NUMBER - 1 : BY] if old else [result.staff_no or "", "", ""]
        return [
            Path(result.source).name,
            result.page,
            self._pictures.get(key, ""),
            translate(say_reasons(result.reasons)),
            result.staff_no or (result.document or "")[:8],
            result.name or "",
            *entered,
            result.source_sha256,
        ]


def read_decisions(path: Path, by: str | None) -> list[Decision]:
    """Read the decisions of a review sheet; rows without one are still open.

    Args:
        path: The sheet.
        by: Who decided, for rows that do not say so.

    Raises:
        InputError: It is no such sheet, or a row cannot be understood; the message names the cells.
    """
    decisions: list[Decision] = []
    problems: list[Message] = []
    for number, row in enumerate(rows_of(path), 2):
        verdict = unguarded_text(row[VERDICT - 1]).lower()
        if not verdict:
            continue
        who = unguarded_text(row[BY - 1]) or (by or "")
        problem = _row_problem(row, number, verdict, who)
        if problem is not None:
            problems.append(problem)
            continue
        decisions.append(
            Decision(
                _cell(NUMBER, number),
                unguarded_text(row[SHA256 - 1]),
                int(str(row[_PAGE - 1])),
                verdict in _ACCEPTING,
                unguarded_text(row[NUMBER - 1]),
                who,
            )
        )
    if problems:
        raise InputError(
            message("scanning.review-problems", path=path, problems=join_sentences(problems)),
            hint=message("scanning.mend-these-cells-give-sheet-again"),
        )
    return decisions


def _row_problem(row: list[object], number: int, verdict: str, who: str) -> Message | None:
    """Say why a decision cannot be understood."""
    if verdict not in _ACCEPTING | _REJECTING:
        return message(
            "scanning.neither-accept-nor-reject",
            verdict=_cell(VERDICT, number),
            verdict2=verdict,
            accept=ACCEPT,
            reject=REJECT,
        )
    if not who:
        return message("scanning.does-not-say-who-decided", by=_cell(BY, number))
    if verdict in _ACCEPTING and not unguarded_text(row[NUMBER - 1]):
        return message("scanning.accepted-page-needs-staff-number", number=_cell(NUMBER, number))
    return None


def rows_of(path: Path) -> list[list[object]]:
    """Return the rows of a review sheet below its header.

    Raises:
        InputError: It is no review sheet, or a row has lost its page or its hash.
    """
    try:
        rows = shared(Limits()).call(_read_cells, path)
    except ConfinedError as exc:
        raise InputError(
            message("scanning.no-review-sheet", path=path, detail=ForeignDetail(str(exc))), hint=_HINT
        ) from exc
    if not rows or not any(rows[0] == _headings(language) for language in languages()):
        raise InputError(
            message("scanning.has-not-columns-review-sheet", path=path),
            hint=message("scanning.fill-sheet-change-no-column"),
        )
    found = [row for row in rows[1:] if any(cell is not None for cell in row)]
    if not all(str(row[_PAGE - 1]).isdigit() and unguarded_text(row[SHA256 - 1]) for row in found):
        raise InputError(
            message("scanning.row-has-lost-its-page-or", path=path),
            hint=message("scanning.fill-sheet-change-no-other-cell"),
        )
    return found


def _read_cells(path: Path) -> list[list[object]]:
    """Read the cells of a sheet; runs in a confined process, since workbooks unpack to any size."""
    try:
        sheet = load_workbook(path, data_only=True).active
        assert isinstance(sheet, Worksheet)
        return [list(row) for row in sheet.iter_rows(min_row=1, max_col=len(_WIDTHS), values_only=True)]
    except (OSError, InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, AssertionError) as exc:
        raise InputError(
            message("scanning.no-review-sheet", path=path, detail=ForeignDetail(str(exc))), hint=_HINT
        ) from exc


def _old_rows(path: Path) -> dict[tuple[str, int], list[object]]:
    """Return the rows of the sheet that is there; one that is not ours is left under another name."""
    if not path.is_file():
        return {}
    try:
        rows = rows_of(path)
    except InputError:
        path.rename(path.with_name(f"{path.stem}-{path.stat().st_mtime_ns}{path.suffix}"))
        return {}
    return {(unguarded_text(row[SHA256 - 1]), int(str(row[_PAGE - 1]))): row for row in rows}


def _headings(language: str) -> list[str]:
    return [translate(message(f"scanning.sheet.{name}"), language) for name in _WIDTHS]


_HEAD_PT = 36.0
"""Height of the header, which has two lines."""


def write_book(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """Write a review sheet.

    Raises:
        OSError: It cannot be written.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = translate(message("scanning.sheet.title"))
    sheet.append(_headings(reader_language()))
    for number, width in enumerate(_WIDTHS.values(), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
        head = sheet.cell(1, number)
        head.font, head.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
    sheet.freeze_panes = "A2"
    _print_across(sheet)
    sheet.row_dimensions[1].height = _HEAD_PT
    sheet.column_dimensions[get_column_letter(SHA256)].hidden = True
    choice = DataValidation(
        type="list", formula1=f'"{translate(ACCEPT)},{translate(REJECT)}"', allow_blank=True
    )
    sheet.add_data_validation(choice)
    for row in rows:
        sheet.append([guard(cell) if isinstance(cell, str) else cell for cell in row])
        line = sheet.max_row
        for column in (NUMBER, VERDICT, BY):
            sheet.cell(line, column).fill = PatternFill("solid", fgColor="FFF7D6")
        sheet.cell(line, NUMBER).number_format = "@"
        sheet.cell(line, 4).alignment = Alignment(wrap_text=True, vertical="top")
        if row[2]:
            sheet.cell(line, 3).hyperlink = str(row[2])
            sheet.cell(line, 3).style = "Hyperlink"
    choice.add(f"{get_column_letter(VERDICT)}2:{get_column_letter(VERDICT)}{max(2, sheet.max_row)}")
    sheet.auto_filter.ref = f"A1:{_cell(len(_WIDTHS), sheet.max_row)}"
    with replacing(path, mode=_MODE) as temporary:
        book.save(temporary)


def unguarded_text(cell: object) -> str:
    """Return what a cell says, without the guard against formulas."""
    return "" if cell is None else unguard(str(cell)).strip()


def _cell(column: int, row: int) -> str:
    return f"{get_column_letter(column)}{row}"


def _print_across(sheet: Worksheet) -> None:
    """Let a sheet print as a table on A4 across: all columns on one page, title and header on each."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_title_rows = "1:1"
    sheet.sheet_format.defaultRowHeight = LINE_PT + MARGIN_PT
    sheet.sheet_format.customHeight = True
    sheet.print_options.gridLines = True
    sheet.print_options.horizontalCentered = True
    header, footer = sheet.oddHeader, sheet.oddFooter
    assert header is not None
    assert footer is not None
    header.center.text, footer.center.text = "&A", "&P / &N"
