"""Reading dictionaries of a plain PDF without a full parser; whatever is not plain is left to the full one.

A plain file has classic cross-reference tables, no encryption and no object streams: what our own assembly
writes, and what it becomes by signing (ISO 32000-2, 7.5.4 to 7.5.6).
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"[\x00\t\n\f\r ]*(<<|>>|\[|\]|/[^\x00\t\n\f\r <>\[\]()/%{}]*|\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f\s]*>"
    rb"|[+\-.0-9]+|true\b|false\b|null\b|R\b)",
    re.DOTALL,
)
_REFERENCE = re.compile(rb"(\d+) 0 R\Z")
_REFERENCE_TAIL = re.compile(rb"[\x00\t\n\f\r ]+0[\x00\t\n\f\r ]+R\b")
_END = re.compile(rb"startxref[\r\n]+(\d+)[\r\n]+%%EOF[\r\n]*\Z")
_SECTION = re.compile(rb"(\d+) (\d+)[ \r]*\n")
_STREAM = re.compile(rb"[\r\n ]*stream\r?\n")
_ENTRIES = re.compile(rb"(?:\d{10} 00000 n(?: \n| \r|\r\n))*")
_ENTRY_BYTES = 20
_END_KEYWORD = b"startxref"
_HEAD_BYTES = 1 << 16
_MAX_STREAM_BYTES = 4 << 20
_MAX_REVISIONS = 100
_MAX_SECTIONS = 2000  # each is held against all others, and each object looked for in all of them
_MOST_REMEMBERED_BYTES = 4096

Entries = dict[bytes, bytes]
"""Top-level entries of a dictionary: names with their slash, values as they stand in the file."""

Section = tuple[int, int, int]
"""A run of a cross-reference table: first object number, number of entries, offset of the first entry."""


class NotPlainError(Exception):
    """The file is not plain; the full parser must read it."""


@dataclass(frozen=True, slots=True)
class PlainPdf:
    """A plain PDF.

    Attributes:
        data: The file.
        xref_at: Offset of its last cross-reference table.
        sections: Of all tables, those that count first: first number, how many, where their entries begin.
        revisions: How many revisions it has.
        trailers: Entries of all trailers, the last one first.
    """

    data: bytes
    xref_at: int
    sections: tuple[Section, ...]
    revisions: int
    trailers: tuple[Entries, ...]

    @classmethod
    def read(cls, data: bytes) -> PlainPdf:
        """Read the cross-reference tables of a file.

        Raises:
            NotPlainError: It is not plain.
        """
        end = _END.search(data, max(0, len(data) - 64))
        if end is None or not data.startswith(b"%PDF-"):
            raise NotPlainError
        sections: list[Section] = []
        trailers: list[Entries] = []
        at, revisions = int(end[1]), 0
        while True:
            trailer, found = _read_table(data, at)
            sections += found
            trailers.append(trailer)
            revisions += 1
            previous = trailer.get(b"/Prev")
            if previous is None:
                break
            too_many = revisions > _MAX_REVISIONS or len(sections) > _MAX_SECTIONS
            if not previous.isdigit() or int(previous) >= at or too_many:
                raise NotPlainError
            at = int(previous)
        if _count_ends(data) != revisions:
            raise NotPlainError
        return cls(data, int(end[1]), tuple(sections), revisions, tuple(trailers))

    def updated(self, data: bytes) -> PlainPdf:
        """Read a file that is this one and one update behind it.

        Args:
            data: The file; that it begins with this one is for the caller to know.

        Raises:
            NotPlainError: What stands behind is not one plain update.
        """
        end = _END.search(data, max(len(self.data), len(data) - 64))
        if end is None or data.count(b"startxref", len(self.data)) != 1 or int(end[1]) < len(self.data):
            raise NotPlainError
        trailer, sections = _read_table(data, int(end[1]))
        if trailer.get(b"/Prev") != b"%d" % self.xref_at or self.revisions >= _MAX_REVISIONS:
            raise NotPlainError
        both, trailers = (*sections, *self.sections), (trailer, *self.trailers)
        return PlainPdf(data, int(end[1]), both, self.revisions + 1, trailers)

    @property
    def trailer(self) -> Entries:
        """Entries of its last trailer."""
        return self.trailers[0]

    @property
    def size(self) -> int:
        """The first object number that is free for an update."""
        size = self.trailer.get(b"/Size", b"")
        if not size.isdigit():
            raise NotPlainError
        return max(int(size), *(begin + count for begin, count, _ in self.sections))

    def offset(self, number: int) -> int:
        """Return where the last version of an object begins.

        Raises:
            NotPlainError: There is no such object.
        """
        last = next(self.offsets(number), None)
        if last is None:
            raise NotPlainError
        return last[0]

    def offsets(self, number: int) -> Iterator[tuple[int, int]]:
        """Yield where the versions of an object begin, the last one first, and where the table that says so.

        Raises:
            NotPlainError: One does not stand before its table.
        """
        for begin, count, at in self.sections:
            if begin <= number < begin + count:
                place = at + _ENTRY_BYTES * (number - begin)
                offset = int(self.data[place : place + 10])
                if offset >= at:
                    raise NotPlainError
                yield offset, at

    def dictionary(self, value: bytes | None) -> Entries:
        """Return the entries of a dictionary, given directly or by reference.

        Raises:
            NotPlainError: It is missing or something else.
        """
        if value is None:
            raise NotPlainError
        if value.startswith(b"<<"):
            return dict(_remembered(value)[0])
        return self.object(reference(value))[0]

    def object(self, number: int) -> tuple[Entries, int]:
        """Return the dictionary of an object and the offset behind it.

        Raises:
            NotPlainError: There is no such object, or it is no dictionary or stream.
        """
        start = self._start(number)
        # Most objects are the same in thousands of documents: what ends before a stream or the object's end
        # is remembered by its bytes. Cut off inside a string, it is no whole dictionary.
        end = self.data.find(b"endobj", start, start + _MOST_REMEMBERED_BYTES)
        stream = self.data.find(b"stream", start, start + _MOST_REMEMBERED_BYTES if end < 0 else end)
        end = end if stream < 0 else stream
        if end >= 0:
            try:
                entries, length = _remembered(self.data[start:end])
            except NotPlainError:
                pass
            else:
                return dict(entries), start + length
        return read_dictionary(self.data, start)

    def item(self, number: int) -> bytes:
        """Return an object that is no dictionary as it stands in the file."""
        found, _ = _value(self.data, self._start(number))
        if found.startswith(b"<<"):
            raise NotPlainError
        return found

    def _start(self, number: int) -> int:
        offset, head = self.offset(number), b"%d 0 obj" % number
        if not self.data.startswith(head, offset):
            raise NotPlainError
        return offset + len(head)

    def stream(self, value: bytes | None) -> bytes:
        """Return the data of a stream, not filtered or deflated.

        Raises:
            NotPlainError: It is something else.
        """
        raw, deflated = self.raw_stream(value)
        if not deflated:
            return raw
        inflater = zlib.decompressobj()
        try:
            return inflater.decompress(raw, _MAX_STREAM_BYTES)
        except zlib.error as exc:
            raise NotPlainError from exc

    def parts(self, number: int) -> tuple[Entries, bytes | None]:
        """Return the dictionary of an object, and the data of the stream that it is, however filtered.

        Raises:
            NotPlainError: It is something else.
        """
        entries, end = self.object(number)
        opening = _STREAM.match(self.data, end)
        if opening is None:
            return entries, None
        length = entries.get(b"/Length", b"")
        if not length.isdigit():
            raise NotPlainError
        return entries, self.data[opening.end() : opening.end() + int(length)]

    def raw_stream(self, value: bytes | None) -> tuple[bytes, bool]:
        """Return the data of a stream as it stands in the file, and whether it is deflated.

        Raises:
            NotPlainError: It is something else, or filtered in another way.
        """
        entries, raw = self.parts(reference(value))
        if raw is None or b"/DecodeParms" in entries:
            raise NotPlainError
        if b"/Filter" not in entries:
            return raw, False
        if entries[b"/Filter"] != b"/FlateDecode":
            raise NotPlainError
        return raw, True


_counted: list[tuple[bytes, int]] = [(b"", 0)]
"""The first bytes of the last long file, with the number of keywords in them: a batch's begin alike."""


