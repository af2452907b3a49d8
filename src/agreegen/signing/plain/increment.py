"""Incremental updates of plain PDFs: new objects, a cross-reference table, a trailer (ISO 32000-2, 7.5.6)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agreegen.pdf.plain import Entries, PlainPdf, items
from agreegen.signing.prepared import Prepared

_RANGE_DIGITS = 45
"""Room for `/ByteRange`: four numbers of ten digits, blanks and brackets."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A signature dictionary whose `/Contents` is still to come.

    Attributes:
        number: Its object number.
        entries: Its other entries, `/ByteRange` apart.
        reserved_bytes: Room for the CMS.
    """

    number: int
    entries: bytes
    reserved_bytes: int


def dictionary(entries: Entries) -> bytes:
    """Write a dictionary."""
    return b"<< %s >>" % b" ".join(b"%s %s" % pair for pair in entries.items())


def append(plain: PlainPdf, bodies: Mapping[int, bytes], *, seed: bytes) -> bytes:
    """Return the file with new or changed objects appended.

    Args:
        plain: The file.
        bodies: Bodies by object number.
        seed: Enters the second half of `/ID`, which names this version of the file.
    """
    start = _base(plain)
    pieces, offsets, position = _objects(bodies, len(start))
    return b"".join((start, *pieces, _ending(plain, offsets, position, seed)))


def append_with_hole(plain: PlainPdf, bodies: Mapping[int, bytes], hole: Hole, *, seed: bytes) -> Prepared:
    """Return the file with new or changed objects and a signature dictionary; `digest` is left empty.

    Args:
        plain: The file.
        bodies: Bodies by object number, the signature dictionary apart.
        hole: The signature dictionary.
        seed: Enters the second half of `/ID`, which names this version of the file.
    """
    base = _base(plain)
    head = b"%d 0 obj\n<< %s /Contents " % (hole.number, hole.entries)
    start = len(base) + len(head)
    end = start + 2 * hole.reserved_bytes + 2
    tail = b" >>\nendobj\n"
    label = b" /ByteRange "
    position = end + len(label) + _RANGE_DIGITS + len(tail)
    pieces, offsets, position = _objects(bodies, position)
    offsets[hole.number] = len(base)
    ending = _ending(plain, offsets, position, seed)
    byte_range = b"[0 %d %d %d]" % (start, end, position + len(ending) - end)
    contents = b"<" + b"0" * (2 * hole.reserved_bytes) + b">"
    parts = (base, head, contents, label, byte_range.ljust(_RANGE_DIGITS), tail, *pieces, ending)
    return Prepared(b"".join(parts), start, end, digest=b"")


def _base(plain: PlainPdf) -> bytes:
    return plain.data if plain.data.endswith((b"\n", b"\r")) else plain.data + b"\n"


def _objects(bodies: Mapping[int, bytes], position: int) -> tuple[list[bytes], dict[int, int], int]:
    pieces, offsets = [], {}
    for number in sorted(bodies):
        offsets[number] = position
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, bodies[number]))
        position += len(pieces[-1])
    return pieces, offsets, position


def _ending(plain: PlainPdf, offsets: Mapping[int, int], position: int, seed: bytes) -> bytes:
    parts = [b"xref\n"]
    for numbers in _runs(sorted(offsets)):
        parts.append(b"%d %d\n" % (numbers[0], len(numbers)))
        parts += [b"%010d 00000 n \n" % offsets[number] for number in numbers]
    trailer: Entries = {key: plain.trailer[key] for key in (b"/Root", b"/Info") if key in plain.trailer}
    trailer[b"/Size"] = b"%d" % max(plain.size, max(offsets) + 1)
    trailer[b"/Prev"] = b"%d" % plain.xref_at
    if b"/ID" in plain.trailer:
        first, *_ = items(plain.trailer[b"/ID"])
        # The second half names this version of the file (ISO 32000-2, 14.4).
        named = hashlib.sha256(b"|".join((plain.trailer[b"/ID"], b"%d" % position, seed))).hexdigest()[:32]
        trailer[b"/ID"] = b"[%s <%s>]" % (first, named.encode())
    parts.append(b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (dictionary(trailer), position))
    return b"".join(parts)


def _runs(numbers: Iterable[int]) -> Iterable[list[int]]:
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        yield [number for _, number in group]
