"""A stack of printed copies as one PDF, written page by page: what pages share is written once.

Every document brings the same form, the same fonts of the form, the same seal. Whatever object has the same
bytes is written once and referred to, so that ten thousand pledges fit; what has been written is not kept in
memory, only the hashes and numbers of what came or was used last.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from agreegen.scanning.copies.copier import CopiedPage, PageCopier, packed_stream
from agreegen.scanning.copies.lettering import Lettering
from agreegen.scanning.copies.stamp import Stamp, draw_stamp
from agreegen.signing.plain.signature_update import text_string

_HEADER = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"
_PAGES_A_NODE = 64
_A4_PT = (595.276, 841.89)
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
        title = text_string(self.title)
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
        self._copier = PageCopier(self)
        self._begin = self.add(packed_stream(b"q\n"))
        self._end = self.add(packed_stream(b"\nQ\n"))

    def add_document(self, data: bytes, stamps: Callable[[int], Sequence[Stamp]] | None) -> int:
        """Add the pages of a document as they look on paper; return the number of its first page, from 1.

        Args:
            data: The PDF; what its annotations show on paper becomes part of the pages.
            stamps: Gives the stamps of so many pages; None to print without marks.

        Raises:
            InputError: It cannot be opened.
        """
        return self.add_pages(self.prepare(data), stamps)

    def prepare(self, data: bytes) -> list[CopiedPage]:
        """Write what the pages of a document need, but not the pages themselves; see `add_document`.

        Raises:
            InputError: It cannot be opened.
        """
        return self._copier.copy(data)

    def add_pages(self, pages: Sequence[CopiedPage], stamps: Callable[[int], Sequence[Stamp]] | None) -> int:
        """Add pages that were prepared; return the number of the first one, from 1. See `add_document`."""
        first = self.pages + 1
        stamped = stamps(len(pages)) if stamps is not None else [None] * len(pages)
        for page, stamp in zip(pages, stamped, strict=True):
            self._add_page(page, stamp)
        return first

    def add_sheet(self, content: bytes) -> int:
        """Add a page of lettering only, A4; return its number, from 1."""
        stream = self.add(packed_stream(content))
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

    def _add_page(self, page: CopiedPage, stamp: Stamp | None) -> None:
        drawn, over, fonts = [*page.contents], [], page.fonts
        if page.looks:
            over.append(page.looks)
        if stamp is not None:
            left, bottom, right, top = page.box
            over.append(draw_stamp(stamp, self.lettering, right - left, top - bottom))
            fonts += self._fonts
        if over:
            drawn = [self._begin, *drawn, self._end, *(self.add(packed_stream(each)) for each in over)]
        resources = b"/Resources<</Font<<%b>>%b>>" % (fonts, page.resources)
        listed = b" ".join(b"%d 0 R" % number for number in drawn)
        self._finish_page(page.entries + resources, b"[%b]" % listed)

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