def _count_ends(data: bytes) -> int:
    """Count how often `startxref` stands in a file, wherever."""
    head, count = _counted[0]
    if not head or not data.startswith(head):
        head = data[:_HEAD_BYTES]
        count = head.count(_END_KEYWORD)
        if len(head) == _HEAD_BYTES:
            _counted[0] = head, count
    # What begins in the head and ends behind it counts with the rest.
    return count + data.count(_END_KEYWORD, max(0, len(head) - len(_END_KEYWORD) + 1))


def _read_table(data: bytes, at: int) -> tuple[Entries, list[Section]]:
    if data[at : at + 4] != b"xref":
        raise NotPlainError
    at = data.find(b"\n", at) + 1
    sections: list[Section] = []
    while section := _SECTION.match(data, at):
        begin, count = int(section[1]), int(section[2])
        at = section.end()
        if not begin and count and data[at + 10 : at + 18] == b" 65535 f":
            begin, count, at = 1, count - 1, at + _ENTRY_BYTES  # the head of the list of free objects
        end = at + _ENTRY_BYTES * count
        if end > len(data) or _ENTRIES.fullmatch(data, at, end) is None:
            raise NotPlainError  # an object was freed or has another generation
        _refuse_twice(sections, begin, count)
        if count:
            sections.insert(0, (begin, count, at))
        at = end
    if data[at : at + 7] != b"trailer" or not sections:
        raise NotPlainError
    trailer, _ = read_dictionary(data, at + 7)
    if trailer.keys() & {b"/Encrypt", b"/XRefStm"}:
        raise NotPlainError
    return trailer, sections


