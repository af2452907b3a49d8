"""Hostile rosters: workbooks and CSV files."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

_CONTENT = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_CELL = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'
_HEADER = "".join(
    f'<row r="{number}">{_CELL.format(f"A{number}", one)}{_CELL.format(f"B{number}", other)}</row>'
    for number, one, other in ((1, "编号", "姓名"), (2, "A1", "王秀英"))
)

Part = str | Iterable[bytes]


def write_package(path: Path, parts: dict[str, Part]) -> None:
    """Write a ZIP whose parts may be streams of any length."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, part in parts.items():
            with package.open(name, "w", force_zip64=True) as file:
                for block in [part.encode()] if isinstance(part, str) else part:
                    file.write(block)


def workbook(path: Path, rows: Part = _HEADER, *, sheets: int = 1, strings: Part | None = None) -> None:
    """Write an XLSX whose first sheet has these rows; maybe with shared strings."""
    names = [f"sheet{number}" for number in range(1, sheets + 1)]
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>' for number, name in enumerate(names, 1)
    )
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_REL}/worksheet" Target="worksheets/{name}.xml"/>'
        for number, name in enumerate(names, 1)
    )
    strings = f'<Relationship Id="s" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/>'
    parts: dict[str, Part] = {
        "[Content_Types].xml": _CONTENT,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
        f'Type="{_REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{related}{strings}</Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"/>' if strings is None else strings,
    }
    for name in names:
        start = f'<worksheet xmlns="{_MAIN}"><sheetData>'
        body: Part = (
            f"{start}{rows}</sheetData></worksheet>" if isinstance(rows, str) else _around(start, rows)
        )
        parts[f"xl/worksheets/{name}.xml"] = body
    write_package(path, parts)


def _around(start: str, rows: Iterable[bytes]) -> Iterable[bytes]:
    yield start.encode() + _HEADER.encode()
    yield from rows
    yield b"</sheetData></worksheet>"


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
    workbook(path, blocks(b" ", 1 << 30))
    data = bytearray(path.read_bytes())
    start = data.rfind(b"PK\x01\x02", 0, data.rfind(b"worksheets/sheet1.xml"))
    data[start + 24 : start + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)


def _merges(path: Path) -> None:
    ranges = b"".join(b'<mergeCell ref="A%d:B%d"/>' % (row, row + 400_000) for row in range(2, 60_000))
    tail = b"</sheetData><mergeCells>" + ranges + b"</mergeCells><sheetData>"
    workbook(path, [tail])


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
    "strings.xlsx": lambda path: workbook(
        path, strings=blocks(b"<si><t>" + b"x" * 200 + b"</t></si>", 3 << 30)
    ),
    "one-string.xlsx": lambda path: workbook(path, strings=blocks(b"x", 1 << 30)),
    "blanks.xlsx": lambda path: workbook(path, blocks(b" ", 3 << 30)),
    "empty-rows.xlsx": lambda path: workbook(path, blocks(b"<row/>", 1 << 30)),
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
