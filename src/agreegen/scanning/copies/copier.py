"""Copying documents into a stack of paper: leaves first, so that what is the same is written once."""

from __future__ import annotations

import itertools
import zlib
from dataclasses import dataclass
from typing import Protocol

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, split_at_references
from agreegen.scanning.copies.flattening import flattened
from agreegen.scanning.copies.paper_pages import Edges, PaperPage, read_paper_pages

_COMPRESS_FROM = 64
_LEVEL = 7
_DEEPEST = 50
"""Forms in forms in forms: what refers on further than this is no document."""
_KIN, _KIN_BYTES = 512, 1 << 16
"""Objects of the document before that are kept, and the largest of them: a font, but no picture."""


class ObjectTarget(Protocol):
    """Where objects are written."""

    def add(self, data: bytes, *, shared: bool = True) -> int:
        """Write an object, unless one of the same bytes is there; return its number."""

    def reserve(self) -> int:
        """Return the number of an object that is written later."""

    def put(self, number: int, data: bytes) -> None:
        """Write an object whose number was reserved."""


@dataclass(frozen=True, slots=True)
class CopiedPage:
    """A page whose objects have been copied.

    Attributes:
        entries: Its size and place.
        box: Its paper.
        fonts: The fonts of its resources.
        resources: Their other entries.
        contents: Numbers of its content streams.
        looks: Operators that draw what annotations show over them.
    """

    entries: bytes
    box: Edges
    fonts: bytes
    resources: bytes
    contents: tuple[int, ...]
    looks: bytes


class PageCopier:
    """Copies one document after the other.

    Args:
        target: Where their objects go.
    """

    def __init__(self, target: ObjectTarget) -> None:
        self._target = target
        self._kin: dict[int, tuple[bytes, int]] = {}

    def copy(self, data: bytes) -> list[CopiedPage]:
        """Write what the pages of a document need; return the pages as they look on paper.

        No library opens a plain file, whoever made it; any other is laid flat in a process with limits.

        Args:
            data: The PDF; what its annotations show on paper is drawn over its pages.

        Raises:
            InputError: It cannot be opened.
        """
        try:
            return self._copy_plain(data)
        except NotPlainError:
            flat = flattened(data)
        try:
            return self._copy_plain(flat)
        except NotPlainError as exc:
            raise InputError(message("scanning.document-cannot-be-printed")) from exc

    def share(self, data: bytes, kin: int) -> int:
        """Write an object unless one of the same bytes is there; return its number.

        Args:
            data: The object.
            kin: Its number in its document: what the document before had there is compared first.
        """
        last, number = self._kin.get(kin, (b"", 0))
        if last != data:
            number = self._target.add(data)
            if len(data) <= _KIN_BYTES and kin < _KIN:
                self._kin[kin] = data, number
        return number

    def _copy_plain(self, data: bytes) -> list[CopiedPage]:
        plain = PlainPdf.read(data)
        document = _Document(self, self._target, plain)
        return [document.page(page) for page in read_paper_pages(plain)]


class _Document:
    """Copies objects of one document."""

    def __init__(self, copier: PageCopier, target: ObjectTarget, plain: PlainPdf) -> None:
        self._copier = copier
        self._target = target
        self._plain = plain
        self._numbers: dict[int, int] = {}
        self._open: dict[int, int] = {}

    def page(self, page: PaperPage) -> CopiedPage:
        others, drawn = {**page.resources}, b""
        own = self._plain.dictionary(others.pop(b"/Font", b"<<>>"))
        if page.looks:
            forms = self._plain.dictionary(others.pop(b"/XObject", b"<<>>"))
            free = (name for n in itertools.count() if (name := b"/Look%d" % n) not in forms)
            for look, name in zip(page.looks, free, strict=False):
                forms[name] = b"%d 0 R" % look.form
                drawn += b"q %b cm %b Do Q\n" % (look.placing, name)
            others[b"/XObject"] = b"<<%b>>" % _spelled(forms)
        entries, fonts, resources = (self._value(_spelled(each)) for each in (page.entries, own, others))
        contents = tuple(map(self._copied, page.contents))
        return CopiedPage(entries, page.box, fonts, resources, contents, drawn)

    def _value(self, text: bytes) -> bytes:
        """Return a value in the numbers of the target."""
        parts = split_at_references(text)
        return b"".join(b"%d 0 R" % self._copied(each) if isinstance(each, int) else each for each in parts)

    def _copied(self, number: int) -> int:
        if number in self._numbers:
            return self._numbers[number]
        if number in self._open:  # it refers to itself: it gets a number before it is written
            self._open[number] = self._open[number] or self._target.reserve()
            return self._open[number]
        if len(self._open) > _DEEPEST:
            raise NotPlainError
        self._open[number] = 0
        data = self._object(number)
        reserved = self._open.pop(number)
        if reserved:
            self._target.put(reserved, data)
        self._numbers[number] = reserved or self._copier.share(data, number)
        return self._numbers[number]

    def _object(self, number: int) -> bytes:
        try:
            entries, data = self._plain.parts(number)
        except NotPlainError:
            return self._value(self._plain.item(number))
        kept = {key: value for key, value in entries.items() if key != b"/StructParent"}
        if data is None:
            return b"<<%b>>" % self._value(_spelled(kept))
        del kept[b"/Length"]
        details = self._value(_spelled(kept))
        if b"/Filter" not in kept:
            return packed_stream(data, details)
        return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (details, len(data), data)


def packed_stream(data: bytes, details: bytes = b"") -> bytes:
    """Return the object of a stream, deflated where that is worth it.

    Args:
        data: What it holds.
        details: Further entries of its dictionary.
    """
    if len(data) < _COMPRESS_FROM:
        return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (details, len(data), data)
    packed = zlib.compress(data, _LEVEL)
    return b"<<%b/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (details, len(packed), packed)


def _spelled(entries: Entries) -> bytes:
    return b"".join(b"%b %b" % entry for entry in entries.items())
