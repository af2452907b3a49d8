"""Appending revisions by hand: honest writers do not offer what attackers need."""

from __future__ import annotations

import re
from collections.abc import Mapping

_STARTXREF = re.compile(rb"startxref[\s\x00]+(\d+)\s+%%EOF")
_TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref", re.DOTALL)


def last_xref(data: bytes) -> int:
    """Return the offset of the newest cross-reference section."""
    return int(_STARTXREF.findall(data)[-1])


def number_of(data: bytes, marker: bytes) -> int:
    """Return the number of the last object that contains a marker."""
    at = data.rindex(marker)
    return int(re.findall(rb"(\d+) 0 obj", data[:at])[-1])


def root_number(data: bytes) -> int:
    """Return the number of the document catalogue."""
    return int(re.findall(rb"/Root (\d+) 0 R", data)[-1])


def body_of(data: bytes, number: int) -> bytes:
    """Return the text of the newest version of an object, without `obj` and `endobj`."""
    found = re.findall(rb"(?<!\d)%d 0 obj\s(.*?)\sendobj" % number, data, re.DOTALL)
    return bytes(found[-1])


def size_of(data: bytes) -> int:
    """Return the newest `/Size` of a trailer; embedded files state one, too."""
    return max(int(size) for size in re.findall(rb"(?<!Params<<)/Size (\d+)", data))


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return the text of a stream object."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def append(
    data: bytes,
    objects: Mapping[int, bytes],
    *,
    listed: Mapping[int, int] | None = None,
    unlisted: tuple[int, ...] = (),
    trailer: bytes = b"",
    root: int | None = None,
    xref: bool = True,
) -> bytes:
    """Append a revision.

    Args:
        data: The file so far.
        objects: Number to text of the objects to add.
        listed: Further cross-reference entries, number to offset.
        unlisted: Objects that are written, but not listed.
        trailer: Further entries of the trailer.
        root: Another catalogue.
        xref: Whether to write the cross-reference table and trailer at all.
    """
    result = bytearray(data if data.endswith(b"\n") else data + b"\n")
    offsets = dict(listed or {})
    for number, body in objects.items():
        if number not in unlisted:
            offsets[number] = len(result)
        result += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    if not xref:
        return bytes(result)
    place = len(result)
    result += b"xref\n"
    for number in sorted(offsets):
        result += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    size = max([size_of(data), *(number + 1 for number in offsets)])
    result += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        size, root or root_number(data), last_xref(data), trailer, place,
    )  # fmt: skip
    return bytes(result)
