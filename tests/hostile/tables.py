"""Hostile rosters: workbooks and CSV files."""

from __future__ import annotations

import random
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from tests.hostile.swelling import Part, Swollen, write_package

_CONTENT = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/sharedStrings.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CELL = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'
_NO_PARTS: Mapping[str, Part] = MappingProxyType({})
_HEADER = "".join(
    f'<row r="{number}">{_CELL.format(f"A{number}", one)}{_CELL.format(f"B{number}", other)}</row>'
    for number, one, other in ((1, "编号", "姓名"), (2, "A1", "王秀英"))
)


def workbook(
    path: Path,
    rows: str | Swollen = _HEADER,
    *,
    sheets: int = 1,
    strings: Part | None = None,
    more: Mapping[str, Part] = _NO_PARTS,
) -> None:
    """Write an XLSX whose first sheet has these rows; maybe with shared strings, and with further parts."""
    names = [f"sheet{number}" for number in range(1, sheets + 1)]
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>' for number, name in enumerate(names, 1)
    )
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_REL}/worksheet" Target="worksheets/{name}.xml"/>'
        for number, name in enumerate(names, 1)
    )
    related += f'<Relationship Id="s" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/>'
    parts: dict[str, Part] = {
        "[Content_Types].xml": _CONTENT,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"/>' if strings is None else strings,
    }
    for name in names:
        parts[f"xl/worksheets/{name}.xml"] = _within(f'<worksheet xmlns="{_MAIN}"><sheetData>', rows)
    write_package(path, {**parts, **more})


def _within(start: str, rows: str | Swollen) -> Part:
    end = "</sheetData></worksheet>"
    if isinstance(rows, str):
        return f"{start}{rows}{end}"
    return replace(rows, before=(start + _HEADER).encode(), after=end.encode())


def blocks(unit: bytes, total: int) -> Iterable[bytes]:
    """Yield a unit again and again until there are so many bytes."""
    block = unit * (1 + (1 << 20) // len(unit))
    for _ in range(total // len(block) + 1):
        yield block


def _far(path: Path, address: str) -> None:
    workbook(path, _HEADER + f'<row r="99999999"><c r="{address}"><v>1</v></c></row>')


def _ods(path: Path) -> None:
    cell = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated="16384">'
        "<text:p>x</text:p></table:table-cell>"
    )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="a"><table:table-row table:number-rows-repeated="1048576">{cell}'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    write_package(
        path, {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}
    )


def _lying(path: Path) -> None:
    """A part of which the directory says that it has ten bytes, and which unpacks to a gigabyte."""
    workbook(path, Swollen(b" ", 1 << 30))
    _say_ten_bytes(path, b"worksheets/sheet1.xml")


def _lying_strings(path: Path) -> None:
    _strings(path, b"<si><t>x</t></si>", 2 << 30)
    _say_ten_bytes(path, b"xl/sharedStrings.xml")


def _heavy_strings(path: Path) -> None:
    """Strings without end beside noise, so that the whole does not swell more than tables do."""
    noise = random.Random(1).randbytes(3 << 20)
    _strings(path, b"<si/>", 300 << 20, more={"xl/media/a.png": noise})


def _say_ten_bytes(path: Path, part: bytes) -> None:
    data = bytearray(path.read_bytes())
    start = data.rfind(b"PK\x01\x02", 0, data.rfind(part))
    data[start + 24 : start + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)


def _merges(path: Path) -> None:
    ranges = "".join(f'<mergeCell ref="A{row}:B{row + 400_000}"/>' for row in range(2, 60_000))
    workbook(path, f"{_HEADER}</sheetData><mergeCells>{ranges}</mergeCells><sheetData>")


def _strings(
    path: Path, unit: bytes, total: int, before: bytes = b"", more: Mapping[str, Part] = _NO_PARTS
) -> None:
    """Shared strings; those of five bytes each weigh 1.6 MB and take five gigabytes of a reader's memory."""
    start = f'<sst xmlns="{_MAIN}">'.encode()
    workbook(path, strings=Swollen(unit, total, start + before, b"</sst>"), more=more)


def _entities(path: Path) -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE w [<!ENTITY a0 "ha">{laughs}]>'
    workbook(path, strings=f"{doctype}<sst><si><t>&a11;</t></si></sst>")


def _entries(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as package:
        for number in range(60_000):
            package.writestr(f"xl/{number}", b"")
        package.writestr("xl/workbook.xml", b"<w/>")


def _lines(path: Path, unit: bytes, total: int) -> None:
    with path.open("wb") as file:
        file.write("编号,姓名\nA1,王秀英\n".encode())
        file.writelines(blocks(unit, total))


def plain(data: bytes) -> Callable[[Path], None]:
    """Return what writes these bytes."""

    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


def _cut(path: Path) -> None:
    workbook(path)
    path.write_bytes(path.read_bytes()[:-40])


TABLES: dict[str, Callable[[Path], None]] = {
    "far-cell.xlsx": lambda path: _far(path, "ZZZZ99999999"),
    "far-corner.xlsx": lambda path: _far(path, "XFD1048576"),
    "far-number.xlsx": lambda path: _far(path, "A4294967295"),
    "strings.xlsx": lambda path: _strings(path, b"<si><t>" + b"x" * 200 + b"</t></si>", 12 << 30),
    "short-strings.xlsx": lambda path: _strings(path, b"<si><t>x</t></si>", 7 << 30),
    "heavy-strings.xlsx": _heavy_strings,
    "lying-strings.xlsx": _lying_strings,
    "empty-strings.xlsx": lambda path: _strings(path, b"<si/>", 1_100 << 20),
    "one-string.xlsx": lambda path: _strings(path, b"x", 12 << 30, b"<si><t>"),
    "blanks.xlsx": lambda path: workbook(path, Swollen(b" ", 3 << 30)),
    "gigabytes-of-blanks.xlsx": lambda path: workbook(path, Swollen(b" ", 12 << 30)),
    "empty-rows.xlsx": lambda path: workbook(path, Swollen(b"<row/>", 1 << 30)),
    "lying-size.xlsx": _lying,
    "merges.xlsx": _merges,
    "entities.xlsx": _entities,
    "sheets.xlsx": lambda path: workbook(path, sheets=3_000),
    "entries.xlsx": _entries,
    "cut.xlsx": _cut,
    "no-sheets.xlsx": lambda path: write_package(path, {"xl/workbook.xml": "<workbook/>"}),
    "repeated.ods": _ods,
    "broken.xls": plain(bytes.fromhex("d0cf11e0a1b11ae1") + b"\xff" * 5_000),
    "zeros.xls": plain(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(5_000)),
    "spaces.csv": lambda path: _lines(path, b" ", 400 << 20),
    "line-ends.csv": lambda path: _lines(path, b"\n", 60 << 20),
    "open-quote.csv": lambda path: _lines(path, b'"a', 60 << 20),
    "commas.csv": lambda path: _lines(path, b",", 100 << 20),
    "nulls.csv": lambda path: _lines(path, b"\0", 1 << 20),
    "packed.csv": plain(b"\x1f\x8b" + zlib.compress(b"x")),
    "nothing.csv": plain(b""),
    "a-pdf.csv": plain(b"%PDF-1.7\n"),
}
"""File name → what writes it. Every one is exit 3 for `batch check`."""
