"""Fields and structure bent after signing: closed fields filled, looks without values, other trees."""

from __future__ import annotations

import re

from tests.attacks.documents import look, page_number, signed
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.prepared import drawn, scanned_lines, tagged, with_field
from tests.attacks.signer import FREE_BOX, base_document, sign

CHECKBOX = (
    b"/FT /Btn /T (agree) /V /Off /AS /Off /F 4 /Rect [60 500 70 510] "
    b"/AP << /N << /Yes %d 0 R /Off %d 0 R >> >>"
)
CLOSED = b"/FT /Tx /T (sum) /Ff 1 /V (100) /F 4 /DA (/Helv 9 Tf) /Rect [60 450 200 470] /AP << /N %d 0 R >>"


def _changed(data: bytes, marker: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    number = number_of(data, marker)
    body = body_of(data, number)
    for old, new in edits:
        assert old in body
        body = body.replace(old, new, 1)
    return append(data, {number: body})


def checkbox() -> bytes:
    """Return a signed document with a checkbox."""
    return sign(with_field(base_document(), CHECKBOX, stream(b"q Q"), stream(b"q Q")))


def closed_field(*, calculated: bool = False) -> bytes:
    """Return a signed document with a read-only field."""
    data = with_field(base_document(), CLOSED, look(b"(100)"))
    if calculated:
        number = number_of(data, b"/DR")
        order = b"/CO [%d 0 R] >>" % number_of(data, b"(sum)")
        body = body_of(data, number)
        data = append(data, {number: body[: body.rindex(b">>")] + order})
    return sign(data)


def look_behind_empty_kids() -> bytes:
    """With an empty list of kids a field has no widgets that a comparison would see."""
    data = signed()
    free, number = size_of(data), number_of(data, b"(remark)")
    body = re.sub(rb"/N \d+ 0 R", b"/N %d 0 R" % free, body_of(data, number))
    return append(data, {number: body[: body.rindex(b">>")] + b"/Kids [] >>", free: look(b"(1,000,000)")})


def state_without_value() -> bytes:
    """A box is ticked although its value stays off."""
    return _changed(checkbox(), b"(agree)", (b"/AS /Off", b"/AS /Yes"))


def closed_field_filled() -> bytes:
    data = closed_field()
    number = number_of(data, b"(sum)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    body = body_of(data, number).replace(b"(100)", b"(999)")
    return append(data, {number: body, shown: look(b"(999)")})


def closed_field_opened() -> bytes:
    return _changed(closed_field(), b"(sum)", (b"/Ff 1", b"/Ff 0"))


def field_not_printed() -> bytes:
    return _changed(closed_field(), b"(sum)", (b"/F 4", b"/F 0"))


def xfa_added() -> bytes:
    data, free = signed(), size_of(signed())
    number = number_of(data, b"/SigFlags")
    body = body_of(data, number)
    return append(
        data, {number: body[: body.rindex(b">>")] + b"/XFA %d 0 R >>" % free, free: stream(b"<x/>")}
    )


def signature_in_another_field() -> bytes:
    """A second, visible field shows the signature that was there."""
    data, free = signed(), size_of(signed())
    form = number_of(data, b"/SigFlags")
    holder = number_of(data, b"/ByteRange")
    fields = re.sub(rb"/Fields \[", b"/Fields [%d 0 R " % free, body_of(data, form))
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (twin) /F 132 /V %d 0 R /Rect [%d %d %d %d] >>"
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page_number(data)))[0])
    shown = body_of(data, listing).replace(b"]", b"%d 0 R ]" % free)
    return append(data, {form: fields, listing: shown, free: field % (holder, *FREE_BOX)})


def tree_removed() -> bytes:
    data = sign(tagged(base_document()))
    body = re.sub(rb"/StructTreeRoot \d+ 0 R", b"/StructTreeRoot null", body_of(data, root_number(data)))
    return append(data, {root_number(data): body})


def tree_emptied() -> bytes:
    data = sign(tagged(base_document()))
    return _changed(data, b"/Type /StructTreeRoot", (b"/K [", b"/K [] /Was ["))


def tree_element_dropped() -> bytes:
    data = sign(tagged(base_document()))
    number = number_of(data, b"/Type /StructTreeRoot")
    return append(data, {number: re.sub(rb"/K \[[^\]]*\]", b"/K []", body_of(data, number))})


def tree_text_replaced() -> bytes:
    return _changed(sign(tagged(base_document())), b"/ActualText", (b"(kept)", b"(sold)"))


def tree_element_claims_text() -> bytes:
    """A new element gives the page's old content another text for those who cannot see."""
    data, free = sign(tagged(base_document())), 0
    free = size_of(data)
    number = number_of(data, b"/Type /StructTreeRoot")
    body = body_of(data, number).replace(b"/K [", b"/K [%d 0 R " % free)
    element = b"<< /Type /StructElem /S /P /P %d 0 R /Pg %d 0 R /K 0 /ActualText (sold) >>"
    return append(data, {number: body, free: element % (number, page_number(data))})


def other_type() -> bytes:
    return _changed(sign(base_document(), "person"), b"(unit)", (b"/Type /Annot", b"/Type /Other"))


def large_filled(height: float) -> bytes:
    """Fill in a large field that lies over lines of a given height."""
    data = sign(drawn(base_document(), scanned_lines(height)))
    number = number_of(data, b"(large)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    return append(data, {number: body_of(data, number).replace(b"/V ()", b"/V (x)"), shown: look(b"(x)")})


def scan_painted_over() -> bytes:
    """A scanned text has no letters that could be found; a field as large as it hides it all the same."""
    return large_filled(5)


def button_redrawn() -> bytes:
    """A button shows another picture; a value that it never has makes it look like filling in."""
    button = b"/FT /Btn /Ff 65536 /T (crest) /F 4 /Rect [60 500 120 540] /AP << /N %d 0 R >>"
    data = sign(with_field(base_document(), button, stream(b"q Q")))
    number = number_of(data, b"(crest)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    body = body_of(data, number)
    return append(data, {number: body[: body.rindex(b">>")] + b"/V /On >>", shown: look(b"(sold)")})
