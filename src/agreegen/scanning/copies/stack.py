"""A stack of printed copies as one PDF, written page by page: what pages share is written once.

Every document brings the same form, the same fonts of the form, the same seal. Whatever object has the same
bytes is written once and referred to, so that ten thousand pledges fit; what has been written is not kept in
memory, only the hashes and numbers of what came or was used last.
"""

from __future__ import annotations

import functools
import hashlib
import io
import re
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pikepdf

from agreegen.scanning.copies.lettering import Lettering
from agreegen.scanning.copies.stamp import Stamp, draw_stamp

_HEADER = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"
_PAGE_KEYS = ("/MediaBox", "/CropBox", "/Rotate", "/Group", "/UserUnit")
_PAGES_A_NODE = 64
_COMPRESS_FROM = 64
_LEVEL = 7
_A4_PT = (595.276, 841.89)
_WITHOUT_REFERENCES = re.compile(rb"[\[\] 0-9.+-]*")
"""An array of nothing but numbers, as the widths of a font are: the same under any numbers of objects."""


_REMEMBERED = 1 << 16
"""Objects that may be referred to again. What all documents share is used again by each, so it stays; what is
one document's own makes room, so that memory stays flat."""


@dataclass(slots=True)
class _Entry:
    """An entry of the outline that is not written yet, because the next one beside it is not known.

    Attributes:
        title: What it says.
        number: Its object number.
        parent: That of what it stands below.
        before: That of the entry before it, or 0.
        page: That of its page; 0 until the page comes.
        children: First and last entry below it, or zeros, and their count.
    """

    title: str
    number: int
    parent: int
    before: int
    page: int = 0
    children: tuple[int, int, int] = (0, 0, 0)

    def add_child(self, number: int) -> None:
        """Note one more entry below it."""
        first, _, count = self.children
        self.children = (first or number, number, count + 1)

    def encode(self, following: int) -> bytes:
        """Return the object; `following` is the number of the entry after it, or 0."""
        title = pikepdf.String(self.title).unparse()
        parts = [b"/Title%b/Parent %d 0 R/Dest[%d 0 R/Fit]" % (title, self.parent, self.page)]
        parts += [b"/Prev %d 0 R" % self.before] if self.before else []
        parts += [b"/Next %d 0 R" % following] if following else []
        first, last, count = self.children
        parts += [b"/First %d 0 R/Last %d 0 R/Count %d" % (first, last, -count)] if count else []
        return b"<<%b>>" % b"".join(parts)


