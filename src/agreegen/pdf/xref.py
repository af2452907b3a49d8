"""Cross-reference tables and streams, read strictly (ISO 32000-1, clauses 7.5.4 to 7.5.8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from agreegen.messages import message
from agreegen.pdf.filters import decode
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import LimitError, Stream, StructureError, Value
from agreegen.pdf.parser import SKIP, parse_value

_OBJECT = re.compile(
    rb"[\x00\t\n\x0c\r ]*+(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj"
    + rb"(?=[\x00\t\n\x0c\r ()<>\[\]/%+\-.\d]|[a-z])"
)
_TABLE = re.compile(rb"[\x00\t\n\x0c\r ]*xref[\x00\t\n\x0c\r ]+")
_SUBSECTION = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,10})[\x00\t\n\x0c\r ]+")
_ENTRY = re.compile(rb"[\x00\t\n\x0c\r ]*(\d{1,10}) (\d{1,5}) ?([nf])(?=[\x00\t\n\x0c\r ])")
_TRAILER = re.compile(SKIP + rb"trailer")
_STREAM = re.compile(SKIP + rb"stream(\r\n|\n)")
_ENDSTREAM = re.compile(rb"[\x00\t\n\x0c\r ]*endstream(?![A-Za-z])")
_ENDOBJ = re.compile(SKIP + rb"endobj(?![A-Za-z])")
_NEXT = re.compile(
    SKIP + rb"(?:\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj|xref|startxref|trailer)"
)
_KEYWORD = re.compile(rb"(?<![a-z])xref(?=[\x00\t\n\x0c\r ])")
_NEARBY = 24
MAX_SECTIONS = 2000


_PACKED = 2


class Entry(NamedTuple):
    """Where an object is: 0 free, 1 at `place` with generation `extra`, 2 in stream `place` at `extra`."""

    kind: int
    place: int
    extra: int


_History = dict[int, list[tuple[int, Entry]]]


class Entries(Mapping[int, Entry]):
    """Where all objects are as of one revision; the revisions of a file share their history.

    Merging the entries of hundreds of revisions into a dictionary each would cost their product in memory.

    Attributes:
        highest: The greatest number of an object that was ever in use.
        containers: Numbers of the object streams that anything was ever in.
    """

    __slots__ = ("_history", "_index", "containers", "highest")

    def __init__(self, history: _History, index: int, highest: int, containers: frozenset[int]) -> None:
        self._history = history
        self._index = index
        self.highest = highest
        self.containers = containers

    @classmethod
    def by_revision(cls, revisions: Iterable[Mapping[int, Entry]]) -> list[Entries]:
        """Return the entries as of each revision, from what each adds or replaces."""
        history: _History = {}
        found: list[Entries] = []
        highest, containers = 0, frozenset[int]()
        for index, entries in enumerate(revisions):
            for number, entry in entries.items():
                history.setdefault(number, []).append((index, entry))
            highest = max((number for number, entry in entries.items() if entry.kind), default=highest)
            highest = max(highest, found[-1].highest if found else 0)
            packed = {entry.place for entry in entries.values() if entry.kind == _PACKED}
            containers = containers | packed if packed - containers else containers
            found.append(cls(history, index, highest, containers))
        return found

    def __getitem__(self, number: int) -> Entry:
        for index, entry in reversed(self._history[number]):
            if index <= self._index:
                return entry
        raise KeyError(number)

    def __iter__(self) -> Iterator[int]:
        return (number for number, versions in self._history.items() if versions[0][0] <= self._index)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One cross-reference section: a table with its trailer (and hybrid stream), or a stream.

    Attributes:
        offset: Where it begins.
        end: Offset after it.
        entries: Object number to entry.
        trailer: Its trailer dictionary.
        is_stream: Whether it is a cross-reference stream.
        hybrid: Offset of the hybrid stream, if there is one.
        added: Objects that only the hybrid stream names.
        veiled: Objects that the table frees and the hybrid stream brings back.
        stated: Where the file says that it begins, if that is a few bytes off.
    """

    offset: int
    end: int
    entries: dict[int, Entry]
    trailer: dict[str, Any]
    is_stream: bool
    hybrid: int | None = None
    veiled: frozenset[int] = frozenset()
    added: frozenset[int] = frozenset()
    stated: int | None = None

    @property
    def name(self) -> int:
        """The offset by which the file calls it."""
        return self.offset if self.stated is None else self.stated


def parse_indirect(
    data: bytes, offset: int, limits: Limits, length_of: Any = None
) -> tuple[int, int, Value, int]:
    """Parse the indirect object at an offset.

    Args:
        data: The file.
        offset: Where its number stands.
        limits: What it may cost.
        length_of: Resolves an indirect `/Length`; without it only direct lengths are read.

    Returns:
        Number, generation, value, offset after `endobj` (or after the value where `endobj` is missing).

    Raises:
        StructureError: There is no such object.
    """
    head = _OBJECT.match(data, offset)
    if head is None:
        raise StructureError("syntax", message("pdf.there-no-object-at-byte", offset=offset))
    value, position = parse_value(data, head.end(), limits.max_depth)
    if isinstance(value, dict):
        opened = _STREAM.match(data, position)
        if opened:
            value, position = _read_stream(data, value, opened.end(), length_of)
    closed = _ENDOBJ.match(data, position)
    if closed is not None:
        position = closed.end()
    elif not _NEXT.match(data, position):
        raise StructureError("syntax", message("pdf.object-at-byte-not-closed-by", offset=offset))
    return int(head[1]), int(head[2]), value, position


