"""Workbooks written sheet by sheet and row by row: tables of texts and whole numbers, and nothing else.

Libraries that write all that a workbook may hold take longer to load than a hundred documents take to make.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from agreegen.text_cells import column_letters, lines_of, xml_text

__all__ = ["SheetRows", "WorkbookFile"]

LINE_PT, MARGIN_PT = 15.5, 4.0
"""Height of a line of Chinese text at 11 points, and what stays free above and below it."""

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"

_CODE_OF_CHARACTER = re.compile(r"_x[0-9A-Fa-f]{4}_")
"""What a spreadsheet takes for the code of a character (ISO/IEC 29500-1, 22.9.2.19)."""
_HEAD, _TEXT, _WRAPPED, _NUMBER = 1, 2, 3, 4
"""Looks of cells: places in `cellXfs`. Number format 49 is text, which no spreadsheet calculates with."""
_FONT = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
_PLAIN = 'fontId="0" fillId="0" borderId="0"'
_MIDDLE = 'xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="center"'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}">'
    f'<fonts count="2"><font>{_FONT}</font><font><b/>{_FONT}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    f'<cellStyleXfs count="1"><xf numFmtId="0" {_PLAIN}/></cellStyleXfs>'
    f'<cellXfs count="5"><xf numFmtId="0" {_PLAIN} xfId="0"/>'
    f'<xf numFmtId="49" fontId="1" fillId="0" borderId="0" applyFont="1" {_MIDDLE} wrapText="1"/></xf>'
    f'<xf numFmtId="49" {_PLAIN} {_MIDDLE}/></xf>'
    f'<xf numFmtId="49" {_PLAIN} {_MIDDLE} wrapText="1"/></xf>'
    f'<xf numFmtId="0" {_PLAIN} {_MIDDLE}/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_BEGINNING = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
    '<sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    f'<sheetFormatPr defaultRowHeight="{LINE_PT + MARGIN_PT:g}" customHeight="1"/><cols>'
)
_END = (
    '<printOptions horizontalCentered="1" gridLines="1"/>'
    '<pageMargins left="0.4" right="0.4" top="1" bottom="1" header="0.5" footer="0.5"/>'
    '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
    "<headerFooter><oddHeader>&amp;C&amp;A</oddHeader><oddFooter>&amp;C&amp;P / &amp;N</oddFooter>"
    "</headerFooter></worksheet>"
)
"""It prints as a table on A4 across: all columns on one page, title and head on each."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that is written.

    Attributes:
        title: Its name, as XML.
        quoted: The same, as formulas name it.
        area: Where its table stands.
        printed: What of it is printed.
    """

    title: str
    quoted: str
    area: str
    printed: str


class WorkbookFile:
    """An XLSX package that is written from its beginning to its end (ISO/IEC 29500-1, 18).

    Within a `with` statement; where that is left by an exception, what was written is no workbook.

    Args:
        path: Where it goes.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._package = ZipFile(path, "w")
        self._sheets: list[_Sheet] = []

    def __enter__(self) -> WorkbookFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._package:
            if kind is None:
                self._write_directory()

    @contextlib.contextmanager
    def sheet(self, title: str, widths: Sequence[int], printed: int | None = None) -> Iterator[SheetRows]:
        """Write a sheet: its first row is the head, which stays in sight and stands on each page.

        Args:
            title: Its name, as worksheets demand it, and no other sheet's.
            widths: Width of each column in characters.
            printed: How many of the columns are printed, from the first; None for all.
        """
        part = _part(f"xl/worksheets/sheet{len(self._sheets) + 1}.xml")
        with io.TextIOWrapper(self._package.open(part, "w"), encoding="utf-8", newline="\n") as file:
            file.write(_BEGINNING)
            for number, width in enumerate(widths, 1):
                file.write(f'<col min="{number}" max="{number}" width="{width}" customWidth="1"/>')
            file.write("</cols><sheetData>")
            rows = SheetRows(file, widths)
            yield rows
            file.write(
                f'</sheetData><autoFilter ref="A1:{column_letters(len(widths) - 1)}{rows.count}"/>{_END}'
            )
        quoted = "'" + xml_text(title).replace("'", "''") + "'"
        areas = [
            f"{quoted}!$A$1:${column_letters(columns - 1)}${rows.count}"
            for columns in (len(widths), printed or len(widths))
        ]
        self._sheets.append(_Sheet(xml_text(title), quoted, *areas))

    def _write_directory(self) -> None:
        """Write what holds the sheets together: names, looks, kinds of parts and how they belong together."""
        sheets, names = "", ""
        relations = [(f"{_OFFICE}/styles", "styles.xml")]
        kinds = _kind("xl/workbook.xml", "sheet.main") + _kind("xl/styles.xml", "styles")
        for index, sheet in enumerate(self._sheets):
            relations.append((f"{_OFFICE}/worksheet", f"worksheets/sheet{index + 1}.xml"))
            kinds += _kind(f"xl/worksheets/sheet{index + 1}.xml", "worksheet")
            name = sheet.title.replace('"', "&quot;")
            sheets += f'<sheet name="{name}" sheetId="{index + 1}" r:id="rId{len(relations)}"/>'
            names += _name("_FilterDatabase", index, sheet.area, ' hidden="1"')
            names += _name("Print_Area", index, sheet.printed)
            names += _name("Print_Titles", index, f"{sheet.quoted}!$1:$1")
        book = f"<sheets>{sheets}</sheets><definedNames>{names}</definedNames>"
        parts = {
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{book}</workbook>',
            "xl/_rels/workbook.xml.rels": _relations(relations),
            "xl/styles.xml": _STYLES,
            "_rels/.rels": _relations([(f"{_OFFICE}/officeDocument", "xl/workbook.xml")]),
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
            f'<Default Extension="rels" ContentType="{_RELATIONS}"/>{kinds}</Types>',
        }
        for part, text in parts.items():
            self._package.writestr(_part(part), (_XML + text).encode())


