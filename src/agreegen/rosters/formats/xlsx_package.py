"""What an XLSX package says about its sheets: names, visibility, merged ranges, cells without a value."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.rosters.formats.cell_addresses import parse_range
from agreegen.rosters.formats.misleading_cells import CellReader, padding_patterns
from agreegen.rosters.formats.sheet_source import SheetFacts
from agreegen.rosters.formats.workbook_limits import require_few_merges, require_few_sheets

_CHUNK_BYTES = 1 << 20
_OVERLAP_BYTES = 4096
_MOST_TIMES, _ALWAYS_BYTES = 100, 32 << 20
"""A table packs to a tenth or a thirtieth of its size; only what says the same for ever packs to less than a
hundredth (Apache POI's `ZipSecureFile` draws the same line). Small packages may: there is little to read."""
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"')
_HIDDEN = re.compile(
    rb'<(?:\w+:)?row\b(?=[^<>]*?\bhidden="(?:1|true)")[^<>]*?\br="(\d{1,7})"'
)  # a filter hides rows in the same way
_WIDE = re.compile(rb'\br="[A-Z]{3}\d')
_SUSPECT = re.compile(rb"""<(?:\w+:)?f[ />]|\bt=["']e["']""")


STYLES = "xl/styles.xml"
_TRUE = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A worksheet of a package.

    Attributes:
        name: Its name.
        visible: Whether a user sees it.
        part: The part that holds it.
        counts_from_1904: Whether the workbook's dates count from 1904.
    """

    name: str
    visible: bool
    part: str
    counts_from_1904: bool = False


@dataclass(frozen=True, slots=True)
class SheetScan:
    """What a quick scan of a worksheet part found.

    Attributes:
        facts: What the sheet says besides its cells' values.
        last_row: Greatest row number.
        wide: Whether there is a cell beyond column ZZ.
    """

    facts: SheetFacts
    last_row: int
    wide: bool


def list_sheets(path: Path) -> list[SheetEntry]:
    """List the worksheets of an XLSX package in workbook order (ISO/IEC 29500-1, 18.2).

    Raises:
        InputError: The package is damaged, or has too many sheets.
    """
    with open_package(path) as package:
        targets: dict[str, str] = {}
        for name, attributes in _elements(path, package, "xl/_rels/workbook.xml.rels"):
            if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                target = attributes.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                targets[attributes.get("Id", "")] = part
        sheets = []
        counts_from_1904 = False
        for name, attributes in _elements(path, package, "xl/workbook.xml"):
            if name == "workbookPr":  # stands before the sheets
                counts_from_1904 = attributes.get("date1904") in _TRUE
            key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            if name == "sheet" and key in targets:
                state = attributes.get("state", "visible")
                shown = state == "visible"
                sheets.append(SheetEntry(attributes.get("name", ""), shown, targets[key], counts_from_1904))
    require_few_sheets(path, len(sheets))
    return sheets


def open_package(path: Path) -> zipfile.ZipFile:
    """Open a package and refuse one that would swell to more than a hundred times its size.

    Raises:
        InputError: It is damaged or would swell.
    """
    try:
        weight = path.stat().st_size  # what the directory says of packed sizes may be a lie
        package = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise damaged(path) from exc
    if unpacked_bytes(package) > max(_ALWAYS_BYTES, _MOST_TIMES * weight):
        package.close()
        raise InputError(
            message("rosters.would-swell", path=path, times=_MOST_TIMES),
            hint=message("rosters.copy-rows-people-into-new-workbook"),
        )
    return package


def unpacked_bytes(package: zipfile.ZipFile) -> int:
    """Return how many bytes the parts of a package have when unpacked."""
    return sum(entry.file_size for entry in package.infolist())


def scan_sheet(path: Path, entry: SheetEntry) -> SheetScan:
    """Scan a worksheet part for what the reading libraries do not tell, in blocks.

    Raises:
        InputError: The part is missing or damaged, or has too many merged ranges.
    """
    merges: dict[bytes, None] = {}
    hidden: set[int] = set()
    last_row, wide, suspect, tail = 0, False, False, b""
    with open_package(path) as package:
        patterns = padding_patterns(_elements(path, package, STYLES)) if STYLES in package.namelist() else {}
        for chunk in _chunks(path, package, entry.part):
            window = tail + chunk
            merges.update(dict.fromkeys(_MERGE.findall(window)))
            require_few_merges(path, len(merges))
            hidden.update(map(int, _HIDDEN.findall(window)))
            last_row = max(last_row, max(map(int, _ROW.findall(window)), default=0))
            wide = wide or bool(_WIDE.search(window))
            suspect = suspect or bool(_SUSPECT.search(window))
            tail = window[-_OVERLAP_BYTES:]
        cells = CellReader(patterns)
        if suspect or patterns:
            _read_cells(path, package, entry.part, cells)
    ranges = tuple(found for text in merges if (found := parse_range(text.decode("ascii"))))
    facts = SheetFacts(ranges, cells.broken, cells.shown, tuple(sorted(hidden)), entry.counts_from_1904)
    return SheetScan(facts, last_row, wide)


def _read_cells(path: Path, package: zipfile.ZipFile, part: str, reader: CellReader) -> None:
    parser = _new_parser(path)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    for chunk in _chunks(path, package, part):
        _feed(path, parser, chunk, final=False)
    _feed(path, parser, b"", final=True)


def _elements(path: Path, package: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    parser = _new_parser(path)
    parser.StartElementHandler = lambda name, attributes: found.append((name.rpartition(":")[2], attributes))
    for chunk in _chunks(path, package, part):
        _feed(path, parser, chunk, final=False)
    _feed(path, parser, b"", final=True)
    return found


def _new_parser(path: Path) -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def refuse(*_arguments: object) -> None:
        raise InputError(
            message("rosters.holds-xml-document-type-which-workbooks", path=path),
            hint=message("rosters.save-again"),
        )

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _feed(path: Path, parser: expat.XMLParserType, data: bytes, *, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except expat.ExpatError as exc:
        raise damaged(path) from exc


def _chunks(path: Path, package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    try:
        with package.open(part) as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except InputError:
        raise
    except Exception as exc:  # zlib, CRC, encryption, missing part: all mean the same to the user
        raise damaged(path) from exc


def damaged(path: Path) -> InputError:
    """Return the error for a workbook that cannot be read."""
    return InputError(
        message("rosters.damaged-cannot-read-workbook", path=path),
        hint=message("rosters.open-save-again-xlsx"),
    )