class Stack:
    """Writes the PDF.

    Args:
        file: Where it goes; written from the start to the end.
        lettering: The characters of stamps and sheets.

    Attributes:
        lettering: The same.
        pages: Number of pages so far.
    """

    def __init__(self, file: BinaryIO, lettering: Lettering) -> None:
        self._file = file
        self.lettering = lettering
        self._offsets = array("Q", [0])
        self._position = 0
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self._nodes: list[tuple[int, list[int]]] = []
        self._top = _Entry("", 0, 0, 0)
        self._open: list[_Entry] = []
        self.pages = 0
        self._write(_HEADER)
        self._tree = self.reserve()
        names, made = lettering.objects(len(self._offsets))
        for number, data in made:
            self._offsets.append(0)
            self.put(number, data)
        self._fonts = b"".join(b"/%b %d 0 R" % (name.encode(), number) for name, number in names.items())
        self._begin = self.add(_stream(b"q\n"))
        self._end = self.add(_stream(b"\nQ\n"))

    def add_document(self, data: bytes, stamps: Callable[[int], Sequence[Stamp]] | None) -> int:
        """Add the pages of a document as they look on paper; return the number of its first page, from 1.

        Args:
            data: The PDF; what its annotations show on paper becomes part of the pages.
            stamps: Gives the stamps of so many pages; None to print without marks.
        """
        first = self.pages + 1
        with pikepdf.open(io.BytesIO(data)) as source:
            source.flatten_annotations("print")
            copier = _Copier(self)
            stamped = stamps(len(source.pages)) if stamps is not None else [None] * len(source.pages)
            for page, stamp in zip(source.pages, stamped, strict=True):
                self._add_page(copier, page, stamp)
        return first

    def add_sheet(self, content: bytes) -> int:
        """Add a page of lettering only, A4; return its number, from 1."""
        stream = self.add(_stream(content))
        entries = b"/MediaBox[0 0 %.3f %.3f]/Resources<</Font<<%b>>>>" % (*_A4_PT, self._fonts)
        self._finish_page(entries, b"%d 0 R" % stream)
        return self.pages

    def add_blank(self) -> None:
        """Add an empty page, the back of a front side."""
        self.add_sheet(b"")

    def add_entry(self, title: str, *, below: bool = False) -> None:
        """Add an outline entry for the page that comes next."""
        if not self._top.number:
            self._top.number = self.reserve()
        depth = 1 if below and self._open else 0
        parent = self._open[0] if depth else self._top
        number = self.reserve()
        self._open.append(_Entry(title, number, parent.number, self._close_entries(depth, number)))
        parent.add_child(number)

    def finish(self) -> None:
        """Write page tree, outline, cross-references and trailer."""
        self._write_tree()
        outline = self._write_outline()
        root = self.add(
            b"<</Type/Catalog/Pages %d 0 R%b/ViewerPreferences<</PrintScaling/None>>>>"
            % (self._tree, outline),
            shared=False,
        )
        start = self._position
        size = len(self._offsets)
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        for offset in self._offsets[1:]:
            self._write(b"%010d 00000 n \n" % offset)
        digest = hashlib.sha256(self._offsets.tobytes()).hexdigest()[:32].encode()
        self._write(
            b"trailer\n<</Size %d/Root %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n"
            % (size, root, digest, digest, start)
        )

    def _add_page(self, copier: _Copier, page: pikepdf.Page, stamp: Stamp | None) -> None:
        entries = [
            b"%b %b" % (key.encode(), copier.value(page.obj[key])) for key in _PAGE_KEYS if key in page.obj
        ]
        box = [float(edge) for edge in page.mediabox]
        resources = dict(page.obj.get("/Resources", pikepdf.Dictionary()).items())
        contents = page.obj.get("/Contents", pikepdf.Array())
        parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        written = [copier.value(part) for part in parts]
        if "/MediaBox" not in page.obj:
            entries.append(b"/MediaBox[%b]" % b" ".join(b"%g" % edge for edge in box))
        fonts = b""
        if stamp is not None:
            overlay = draw_stamp(stamp, self.lettering, box[2] - box[0], box[3] - box[1])
            written = [
                b"%d 0 R" % self._begin,
                *written,
                b"%d 0 R" % self._end,
                b"%d 0 R" % self.add(_stream(overlay)),
            ]
            fonts = self._fonts
        entries.append(b"/Resources" + copier.resources(resources, fonts))
        self._finish_page(b"".join(entries), b"[%b]" % b" ".join(written))

    def _finish_page(self, entries: bytes, contents: bytes) -> None:
        if not self._nodes or len(self._nodes[-1][1]) == _PAGES_A_NODE:
            self._nodes.append((self.reserve(), []))
        node, kids = self._nodes[-1]
        number = self.add(
            b"<</Type/Page/Parent %d 0 R%b/Contents %b>>" % (node, entries, contents), shared=False
        )
        for entry in self._open:
            entry.page = entry.page or number
        kids.append(number)
        self.pages += 1

    def _write_tree(self) -> None:
        for node, kids in self._nodes:
            listed = b" ".join(b"%d 0 R" % kid for kid in kids)
            self.put(
                node, b"<</Type/Pages/Parent %d 0 R/Count %d/Kids[%b]>>" % (self._tree, len(kids), listed)
            )
        listed = b" ".join(b"%d 0 R" % node for node, _ in self._nodes)
        self.put(self._tree, b"<</Type/Pages/Count %d/Kids[%b]>>" % (self.pages, listed))

    def _close_entries(self, depth: int, following: int) -> int:
        """Write the open entries from a depth on; return the number of the one there, 0 where there is none.

        Args:
            depth: 0 for units, 1 for people.
            following: Number of the entry that comes after that one, or 0.
        """
        number = 0
        while len(self._open) > depth:
            entry = self._open.pop()
            number = entry.number
            self.put(number, entry.encode(0 if len(self._open) > depth else following))
        return number

    def _write_outline(self) -> bytes:
        if not self._top.number:
            return b""
        self._close_entries(0, 0)
        self.put(
            self._top.number, b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % self._top.children
        )
        return b"/PageMode/UseOutlines/Outlines %d 0 R" % self._top.number

    def add(self, data: bytes, *, shared: bool = True) -> int:
        """Write an object, unless one of the same bytes is there and it may be shared; return its number."""
        digest = hashlib.sha256(data).digest() if shared else b""
        if digest in self._known:
            self._known.move_to_end(digest)
            return self._known[digest]
        number = self.reserve()
        self.put(number, data)
        if shared:
            self._known[digest] = number
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return number

    def reserve(self) -> int:
        """Return a number for an object that is written later."""
        self._offsets.append(0)
        return len(self._offsets) - 1

    def put(self, number: int, data: bytes) -> None:
        """Write an object whose number was reserved."""
        self._offsets[number] = self._position
        self._write(b"%d 0 obj\n%b\nendobj\n" % (number, data))

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._position += len(data)