def _refuse_twice(sections: list[Section], begin: int, count: int) -> None:
    """Refuse a run of objects of which one stands in an earlier run of the same table, or one too many."""
    met = any(begin < other + many and other < begin + count for other, many, _ in sections)
    if met or len(sections) >= _MAX_SECTIONS:
        raise NotPlainError


def reference(value: bytes | None) -> int:
    """Return the object number of a reference of generation 0.

    Raises:
        NotPlainError: It is something else.
    """
    match = _REFERENCE.match(value or b"")
    if match is None:
        raise NotPlainError
    return int(match[1])


def items(array: bytes | None) -> list[bytes]:
    """Return the items of an array as they stand in the file.

    Raises:
        NotPlainError: It is not an array, or has something unusual in it.
    """
    if array is None or not array.startswith(b"["):
        raise NotPlainError
    return list(_items(array))


@functools.lru_cache(maxsize=256)
def _items(array: bytes) -> tuple[bytes, ...]:
    found: list[bytes] = []
    at = 1
    while True:
        token = _TOKEN.match(array, at)
        if token is None:
            raise NotPlainError
        if token[1] == b"]":
            return tuple(found)
        value, at = _value(array, at)
        found.append(value)


@functools.lru_cache(maxsize=512)
def split_at_references(value: bytes) -> tuple[bytes | int, ...]:
    """Return a value as it stands in the file, with an object's number for each reference in it."""
    parts: list[bytes | int] = []
    at = begin = 0
    while token := _TOKEN.match(value, at):
        at = token.end()
        tail = _REFERENCE_TAIL.match(value, at) if token[1].isdigit() else None
        if tail is not None:
            parts += [value[begin : token.start(1)], int(token[1])]
            at = begin = tail.end()
        elif token[1] == b"R":
            raise NotPlainError
    if value[at:].strip():
        raise NotPlainError
    return (*parts, value[begin:])


def read_dictionary(data: bytes, at: int) -> tuple[Entries, int]:
    """Read the dictionary that begins at an offset; return its entries and the offset behind it.

    Raises:
        NotPlainError: There is none, or it has something unusual in it.
    """
    opening = _TOKEN.match(data, at)
    if opening is None or opening[1] != b"<<":
        raise NotPlainError
    entries: Entries = {}
    at = opening.end()
    while True:
        token = _TOKEN.match(data, at)
        if token is None:
            raise NotPlainError
        key = token[1]
        if key == b">>":
            return entries, token.end()
        if not key.startswith(b"/") or key in entries or b"#" in key:
            raise NotPlainError
        entries[key], at = _value(data, token.end())


@functools.lru_cache(maxsize=512)
def _remembered(data: bytes) -> tuple[Entries, int]:
    return read_dictionary(data, 0)


def _value(data: bytes, at: int) -> tuple[bytes, int]:
    token = _TOKEN.match(data, at)
    if token is None:
        raise NotPlainError
    start, first = token.start(1), token[1]
    if first in (b"<<", b"["):
        end = _container_end(data, token.end())
        return data[start:end], end
    if first.isdigit():
        tail = _REFERENCE_TAIL.match(data, token.end())
        if tail is not None:
            return first + b" 0 R", tail.end()
    if first in (b">>", b"]", b"R"):
        raise NotPlainError
    return first, token.end()


def _container_end(data: bytes, at: int) -> int:
    open_ones = 1
    while open_ones:
        token = _TOKEN.match(data, at)
        if token is None:
            raise NotPlainError
        if token[1] in (b"<<", b"["):
            open_ones += 1
        elif token[1] in (b">>", b"]"):
            open_ones -= 1
        at = token.end()
    return at
