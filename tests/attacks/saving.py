"""Incremental saving attacks: something is appended to the signed file; cross-reference games."""

from __future__ import annotations

import re

from tests.attacks.documents import (
    FORGED_TEXT,
    content_number,
    in_catalog,
    page_number,
    redefine,
    signed,
)
from tests.attacks.increments import append, body_of, last_xref, number_of, root_number, size_of, stream
from tests.attacks.signer import base_document, sign


def isa_page_content() -> bytes:
    return append(signed(), {content_number(signed()): stream(FORGED_TEXT)})


def isa_new_catalog() -> bytes:
    data, free = signed(), size_of(signed())
    page = body_of(data, page_number(data)).replace(
        b"/Contents %d" % content_number(data), b"/Contents %d" % (free + 2)
    )
    catalog = re.sub(rb"/Pages \d+", b"/Pages %d" % free, body_of(data, root_number(data)))
    added = {
        root_number(data): catalog,
        free: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (free + 1),
        free + 1: page,
        free + 2: stream(FORGED_TEXT),
    }
    return append(data, added)


def isa_other_root() -> bytes:
    data, free = signed(), size_of(signed())
    body = body_of(data, root_number(data))
    action = b"/OpenAction << /S /URI /URI (http://example.org) >> >>"
    return append(data, {free: body[: body.rindex(b">>")] + action}, root=free)


def isa_without_xref() -> bytes:
    return append(signed(), {content_number(signed()): stream(FORGED_TEXT)}, xref=False)


def isa_trailer_only() -> bytes:
    body = append(signed(), {content_number(signed()): stream(FORGED_TEXT)}, xref=False)
    tail = b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (size_of(signed()), root_number(signed()), last_xref(signed()))


def isa_copied_signature() -> bytes:
    data = signed()
    signature = number_of(data, b"/ByteRange")
    return append(data, {content_number(data): stream(FORGED_TEXT), signature: body_of(data, signature)})


def isa_resources() -> bytes:
    return redefine(signed(), page_number(signed()), b"/Resources <<", b"/Resources << /XObject << >>")


def isa_media_box() -> bytes:
    return redefine(
        signed(), page_number(signed()), b"/MediaBox [ 0 0 595 842 ]", b"/MediaBox [ 0 0 595 300 ]"
    )


def isa_font() -> bytes:
    return redefine(signed(), number_of(signed(), b"/BaseFont /Helvetica"), b"/Helvetica", b"/Symbol")


def isa_page_added() -> bytes:
    data, free = signed(), size_of(signed())
    pages = number_of(data, b"/Type /Pages")
    body = re.sub(rb"/Kids \[ ", b"/Kids [ %d 0 R " % free, body_of(data, pages)).replace(
        b"/Count 1", b"/Count 2"
    )
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] >>" % pages
    return append(data, {pages: body, free: page})


def isa_open_action() -> bytes:
    return in_catalog(signed(), b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")


def isa_layers() -> bytes:
    return in_catalog(signed(), b"/OCProperties << /OCGs [] /D << >> >>")


def isa_attachment() -> bytes:
    return redefine(signed(), number_of(signed(), b'{"id": "X"}'), b'{"id": "X"}', b'{"id": "Y"}')


def isa_trailing_bytes() -> bytes:
    return signed() + b"% read me\n1 0 obj << >> endobj\n"


def unlisted_object() -> bytes:
    data, free = signed(), size_of(signed())
    return append(
        data, {free: b"<< >>", content_number(data): stream(FORGED_TEXT)}, unlisted=(content_number(data),)
    )


def skipping_chain() -> bytes:
    """The new table's /Prev jumps over the signed revision."""
    data = append(signed(), {size_of(signed()): b"<< >>"})
    first = int(re.findall(rb"startxref\s+(\d+)", data)[0])
    return data.replace(b"/Prev %d " % last_xref(signed()), b"/Prev %d " % first).replace(
        b"/Prev %d" % last_xref(signed()), b"/Prev %d" % first
    )


def circular_chain() -> bytes:
    data = append(signed(), {size_of(signed()): b"<< >>"})
    own = b"%d" % last_xref(data)
    old = b"%d" % last_xref(signed())
    return data.replace(b"/Prev " + old, b"/Prev " + own.ljust(len(old)))


def unknown_trailer_key() -> bytes:
    data = signed()
    return append(data, {size_of(data): b"<< >>"}, trailer=b"/Shown %d 0 R" % content_number(data))


def wrong_object_at_offset() -> bytes:
    data = signed()
    start = data.index(b"%d 0 obj" % root_number(data))
    return append(data, {}, listed={content_number(data): start})


def other_generation() -> bytes:
    """The table gives an object another generation, so that references to it lead nowhere."""
    data = signed()
    number = content_number(data)
    start = data.index(b"%d 0 obj" % number)
    forged = append(data, {}, listed={number: start})
    return forged[: len(data)] + forged[len(data) :].replace(b" 00000 n", b" 00001 n")


def veiled_object() -> bytes:
    """A hybrid revision: its table frees the page's content, its stream brings it back."""
    data = signed()
    number, free = content_number(data), size_of(data)
    start = data.index(b"\n%d 0 obj" % number) + 1
    row = b"\x01" + start.to_bytes(4, "big") + b"\x00"
    place = len(data)
    entries = b"/Type /XRef /W [1 4 1] /Index [%d 1] /Size %d" % (number, free + 1)
    body = data + b"%d 0 obj\n%s\nendobj\n" % (free, stream(row, entries))
    table = b"xref\n%d 1\n0000000000 65535 f \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d /XRefStm %d >>\n"
    tail = table % (number, free + 1, root_number(data), last_xref(data), place)
    return body + tail + b"startxref\n%d\n%%%%EOF\n" % len(body)


def replaced_container() -> bytes:
    """An object stream is replaced: all objects in it change without being named."""
    base = base_document()
    container, member = size_of(base), size_of(base) + 1
    return _packed(
        sign(_packed(base, container, member, b"(kept)")), container, member, b"(lost)", listed=False
    )


def _packed(data: bytes, container: int, member: int, value: bytes, *, listed: bool = True) -> bytes:
    body = b"%d 0 " % member + value
    holder = b"%d 0 obj\n%s\nendobj\n"
    holder %= (container, stream(body, b"/Type /ObjStm /N 1 /First %d" % (len(body) - len(value))))
    place, table = len(data), len(data) + len(holder)
    rows = b"\x01" + place.to_bytes(4, "big") + b"\x00"
    rows += b"\x02" + container.to_bytes(4, "big") + b"\x00" if listed else b""
    count, own = (2 if listed else 1), size_of(data) + 2
    entries = b"/Type /XRef /W [1 4 1] /Index [%d %d] /Size %d /Root %d 0 R /Prev %d"
    entries %= (container, count, own + 1, root_number(data), last_xref(data))
    section = b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (own, stream(rows, entries), table)
    return data + holder + section


def table_beside_its_place() -> bytes:
    """Readers that look at the stated place find nothing and rebuild the file as they like."""
    data = append(signed(), {size_of(signed()): b"<< >>"})
    place = last_xref(data)
    return data.replace(b"startxref\n%d\n" % place, b"startxref\n%d\n" % (place + 1))


def previous_table_beside_its_place() -> bytes:
    data = append(signed(), {size_of(signed()): b"<< >>"})
    return data.replace(b"/Prev %d " % last_xref(signed()), b"/Prev %d " % (last_xref(signed()) + 3))