class SheetRows:
    """The rows of a sheet, as they are written; see `WorkbookFile.sheet`.

    Attributes:
        count: How many there are.
    """

    def __init__(self, file: TextIO, widths: Sequence[int]) -> None:
        self.count = 0
        self._file = file
        self._columns = [(column_letters(number), width) for number, width in enumerate(widths)]

    def append(self, values: Sequence[str | int]) -> None:
        """Append a row that is as high as its longest text needs; not every program finds that out by itself.

        Args:
            values: What stands in its cells; text stays text, whatever it looks like.
        """
        self.count += 1
        cells, highest = "", 1
        for (letters, width), value in zip(self._columns, values, strict=True):
            if isinstance(value, int):
                cells += f'<c r="{letters}{self.count}" s="{_NUMBER}"><v>{value}</v></c>'
                continue
            lines = lines_of(value, width)
            highest = max(highest, lines)
            look = _HEAD if self.count == 1 else _WRAPPED if lines > 1 else _TEXT
            cells += _text_cell(f"{letters}{self.count}", look, value)
        high = self.count == 1 or highest > 1
        height = f' ht="{highest * LINE_PT + MARGIN_PT:g}" customHeight="1"' if high else ""
        self._file.write(f'<row r="{self.count}"{height}>{cells}</row>')


def _text_cell(address: str, look: int, text: str) -> str:
    if not text:
        return f'<c r="{address}" s="{look}"/>'
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    shown = xml_text(_CODE_OF_CHARACTER.sub(r"_x005F\g<0>", text) if "_x" in text else text)
    return f'<c r="{address}" s="{look}" t="inlineStr"><is><t{kept}>{shown}</t></is></c>'


def _part(name: str) -> ZipInfo:
    """Describe a part that is packed and, so that equal tables make equal files, has no time of its own."""
    part = ZipInfo(name)
    part.compress_type = ZIP_DEFLATED
    return part


def _name(name: str, sheet: int, area: str, more: str = "") -> str:
    return f'<definedName name="_xlnm.{name}" localSheetId="{sheet}"{more}>{area}</definedName>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    found = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{found}</Relationships>'


def _kind(part: str, kind: str) -> str:
    return f'<Override PartName="/{part}" ContentType="{_SHEETS}.{kind}+xml"/>'