def _read_stream(data: bytes, dictionary: dict[str, Any], start: int, length_of: Any) -> tuple[Stream, int]:
    length = dictionary.get("Length")
    if length_of is not None:
        length = length_of(length)
    if not isinstance(length, int) or isinstance(length, bool) or length < 0 or start + length > len(data):
        raise StructureError("stream-length", message("pdf.stream-at-byte-no-usable-length", start=start))
    closed = _ENDSTREAM.match(data, start + length)
    if closed is None:
        raise StructureError("stream-length", message("pdf.stream-at-byte-does-not-end", start=start))
    return Stream(dictionary, data[start : start + length], start), closed.end()


def find_section(data: bytes, stated: int, limits: Limits) -> Section:
    """Read the cross-reference section at an offset, or the table that begins a few bytes beside it.

    Raises:
        StructureError: There is none.
        LimitError: It has more entries than allowed.
    """
    try:
        return read_section(data, stated, limits)
    except LimitError:
        raise
    except StructureError:
        start = max(0, stated - _NEARBY)
        tables = [match.start() + start for match in _KEYWORD.finditer(data[start : stated + _NEARBY])]
        if len(tables) != 1 or stated >= len(data):
            raise
        return replace(read_section(data, tables[0], limits), stated=stated)


def read_section(data: bytes, offset: int, limits: Limits) -> Section:
    """Read the cross-reference section at an offset, whichever kind it is.

    Raises:
        StructureError: There is none.
        LimitError: It has more entries than allowed.
    """
    if not 0 <= offset < len(data):
        raise StructureError("xref", message("pdf.cross-reference-offset-lies-outside-file", offset=offset))
    table = _TABLE.match(data, offset)
    if table is None:
        return _read_stream_section(data, offset, limits)
    entries, position = _read_table(data, table.end(), limits)
    head = _TRAILER.match(data, position)
    if head is None:
        raise StructureError("xref", message("pdf.no-trailer-follows-cross-reference-table", offset=offset))
    trailer, end = parse_value(data, head.end(), limits.max_depth)
    if not isinstance(trailer, dict):
        raise StructureError("xref", message("pdf.trailer-at-byte-not-dictionary", value=head.end()))
    hybrid = trailer.get("XRefStm")
    veiled: set[int] = set()
    added: set[int] = set()
    if hybrid is not None:
        if not isinstance(hybrid, int):
            raise StructureError("xref", message("pdf.xrefstm-not-number"))
        for number, entry in _read_stream_section(data, hybrid, limits).entries.items():
            known = entries.get(number)
            if known is None or known.kind == 0:
                (added if known is None else veiled).add(number)
                entries[number] = entry
    marks = frozenset(veiled), frozenset(added)
    return Section(offset, end, entries, trailer, False, hybrid, *marks)


def _read_table(data: bytes, position: int, limits: Limits) -> tuple[dict[int, Entry], int]:
    entries: dict[int, Entry] = {}
    while head := _SUBSECTION.match(data, position):
        first, count = int(head[1]), int(head[2])
        if count + len(entries) > limits.max_objects:
            raise LimitError(message("pdf.file-more-than-objects", max_objects=limits.max_objects))
        position = head.end()
        for number in range(first, first + count):
            line = _ENTRY.match(data, position)
            if line is None:
                raise StructureError(
                    "xref", message("pdf.cross-reference-table-damaged-at-byte", position=position)
                )
            position = line.end()
            if number in entries:
                raise StructureError(
                    "duplicate-entry", message("pdf.object-stands-twice-one-cross-reference", number=number)
                )
            entries[number] = Entry(int(line[3] == b"n"), int(line[1]), int(line[2]))
    return entries, position


def _read_stream_section(data: bytes, offset: int, limits: Limits) -> Section:
    if not 0 <= offset < len(data):
        raise StructureError("xref", message("pdf.cross-reference-offset-lies-outside-file", offset=offset))
    _, _, value, end = parse_indirect(data, offset, limits)
    if not isinstance(value, Stream) or value.dictionary.get("Type") != "XRef":
        raise StructureError("xref", message("pdf.there-no-cross-reference-section-at", offset=offset))
    trailer = value.dictionary
    widths, index = _counts(trailer.get("W")), _counts(trailer.get("Index", [0, trailer.get("Size")]))
    if widths is None or len(widths) != 3 or max(widths) > 8:
        raise StructureError("xref", message("pdf.cross-reference-stream-at-byte-no", offset=offset))
    if index is None or len(index) % 2:
        raise StructureError("xref", message("pdf.cross-reference-stream-at-byte-no-2", offset=offset))
    if sum(index[1::2]) > limits.max_objects:
        raise LimitError(message("pdf.file-more-than-objects", max_objects=limits.max_objects))
    body = decode(value, limits.max_stream_bytes)
    return Section(offset, end, _stream_entries(body, widths, index, offset), trailer, is_stream=True)


def _counts(value: Value) -> list[int] | None:
    """Return an array of numbers that count something; None where it is none."""
    counts = isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
    return value if counts else None


def _stream_entries(body: bytes, widths: list[int], index: list[int], offset: int) -> dict[int, Entry]:
    one, two, three = widths
    row = one + two + three
    if row == 0 or len(body) < row * sum(index[1::2]):
        raise StructureError("xref", message("pdf.cross-reference-stream-at-byte-too", offset=offset))
    entries: dict[int, Entry] = {}
    position = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        for number in range(first, first + count):
            kind = int.from_bytes(body[position : position + one], "big") if one else 1
            place = int.from_bytes(body[position + one : position + one + two], "big")
            extra = int.from_bytes(body[position + one + two : position + row], "big")
            position += row
            if number in entries:
                raise StructureError(
                    "duplicate-entry", message("pdf.object-stands-twice-one-cross-reference-2", number=number)
                )
            entries[number] = Entry(kind if kind <= 2 else 0, place, extra)
    return entries
