"""The numbers of the prepared files' objects, and how the operations aim at a document of ours.

The operations name objects by the numbers of the prepared files. A document of ours has the same parts under
other numbers, so they are shown a listing of it in which its parts have the numbers that they know, and what
they write is given the document's own numbers again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.attacks.increments import body_of, number_of, root_number, size_of

CATALOG, PAGES, PAGE, CONTENT, FONT, FORM, REMARK, LOOK, UNIT, PERSON, NOTES, INFO, SPARE, NOTE, MISSING = (
    range(1, 16)
)
"""Catalogue, page tree, page, its content, font, form, text field and its look, two signature fields, the
array of annotations, information dictionary, a form XObject, a note, and a number that no object has."""
TREE, VALUE = 20, 25
"""Structure tree and a value by itself, in the bases that have them."""
_ROLES = (*range(CATALOG, MISSING + 1), *range(TREE, VALUE + 1))
_REFERENCE = re.compile(rb"(?<!\d)(\d{1,5}) 0 R\b")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,5}) 0 obj\s")
_WITHOUT_OBJECT, _DISPLACED = 700, 800
"""What is added to the number of a part that is not there, and to that of another object with that number."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """Which number of the prepared files stands for which object of a document.

    Attributes:
        known: Number that the operations know to the document's own; each of both once.
    """

    known: Mapping[int, int]

    @classmethod
    def of(cls, data: bytes) -> Numbering:
        """Find the parts of a document of ours by what they say."""
        parts = dict(_parts(data))
        used = {int(found[1]) for found in _OBJECT.finditer(data)}
        for role in _ROLES:
            parts.setdefault(role, role + _WITHOUT_OBJECT)
        displaced = used & set(parts) - set(parts.values())
        return cls({**parts, **{number + _DISPLACED: number for number in displaced}})

    def listing(self, data: bytes) -> bytes:
        """Return the newest text of each object under the numbers that the operations know."""
        shown = {own: role for role, own in self.known.items()}
        lines = [
            b"%d 0 obj\n%s\nendobj\n" % (shown.get(number, number), _renumbered(text, shown))
            for number, text in _objects(data)
        ]
        root = root_number(data)
        end = b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (size_of(data), shown.get(root, root))
        return b"".join(lines) + end

    def own(self, text: bytes) -> bytes:
        """Return a text with the document's own numbers in its references."""
        return _renumbered(text, self.known)

    def own_objects(self, objects: Mapping[int, bytes]) -> dict[int, bytes]:
        """Return objects under the document's own"""
        return {self.known.get(number, number): self.own(text) for number, text in objects.items()}


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and newest text of what is spelled as usual."""
    for number in sorted({int(found[1]) for found in _OBJECT.finditer(data)}):
        with contextlib.suppress(IndexError):
            yield number, body_of(data, number)


def _renumbered(text: bytes, names: Mapping[int, int]) -> bytes:
    end = text.find(b"stream\n")
    head, body = (text, b"") if end < 0 else (text[:end], text[end:])
    return _REFERENCE.sub(lambda found: b"%d 0 R" % names.get(int(found[1]), int(found[1])), head) + body


def _parts(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield what a document of ours has: known number, own number."""
    root = root_number(data)
    catalogue = body_of(data, root)
    yield CATALOG, root
    pages = _named(catalogue, b"Pages")
    yield PAGES, pages
    page = int(re.findall(rb"/Kids \[ ?(\d+) 0 R", body_of(data, pages))[0])
    yield PAGE, page
    yield CONTENT, int(re.findall(rb"/Contents \[ ?(\d+) 0 R", body_of(data, page))[0])
    yield FONT, number_of(data, b"/Subtype/Type0")
    yield FORM, _named(catalogue, b"AcroForm")
    fields = re.findall(rb"(\d+) 0 R", body_of(data, _named(catalogue, b"AcroForm")).split(b"]")[0])
    yield UNIT, int(fields[0])
    yield REMARK, int(fields[-1])
    yield LOOK, int(re.findall(rb"/N (\d+) 0 R", body_of(data, int(fields[-1])))[0])
    yield INFO, int(re.findall(rb"/Info (\d+) 0 R", data)[-1])
    yield TREE, _named(catalogue, b"StructTreeRoot")


def _named(text: bytes, key: bytes) -> int:
    return int(re.findall(rb"/%s (\d+) 0 R" % key, text)[0])
