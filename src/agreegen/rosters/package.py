"""What an XLSX package says about its sheets: names, visibility, merged ranges, cells without a value."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from agreegen.errors import InputError
from agreegen.rosters.addresses import MergedRange, parse_range

_CHUNK_BYTES = 1 << 20
_OVERLAP_BYTES = 4096
_MOST_BYTES = 8 << 30
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="(\d{1,7})"')
_WIDE = re.compile(rb'\br="[A-Z]{3}\d')
_SUSPECT = re.compile(rb"""<(?:\w+:)?f[ />]|\bt=["']e["']""")


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A worksheet of a package: its name, whether it is visible, and the part that holds it."""

    name: str
    visible: bool
    part: str


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """What a quick scan of a worksheet part found.

    Attributes:
        merges: Merged ranges.
        broken: One-based row and zero-based column → the error that the cell shows, empty for a formula
            without a stored result.
        last_row: Greatest row number.
        wide: Whether there is a cell beyond column ZZ.
    """

    merges: tuple[MergedRange, ...]
    broken: Mapping[tuple[int, int], str]
    last_row: int
    wide: bool


def list_sheets(path: Path) -> list[SheetEntry]:
    """List the worksheets of an XLSX package in workbook order (ISO/IEC 29500-1, 18.2).

    Raises:
        InputError: The package is damaged.
    """
    with open_package(path) as package:
        targets: dict[str, str] = {}
        for name, attributes in _elements(path, package, "xl/_rels/workbook.xml.rels"):
            if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
                target = attributes.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                targets[attributes.get("Id", "")] = part
        sheets = []
        for name, attributes in _elements(path, package, "xl/workbook.xml"):
            key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            if name == "sheet" and key in targets:
                state = attributes.get("state", "visible")
                sheets.append(SheetEntry(attributes.get("name", ""), state == "visible", targets[key]))
    return sheets


def open_package(path: Path) -> zipfile.ZipFile:
    """Open a package and refuse one that would unpack to more than 8 GiB.

    Raises:
        InputError: It is damaged or too large.
    """
    try:
        package = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as exc:
        raise _damaged(path) from exc
    if unpacked_bytes(package) > _MOST_BYTES:
        package.close()
        raise InputError(f"{path} would unpack to more than 8 GiB", hint="split it, or save it as CSV")
    return package


def unpacked_bytes(package: zipfile.ZipFile) -> int:
    """Return how many bytes the parts of a package have when unpacked."""
    return sum(entry.file_size for entry in package.infolist())


def scan_sheet(path: Path, part: str) -> SheetFacts:
    """Scan a worksheet part for what the reading libraries do not tell, in blocks.

    Raises:
        InputError: The part is missing or damaged.
    """
    merges: dict[bytes, None] = {}
    last_row, wide, suspect, tail = 0, False, False, b""
    with open_package(path) as package:
        for chunk in _chunks(path, package, part):
            window = tail + chunk
            merges.update(dict.fromkeys(_MERGE.findall(window)))
            last_row = max(last_row, max(map(int, _ROW.findall(window)), default=0))
            wide = wide or bool(_WIDE.search(window))
            suspect = suspect or bool(_SUSPECT.search(window))
            tail = window[-_OVERLAP_BYTES:]
        broken = _find_broken(path, package, part) if suspect else {}
    ranges = tuple(found for text in merges if (found := parse_range(text.decode("ascii"))))
    return SheetFacts(ranges, broken, last_row, wide)


def _find_broken(path: Path, package: zipfile.ZipFile, part: str) -> dict[tuple[int, int], str]:
    """Find error cells, and formulas without a result: written by a program that does not calculate."""
    finder = _BrokenCellFinder()
    parser = _new_parser(path)
    parser.StartElementHandler = finder.start
    parser.EndElementHandler = finder.end
    parser.CharacterDataHandler = finder.text
    for chunk in _chunks(path, package, part):
        _feed(path, parser, chunk, final=False)
    _feed(path, parser, b"", final=True)
    return finder.found


class _BrokenCellFinder:
    """Follows the elements c, f, v and is of a worksheet (ISO/IEC 29500-1, 18.3.1.4)."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], str] = {}
        self._cell: str | None = None
        self._kind: str | None = None
        self._value = ""
        self._formula = self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "c":
            self._cell = attributes.get("r")
            self._kind = attributes.get("t")
            self._formula, self._value = False, ""
        elif local == "f":
            self._formula = True
        self._inside = local == "v"

    def text(self, data: str) -> None:
        if self._inside:
            self._value += data

    def end(self, name: str) -> None:
        self._inside = False
        if name.rpartition(":")[2] != "c":
            return
        uncached = self._formula and not self._value and self._kind != "str"
        if (uncached or self._kind == "e") and (place := parse_range(f"{self._cell}:{self._cell}")):
            self.found[place.first_row, place.first_column] = self._value


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
        raise InputError(f"{path} holds an XML document type, which workbooks must not", hint="save it again")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _feed(path: Path, parser: expat.XMLParserType, data: bytes, *, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except expat.ExpatError as exc:
        raise _damaged(path) from exc


def _chunks(path: Path, package: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    try:
        with package.open(part) as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except InputError:
        raise
    except Exception as exc:  # zlib, CRC, encryption, missing part: all mean the same to the user
        raise _damaged(path) from exc


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path} is damaged: it cannot be read as a workbook", hint="open it and save it again as .xlsx"
    )