class _Copier:
    """Copies objects of one source, leaves first, so that what is the same has the same bytes."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._numbers: dict[tuple[int, int], int] = {}
        self._open: dict[tuple[int, int], int] = {}

    def value(self, item: object) -> bytes:
        """Return a value, or a reference to it, in the numbers of the stack."""
        if isinstance(item, pikepdf.Object) and item.is_indirect:
            return b"%d 0 R" % self._copied(item)
        return self._direct(item)

    def resources(self, entries: dict[str, pikepdf.Object], fonts: bytes) -> bytes:
        """Return a page's resources with the fonts of the lettering added."""
        own = dict(entries.pop("/Font", pikepdf.Dictionary()).items())
        listed = b"".join(b"%b %b" % (_name(key), self.value(font)) for key, font in own.items())
        others = b"".join(b"%b %b" % (_name(key), self.value(item)) for key, item in entries.items())
        return b"<</Font<<%b%b>>%b>>" % (listed, fonts, others)

    def _copied(self, item: pikepdf.Object) -> int:
        key = item.objgen
        if key in self._numbers:
            return self._numbers[key]
        if key in self._open:  # it refers to itself: it gets a number before it is written
            self._open[key] = self._open[key] or self._stack.reserve()
            return self._open[key]
        self._open[key] = 0
        data = self._stream(item) if isinstance(item, pikepdf.Stream) else self._direct(item)
        reserved = self._open.pop(key)
        if reserved:
            self._stack.put(reserved, data)
        self._numbers[key] = reserved or self._stack.add(data)
        return self._numbers[key]

    def _direct(self, item: object) -> bytes:
        if isinstance(item, pikepdf.Dictionary):
            return b"<<%b>>" % b"".join(
                b"%b %b" % (_name(key), self.value(entry))
                for key, entry in item.items()
                if key != "/StructParent"
            )
        if isinstance(item, pikepdf.Array):
            whole = item.unparse()
            if _WITHOUT_REFERENCES.fullmatch(whole):
                return whole
            return b"[%b]" % b" ".join(self.value(entry) for entry in item)
        if isinstance(item, pikepdf.Object):
            return item.unparse()
        if isinstance(item, bool):
            return b"true" if item else b"false"
        return b"null" if item is None else str(item).encode()

    def _stream(self, item: pikepdf.Stream) -> bytes:
        entries = {key: entry for key, entry in item.items() if key not in {"/Length", "/StructParent"}}
        raw = item.read_raw_bytes()
        details = b"".join(b"%b %b" % (_name(key), self.value(entry)) for key, entry in entries.items())
        if "/Filter" not in entries and len(raw) >= _COMPRESS_FROM:
            return _stream(raw, details)
        return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (details, len(raw), raw)


@functools.lru_cache(maxsize=1024)
def _name(key: str) -> bytes:
    return pikepdf.Name(key).unparse()


def _stream(data: bytes, details: bytes = b"") -> bytes:
    if len(data) < _COMPRESS_FROM:
        return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (details, len(data), data)
    packed = zlib.compress(data, _LEVEL)
    return b"<<%b/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (details, len(packed), packed)
