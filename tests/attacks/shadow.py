"""Shadow attacks: the document was prepared before it was signed."""

from __future__ import annotations

import re

from tests.attacks.documents import (
    FORGED_TEXT,
    content_number,
    fill,
    look,
    page_number,
    redefine,
    signed,
)
from tests.attacks.honest import extensions_named
from tests.attacks.increments import append, last_xref, number_of, root_number, size_of, stream
from tests.attacks.signer import base_document, sign


def _shadow_base() -> bytes:
    """A text with an invoice line, and prepared objects that nothing uses yet."""
    data = base_document()
    return append(data, {size_of(data): stream(FORGED_TEXT)})


def shadow_switch() -> bytes:
    """Hide and replace: only the cross-reference changes, both versions were signed."""
    data = sign(_shadow_base())
    hidden = data.rindex(FORGED_TEXT)
    start = [m.start() for m in re.finditer(rb"\d+ 0 obj", data[:hidden])][-1]
    return append(data, {}, listed={content_number(data): start})


def shadow_twins() -> bytes:
    """Two objects with the same number in the signed bytes, the second reached by a later table."""
    data = base_document()
    number = content_number(data)
    twin = b"%d 0 obj\n%s\nendobj\n" % (number, stream(FORGED_TEXT))
    start = data.index(b"\n", 9) + 1
    rebuilt = append(data, {size_of(data): b"<< /Note (%s) >>" % b"x"})
    place = len(rebuilt)
    prepared = append(rebuilt + twin, {size_of(rebuilt): b"null"})
    assert start < place
    return append(sign(prepared), {}, listed={number: place})


def shadow_free() -> bytes:
    """Hide: an object that covered the text is freed after signing."""
    data = signed()
    number = number_of(data, b"/Tx BMC EMC")
    place = len(data) + (not data.endswith(b"\n"))
    body = data if data.endswith(b"\n") else data + b"\n"
    tail = b"xref\n%d 1\n0000000000 00001 f \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n"
    tail += b"startxref\n%d\n%%%%EOF\n"
    return body + tail % (number, size_of(data), root_number(data), last_xref(data), place)


def shadow_dangling() -> bytes:
    """Replace: the signed page refers to an object that only comes later."""
    data = base_document()
    free = size_of(data) + 40
    page = redefine(
        data, page_number(data), b"/Resources <<", b"/Resources << /XObject << /Late %d 0 R >>" % free
    )
    body = stream(FORGED_TEXT, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    return append(sign(page), {free: body})


def shadow_forward() -> bytes:
    """The signed table names an offset behind the end of the signed bytes."""
    data = base_document()
    number = size_of(data)
    prepared = append(data, {number + 1: b"<< >>"}, listed={number: 60_000})
    data = sign(prepared)
    body = data + b"%" * (60_000 - len(data) - 1) + b"\n"
    return append(body, {number: b"(late)"}, unlisted=(number,))


def shadow_redrawn_field() -> bytes:
    """Replace: a field looks different, its value is the same."""
    return append(signed(), {number_of(signed(), b"/Tx BMC EMC"): look(b"(1,000,000)")})


def shadow_field_over_text() -> bytes:
    """Replace: a field that lies over text is filled in."""
    data = base_document()
    moved = redefine(
        data, number_of(data, b"(remark)"), b"/Rect [ 60 600 300 620 ]", b"/Rect [ 60 705 420 740 ]"
    )
    return fill(sign(moved))


def shadow_redefined_unused() -> bytes:
    data = sign(_shadow_base())
    return append(data, {number_of(data, FORGED_TEXT): stream(b"q Q")})


def shadow_shared_extensions() -> bytes:
    """The list of extensions may change, but not an object that something else uses, too."""
    return extensions_named(shared=True)
