"""Writing an incremental update in every form there is: the canonical one, and each way to miss it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.attacks.increments import body_of, last_xref, root_number, size_of, stream


@dataclass(frozen=True, slots=True)
class Form:
    """How an update is spelled; as it stands, it is the canonical form with a table.

    Attributes:
        section: `table`, `stream` or `hybrid`.
        packed: Numbers of the objects that lie in an object stream.
        opening: Bytes before the first object.
        gap: Bytes between two objects.
        closing: Bytes between the trailer and `startxref`.
        head: First line of an object, with number and generation.
        tail: What closes an object.
        line: Line end within a table and its trailer.
        entry: Entry of a table, with offset and generation.
        mark: End mark, with the place of the section.
        trailing: Bytes behind the end mark.
        prev: Value of `/Prev`, with the place of the section before.
        size: What is added to `/Size`.
        aim: What is added to the offset of each entry.
        aim_section: What is added to the place in the end mark.
        generation: Generation of all objects.
        listed: Further entries: number to offset.
        unlisted: Numbers without an entry.
        freed: Numbers with an entry that frees them.
        lists_itself: Whether a cross-reference stream has an entry for itself.
        container_entries: Further entries of the object stream's dictionary.
        section_entries: Further entries of the trailer.
        surplus: Bytes added to the decoded cross-reference stream.
        surplus_members: Members of the object stream without an entry: number to text.
        widths: Bytes of the three numbers in a row of a cross-reference stream.
        hybrid_rows: What is added to the offsets in the stream of a hybrid section.
    """

    section: str = "table"
    packed: frozenset[int] = frozenset()
    opening: bytes = b""
    gap: bytes = b""
    closing: bytes = b""
    head: bytes = b"%d %d obj\n"
    tail: bytes = b"\nendobj\n"
    line: bytes = b"\n"
    entry: bytes = b"%010d %05d n \n"
    mark: bytes = b"startxref\n%d\n%%%%EOF\n"
    trailing: bytes = b""
    prev: bytes = b"%d"
    size: int = 0
    aim: int = 0
    aim_section: int = 0
    generation: int = 0
    listed: Mapping[int, int] = field(default_factory=dict)
    unlisted: frozenset[int] = frozenset()
    freed: frozenset[int] = frozenset()
    lists_itself: bool = True
    container_entries: bytes = b""
    section_entries: bytes = b""
    surplus: bytes = b""
    surplus_members: Mapping[int, bytes] = field(default_factory=dict)
    widths: tuple[int, int, int] = (1, 4, 2)
    hybrid_rows: int = 0


@dataclass(slots=True)
class _Draft:
    """The update so far."""

    out: bytearray
    places: dict[int, tuple[int, int, int]]
    free: int

    def number(self) -> int:
        """Return a new object number."""
        self.free += 1
        return self.free - 1


def write(data: bytes, objects: Mapping[int, bytes], form: Form | None = None) -> bytes:
    """Append an update with some objects, number to text, in one form."""
    form = form or Form()
    start = data if data.endswith((b"\n", b"\r")) else data + b"\n"
    free = max([size_of(data), *(number + 1 for number in objects)])
    draft = _Draft(bytearray(start + form.opening), {}, free)
    packed = {number: text for number, text in objects.items() if number in form.packed}
    for number, text in objects.items():
        if number not in packed:
            _add(draft, number, text, form)
    if packed:
        _pack(draft, packed, form)
    for number in form.freed:
        draft.places[number] = (0, 0, 65535)
    for number in form.unlisted:
        draft.places.pop(number, None)
    for number, place in form.listed.items():
        draft.places[number] = (1, place, form.generation)
    rows = _add_rows(draft, form, data) if form.section != "table" else None
    place = _add_table(draft, form, data, rows) if form.section != "stream" or rows is None else rows
    draft.out += form.closing + form.mark % (place + form.aim_section)
    return bytes(draft.out + form.trailing)


def _add(draft: _Draft, number: int, text: bytes, form: Form) -> None:
    draft.places[number] = (1, len(draft.out) + form.aim, form.generation)
    draft.out += form.head % (number, form.generation) + text + form.tail + form.gap


def _pack(draft: _Draft, packed: Mapping[int, bytes], form: Form) -> None:
    """Put objects into an object stream (ISO 32000-1, clause 7.5.7)."""
    container, index, body = draft.number(), [], b""
    for number, text in {**packed, **form.surplus_members}.items():
        index.append(b"%d %d" % (number, len(body)))
        body += text + b"\n"
    head = b" ".join(index) + b"\n"
    entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode " % (len(index), len(head))
    _add(draft, container, stream(zlib.compress(head + body), entries + form.container_entries), form)
    for at, number in enumerate(packed):
        draft.places[number] = (2, container, at)


def _trailer(draft: _Draft, form: Form, data: bytes) -> bytes:
    size = draft.free + form.size
    fixed = re.findall(rb"/(?:ID|Info|Encrypt) ?(?:\[[^\]]*\]|\d+ 0 R)", data[data.rindex(b"/Root") - 400 :])
    kept = b" ".join(dict.fromkeys(fixed))
    entries = b"/Size %d /Root %d 0 R %s /Prev " % (size, root_number(data), kept)
    return entries + form.prev % last_xref(data) + b" " + form.section_entries


def _add_rows(draft: _Draft, form: Form, data: bytes) -> int:
    """Write a cross-reference stream and return its place."""
    own, place = draft.number(), len(draft.out)
    draft.free = max(draft.free, own + 1)
    rows = dict(draft.places)
    if form.hybrid_rows:
        rows = {number: (kind, at + form.hybrid_rows, extra) for number, (kind, at, extra) in rows.items()}
    if form.lists_itself:
        rows[own] = (1, place + form.aim, 0)
        draft.places[own] = rows[own]
    index, body = b"", b""
    for number in sorted(rows):
        index += b"%d 1 " % number
        body += b"".join(
            (value % (1 << 8 * width)).to_bytes(width, "big")
            for value, width in zip(rows[number], form.widths, strict=True)
        )
    entries = b"/Type /XRef /W [%d %d %d] /Index [%s] " % (*form.widths, index)
    entries += b"/Filter /FlateDecode " + _trailer(draft, form, data)
    draft.out += form.head % (own, 0) + stream(zlib.compress(body + form.surplus), entries) + form.tail
    return place


def _add_table(draft: _Draft, form: Form, data: bytes, rows: int | None) -> int:
    """Write a table with its trailer and return its place."""
    place = len(draft.out)
    draft.out += b"xref" + form.line
    for number in sorted(draft.places):
        kind, at, extra = draft.places[number]
        if kind == 2:
            continue
        line = form.entry % (at, extra) if kind else b"%010d %05d f \n" % (at, extra)
        draft.out += b"%d 1" % number + form.line + line
    hybrid = b"" if rows is None else b"/XRefStm %d " % rows
    draft.out += b"trailer" + form.line + b"<< " + _trailer(draft, form, data) + hybrid + b">>" + form.line
    return place


def store_objects(data: bytes) -> dict[int, bytes]:
    """Return the objects of a document security store with one certificate, and the new catalogue."""
    free, root = size_of(data), root_number(data)
    body = re.sub(rb"/DSS \d+ 0 R", b"", body_of(data, root))
    return {
        root: body[: body.rindex(b">>")] + b"/DSS %d 0 R >>" % free,
        free: b"<< /Type /DSS /Certs [%d 0 R] >>" % (free + 1),
        free + 1: stream(b"0certificate-%d" % free),
    }


def stored(data: bytes, form: Form | None = None, *, more: Mapping[int, bytes] | None = None) -> bytes:
    """Append a security store in one form, with further objects."""
    return write(data, {**store_objects(data), **(more or {})}, form)
