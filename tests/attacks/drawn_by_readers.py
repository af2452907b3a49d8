"""Additions that only some readers draw; found by showing updates to four readers (`make differential`)."""

from __future__ import annotations

from tests.attacks.documents import certified, fill, page_number, signed
from tests.attacks.increments import append, body_of, number_of, size_of, stream
from tests.attacks.signer import FREE_BOX, TEXT_BOX


def highlight_without_corners() -> bytes:
    """Nothing says where it paints; MuPDF blends the whole page anew for it."""
    return _noted(signed(), b"<< /Type /Annot /Subtype /Highlight /Rect [300 9 310 19] /F 4 >>")


def highlight_without_corners_nor_place() -> bytes:
    return _noted(certified(3), b"<< /Type /Annot /Subtype /Highlight /Rect [0 0 0 0] /F 4 >>")


def signature_field_without_look_on_text() -> bytes:
    """MuPDF draws a line and a mark into a signature field that nobody has signed and that has no look."""
    return _with_field(signed(), TEXT_BOX)


def signature_field_without_look_on_certified() -> bytes:
    return _with_field(certified(), FREE_BOX)


def look_with_singular_matrix() -> bytes:
    """poppler (as in Evince) forgets the matrix, so that the field's look is painted over the page."""
    return _filled(b"/Matrix [0 0 0 0 0 0] /BBox [-600 -900 600 900]")


def look_with_matrix_that_is_almost_singular() -> bytes:
    return _filled(b"/Matrix [1 1 1 1.0000000001 0 0] /BBox [-600 -900 600 900]")


def look_with_a_box_too_thin_to_scale() -> bytes:
    return _filled(b"/BBox [0 0 .0000000000000001 16]")


def _filled(entries: bytes) -> bytes:
    """Fill in the field honestly, but for the placing of its look, which also paints over the clause."""
    data = signed()
    filled = fill(data)
    content = b"1 g 60 705 400 40 re f 0 g BT /Helv 12 Tf 72 720 Td (I may publish everything.) Tj ET"
    look = stream(content, b"/Type /XObject /Subtype /Form " + entries)
    added = {number: body_of(filled, number) for number in (number_of(data, b"(remark)"),)}
    return append(data, {**added, number_of(data, b"/Tx BMC EMC"): look})


def _noted(data: bytes, note: bytes) -> bytes:
    free, listing = size_of(data), _listing(data)
    body = body_of(data, listing)
    return append(data, {listing: body[: body.rindex(b"]")] + b"%d 0 R ]" % free, free: note})


def _listing(data: bytes) -> int:
    page = body_of(data, page_number(data))
    return int(page.split(b"/Annots ")[1].split(b" ")[0])


def _with_field(data: bytes, box: tuple[int, int, int, int]) -> bytes:
    free, form = size_of(data), number_of(data, b"/SigFlags")
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (later) /F 4 /Rect [%d %d %d %d] /P %d 0 R >>"
    listing, body = _listing(data), body_of(data, form)
    notes = body_of(data, listing)
    added = {
        form: body.replace(b"/Fields [", b"/Fields [%d 0 R " % free),
        listing: notes[: notes.rindex(b"]")] + b"%d 0 R ]" % free,
        free: field % (*box, page_number(data)),
    }
    return append(data, added)
