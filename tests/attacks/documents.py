"""The documents that the attacks start from, and small changes of them."""

from __future__ import annotations

import functools
import re

from pyhanko.sign.fields import MDPPerm

from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.signer import PAGE_TEXT, base_document, sign

FORGED_TEXT = b"BT /F1 12 Tf 72 720 Td (I may publish everything.) Tj ET"


@functools.cache
def signed() -> bytes:
    """An approval signature in the seal field that was there."""
    return sign(base_document())


@functools.cache
def certified(level: int = 2) -> bytes:
    """A certification signature in an invisible field."""
    return sign(base_document(), "person", certify=MDPPerm(level))


def page_number(data: bytes) -> int:
    return number_of(data, b"/MediaBox")


def content_number(data: bytes) -> int:
    return number_of(data, PAGE_TEXT)


def redefine(data: bytes, number: int, old: bytes, new: bytes) -> bytes:
    body = body_of(data, number)
    assert old in body
    return append(data, {number: body.replace(old, new, 1)})


def in_catalog(data: bytes, addition: bytes) -> bytes:
    root = root_number(data)
    body = body_of(data, root)
    return append(data, {root: body[: body.rindex(b">>")] + addition + b" >>"})


def look(text: bytes) -> bytes:
    content = b"/Tx BMC BT /Helv 10 Tf 2 5 Td %s Tj ET EMC" % text
    return stream(content, b"/Type /XObject /Subtype /Form /BBox [0 0 240 20]")


def fill(data: bytes) -> bytes:
    """Fill in the text field, as a form filler would."""
    number = number_of(data, b"(remark)")
    body = body_of(data, number)
    assert b"/V ()" in body
    return append(
        data,
        {number: body.replace(b"/V ()", b"/V (read)"), number_of(data, b"/Tx BMC EMC"): look(b"(read)")},
    )


def annotate(
    data: bytes,
    box: tuple[int, int, int, int],
    kind: bytes = b"/FreeText",
    look_entry: bytes = b"/AP << /N %d 0 R >>",
) -> bytes:
    """Add an annotation."""
    free = size_of(data)
    holder = number_of(data, b"/MediaBox")
    match = re.search(rb"/Annots (\d+) 0 R", body_of(data, holder))
    assert match is not None
    listing = int(match[1])
    width, height = box[2] - box[0], box[3] - box[1]
    look = stream(
        b"1 g 0 0 %d %d re f" % (width, height),
        b"/Type /XObject /Subtype /Form /BBox [0 0 %d %d]" % (width, height),
    )
    note = b"<< /Type /Annot /Subtype %s /F 4 /Rect [%d %d %d %d] /Contents (x) "
    own_look = look_entry % (free + 1) if b"%d" in look_entry else look_entry
    body = body_of(data, listing)
    return append(
        data,
        {
            listing: body[: body.rindex(b"]")] + b"%d 0 R ]" % free,
            free: note % (kind, *box) + own_look + b" >>",
            free + 1: look,
        },
    )
