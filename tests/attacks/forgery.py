"""Signature wrapping and universal forgery: the signature itself is bent."""

from __future__ import annotations

import re

from tests.attacks.documents import (
    FORGED_TEXT,
    content_number,
    signed,
)
from tests.attacks.increments import last_xref, number_of, root_number, size_of, stream

_RANGE = re.compile(rb"/ByteRange \[[^\]]*\]")


def wrapping() -> bytes:
    """Move the signed second part to the end; forged objects and a forged table stand where it was."""
    data, contents = signed(), content_number(signed())
    found = _RANGE.search(data)
    assert found is not None
    numbers = [int(n) for n in re.findall(rb"\d+", found[0])]
    table, number = last_xref(data), number_of(data, b"/ByteRange")
    entries = {n: o for n, o in _table(data).items() if o < numbers[1]}
    closing = b"/ByteRange [0 %d %08d %d] /Type /Sig /SubFilter /ETSI.CAdES.detached >>\nendobj\n"
    filler = table - numbers[2] - len(closing % (numbers[1], 0, numbers[3]))
    forged = b"\n%d 0 obj\n%s\nendobj\n" % (contents, stream(FORGED_TEXT))
    listing = b"xref\n"
    for at in range(2):
        trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n"
        trailer %= (size_of(data), root_number(data), int(re.findall(rb"/Prev (\d+)", data)[-1]))
        entries[contents] = table + len(listing) + len(trailer) + 1 if at else 0
        listing = b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % pair for pair in sorted(entries.items()))
    assert number in entries
    inserted = b" " * filler + listing + trailer + forged
    moved = numbers[2] + len(closing % (numbers[1], 0, numbers[3])) + len(inserted)
    return data[: numbers[2]] + closing % (numbers[1], moved, numbers[3]) + inserted + data[numbers[2] :]


def _table(data: bytes) -> dict[int, int]:
    """Return the entries of the newest cross-reference table."""
    found: dict[int, int] = {}
    first = 0
    for line in data[last_xref(data) + 5 : data.rindex(b"trailer")].splitlines():
        parts = line.split()
        if len(parts) == 2:
            first = int(parts[0])
        elif parts[2] == b"n":
            found[first] = int(parts[0])
        if len(parts) == 3:
            first += 1
    return found


def _with_range(value: bytes) -> bytes:
    found = _RANGE.search(signed())
    assert found is not None
    return signed().replace(found[0], value.ljust(len(found[0])))


def forged_range_null() -> bytes:
    return _with_range(b"/ByteRange null")


def forged_range_missing() -> bytes:
    return _with_range(b"")


def forged_range_negative() -> bytes:
    return _with_range(b"/ByteRange [0 -1 -1 0]")


def forged_range_short() -> bytes:
    return _with_range(b"/ByteRange [0 0]")


def forged_range_whole() -> bytes:
    return _with_range(b"/ByteRange [0 %d %d 0]" % (len(signed()), len(signed())))


def forged_contents(value: bytes) -> bytes:
    found = re.search(rb"/Contents <[0-9a-fA-F]+>", signed())
    assert found is not None
    return signed().replace(found[0], (b"/Contents " + value).ljust(len(found[0])))


def forged_contents_twice() -> bytes:
    """A second value under the same key, put in without moving the end of the file's parts."""
    return signed().replace(b"/ByteRange", b"/Contents <00> /ByteRange", 1)
