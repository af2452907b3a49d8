"""The file as a chain of revisions, each with its own view of the objects (ISO 32000-1, clause 7.5.6)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agreegen.messages import message
from agreegen.pdf.filters import decode
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value
from agreegen.pdf.parser import parse_value
from agreegen.pdf.xref import MAX_SECTIONS, Entries, Entry, Section, find_section, parse_indirect

_STARTXREF = re.compile(rb"startxref[\x00\t\n\x0c\r ]+(\d{1,12})[\x00\t\n\x0c\r ]+(?:%%EOF)")
_HEADER = re.compile(rb"%PDF-\d\.\d")
_TAIL_BYTES = 4096
_MAX_CHAIN = 64
_NO_ENTRY = Entry(0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Revision:
    """One revision: the sections written together and where its `%%EOF` ends.

    Attributes:
        start: Where its bytes begin, which is the end of the revision before.
        end: Offset after its `%%EOF` and one line end.
        sections: Newest first.
        entries: What it adds or replaces.
        trailer: Its trailer dictionary.
    """

    start: int
    end: int
    sections: tuple[Section, ...]
    entries: dict[int, Entry]
    trailer: dict[str, Any]


@dataclass(slots=True, eq=False)
class PdfFile:
    """The bytes, the revisions and the objects parsed so far."""

    data: bytes
    limits: Limits
    revisions: list[Revision] = field(default_factory=list)
    shift: int = 0
    parsed: dict[tuple[int, int, int], Value] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    decrypt: Any = None
    locked: bool = False
    password: str | None = None
    containers: dict[int, tuple[bytes, list[tuple[int, int]]]] = field(default_factory=dict)
    expanded: int = 0
    veiled: frozenset[int] = frozenset()

    def views(self) -> list[View]:
        """Return the views of all revisions, oldest first."""
        merged = Entries.by_revision(revision.entries for revision in self.revisions)
        return [View(self, index, entries) for index, entries in enumerate(merged)]

    def end_of_region(self, offset: int) -> int:
        """Return the end of the revision in whose bytes an offset lies."""
        index = bisect_right([revision.end for revision in self.revisions], offset + self.shift)
        return self.revisions[index].end if index < len(self.revisions) else len(self.data)

    def expand(self, stream: Stream) -> bytes:
        """Decode a stream within the limits of the whole file."""
        result = decode(stream, self.limits.max_stream_bytes)
        self.expanded += len(result)
        if self.expanded > 4 * self.limits.max_stream_bytes:
            raise LimitError(message("pdf.streams-file-expand-too-much"))
        return result


@dataclass(slots=True, eq=False)
class View:
    """The objects of a file as they stand at one revision."""

    file: PdfFile
    index: int
    entries: Entries

    @property
    def trailer(self) -> dict[str, Any]:
        """The trailer dictionary of the revision."""
        return self.file.revisions[self.index].trailer

    def location(self, number: int) -> tuple[int, int, int] | None:
        """Return a key that tells where an object's bytes are; None for free and missing objects."""
        entry = self.entries.get(number, _NO_ENTRY)
        if entry.kind == 1:
            return (1, entry.place, entry.extra)
        if entry.kind == 2:
            container = self.entries.get(entry.place, _NO_ENTRY)
            return (2, container.place, entry.extra) if container.kind == 1 else None
        return None

    def get(self, number: int, generation: int = 0) -> Value:
        """Return an object's value; None where it is free, missing or of another generation.

        Raises:
            StructureError: The object cannot be parsed.
        """
        location = self.location(number)
        if location is None:
            return None
        if location in self.file.parsed:
            return self.file.parsed[location]
        if location[0] == 1:
            if location[2] != generation:
                return None
            value = self._at_offset(number, location[1], generation)
        else:
            if generation:
                return None
            value = self._in_container(number, self.entries[number])
        self.file.parsed[location] = value
        return value

    def value(self, number: int) -> Value:
        """Return an object's value whatever its generation."""
        entry = self.entries.get(number, _NO_ENTRY)
        return self.get(number, entry.extra if entry.kind == 1 else 0)

    def readable_value(self, number: int) -> Value:
        """Return an object's value whatever its generation; None where it cannot be read."""
        try:
            return self.value(number)
        except StructureError:
            return None

    def _at_offset(self, number: int, offset: int, generation: int) -> Value:
        found, found_generation, value, end = parse_indirect(
            self.file.data, offset + self.file.shift, self.file.limits, self.length_of
        )
        if (found, found_generation) != (number, generation):
            raise StructureError(
                "xref",
                message("pdf.byte-should-hold-object-but-holds", offset=offset, number=number, found=found),
            )
        if end > self.file.end_of_region(offset):
            raise StructureError("xref", message("pdf.object-reaches-beyond-revision-belongs", number=number))
        self.file.ends[offset] = end
        if self.file.decrypt is not None:
            value = self.file.decrypt(value, number, generation)
        return value

    def length_of(self, value: Value) -> Value:
        """Resolve a `/Length` that must be a number."""
        if isinstance(value, Ref):
            entry = self.entries.get(value.num, _NO_ENTRY)
            if entry.kind != 1:
                return self.get(value.num, value.gen) if entry.kind == 2 else None
            _, _, value, _ = parse_indirect(self.file.data, entry.place + self.file.shift, self.file.limits)
        return value

    def _in_container(self, number: int, entry: Entry) -> Value:
        body, index = self.container(entry.place)
        if not 0 <= entry.extra < len(index) or index[entry.extra][0] != number:
            raise StructureError(
                "xref", message("pdf.object-stream-does-not-hold-object", place=entry.place, number=number)
            )
        value, _ = parse_value(body, index[entry.extra][1], self.file.limits.max_depth)
        return value

    def container(self, number: int) -> tuple[bytes, list[tuple[int, int]]]:
        """Return the decoded body of an object stream and its index: object numbers and offsets.

        Raises:
            StructureError: It is missing or damaged.
        """
        entry = self.entries.get(number, _NO_ENTRY)
        if entry.kind != 1:
            raise StructureError("xref", message("pdf.object-stream-missing", number=number))
        cached = self.file.containers.get(entry.place)
        if cached is not None:
            return cached
        stream = self.get(number, entry.extra)
        if not isinstance(stream, Stream) or stream.dictionary.get("Type") != "ObjStm":
            raise StructureError("xref", message("pdf.object-not-object-stream", number=number))
        body = self.file.expand(self.resolved_filters(stream))
        index = self._read_index(number, stream, body)
        self.file.containers[entry.place] = body, index
        return body, index

    def _read_index(self, number: int, stream: Stream, body: bytes) -> list[tuple[int, int]]:
        count, first = stream.dictionary.get("N"), stream.dictionary.get("First")
        if type(count) is not int or type(first) is not int or not 0 <= count <= self.file.limits.max_objects:
            raise StructureError("xref", message("pdf.object-stream-no-usable-n-first", number=number))
        numbers = body[:first].split(None, 2 * count)[: 2 * count]
        if len(numbers) < 2 * count or not all(n.isdigit() and len(n) < 11 for n in numbers):
            raise StructureError("xref", message("pdf.object-stream-damaged-index", number=number))
        return [(int(numbers[i]), first + int(numbers[i + 1])) for i in range(0, 2 * count, 2)]

    def resolved_filters(self, stream: Stream) -> Stream:
        """Return the stream with its filter entries resolved."""
        wanted = {}
        for key in ("Filter", "DecodeParms"):
            value = self.resolve(stream.dictionary.get(key))
            value = [self.resolve(v) for v in value] if isinstance(value, list) else value
            wanted[key] = value
        return Stream({**stream.dictionary, **wanted}, stream.raw, stream.start)

    def resolve(self, value: Value) -> Value:
        """Follow references until something else comes.

        Raises:
            StructureError: They lead in a circle, or the object cannot be parsed.
        """
        for _ in range(_MAX_CHAIN):
            if not isinstance(value, Ref):
                return value
            value = self.get(value.num, value.gen)
        raise StructureError("cycle", message("pdf.references-lead-circle"))

    def dictionary(self, value: Value) -> dict[str, Any]:
        """Resolve to a dictionary; anything else gives an empty one."""
        found = self.resolve(value)
        return found if isinstance(found, dict) else {}

    def array(self, value: Value) -> list[Any]:
        """Resolve to an array; anything else gives an empty one."""
        found = self.resolve(value)
        return found if isinstance(found, list) else []

    @property
    def catalog(self) -> dict[str, Any]:
        """The document catalogue, empty where there is none."""
        return self.dictionary(self.trailer.get("Root"))

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all objects in use."""
        return (number for number, entry in self.entries.items() if entry.kind)


def open_file(data: bytes, limits: Limits) -> PdfFile:
    """Read the chain of cross-reference sections from the end of the file to its first revision.

    Raises:
        StructureError: The chain is broken.
        LimitError: It is too long.
    """
    header = _HEADER.search(data, 0, 1024 + 8)
    if header is None:
        raise StructureError("not-a-pdf", message("pdf.file-no-pdf-header"))
    found = list(_STARTXREF.finditer(data, max(0, len(data) - _TAIL_BYTES)))
    if not found:
        raise StructureError("no-end", message("pdf.file-does-not-end-with-startxref"))
    file = PdfFile(data, limits)
    sections = _read_chain(data, int(found[-1][1]), limits)
    file.revisions = _group(data, sections)
    file.veiled = frozenset().union(*(section.veiled for section in sections))
    return file


def _read_chain(data: bytes, offset: int, limits: Limits) -> list[Section]:
    sections: list[Section] = []
    seen: set[int] = set()
    total = 0
    while True:
        if offset in seen:
            raise StructureError("cycle", message("pdf.chain-cross-reference-sections-leads-circle"))
        seen.add(offset)
        section = find_section(data, offset, limits)
        seen.add(section.offset)
        total += len(section.entries)
        if total > limits.max_objects or len(sections) > MAX_SECTIONS:
            raise LimitError(message("pdf.file-more-than-objects-or-too", max_objects=limits.max_objects))
        sections.append(section)
        previous = section.trailer.get("Prev")
        if isinstance(previous, float) and previous == int(previous):
            previous = int(previous)
        if previous is None or previous == 0:
            return sections
        if type(previous) is not int:
            raise StructureError("xref", message("pdf.prev-not-number"))
        offset = previous


def _group(data: bytes, sections: list[Section]) -> list[Revision]:
    """Put the sections of one revision together.

    A linearized file has two (ISO 32000-1, annex F), and some writers of hybrid files put two tables in a
    row, of which only the last has an end of its own.
    """
    groups: list[list[Section]] = []
    for section in sections:
        if groups and (
            section.offset > groups[-1][-1].offset
            or _own_end(data, section.end, section.name, groups[-1][-1].offset) is None
        ):
            groups[-1].append(section)
        else:
            groups.append([section])
    revisions: list[Revision] = []
    start = 0
    for group in reversed(groups):
        end = _revision_end(data, group)
        if end <= start:
            raise StructureError(
                "xref", message("pdf.revision-at-byte-ends-before-one", offset=group[0].offset)
            )
        entries: dict[int, Entry] = {}
        for section in reversed(group):
            entries.update(section.entries)
        _drop_forward(entries, end)
        revisions.append(Revision(start, end, tuple(group), entries, group[0].trailer))
        start = end
    return revisions


def _revision_end(data: bytes, group: list[Section]) -> int:
    wanted = group[0].name
    end = _own_end(data, max(section.end for section in group), wanted, len(data))
    if end is None:
        raise StructureError("no-end", message("pdf.no-eof-belongs-cross-reference-section", wanted=wanted))
    if data[end : end + 2] == b"\r\n":
        return end + 2
    return end + 1 if data[end : end + 1] in (b"\r", b"\n") else end


def _own_end(data: bytes, position: int, offset: int, limit: int) -> int | None:
    """Return the end of the `%%EOF` that names a section, if it stands between two places."""
    found = _STARTXREF.search(data, position, limit)
    while found is not None and int(found[1]) != offset:
        found = _STARTXREF.search(data, found.end(), limit)
    return None if found is None else found.end()


def _drop_forward(entries: dict[int, Entry], end: int) -> None:
    """Forget entries that point behind their own revision: later bytes must not define an earlier object.

    If there is an object, the second parser finds it and the difference shows.
    """
    for number in [n for n, entry in entries.items() if entry.kind == 1 and entry.place >= end]:
        del entries[number]
