"""Documents with more in them than the plain one, before anybody signs."""

from __future__ import annotations

import re

from tests.attacks.documents import page_number
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream


def with_field(data: bytes, entries: bytes, *looks: bytes) -> bytes:
    """Add a field with its widget; every `%d` in the entries becomes the number of one of its looks."""
    free = size_of(data)
    numbers = [free + 1 + at for at in range(len(looks))]
    form, holder = number_of(data, b"/DR"), page_number(data)
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, holder))[0])
    own = b"<< /Type /Annot /Subtype /Widget /P %d 0 R " % holder + entries % tuple(numbers) + b" >>"
    added = {
        form: body_of(data, form).replace(b"/Fields [", b"/Fields [%d 0 R " % free),
        listing: body_of(data, listing).replace(b"]", b"%d 0 R ]" % free),
        free: own,
    }
    return append(data, added | {n: _form(body) for n, body in zip(numbers, looks, strict=True)})


def _form(body: bytes) -> bytes:
    head = b"" if b"/BBox" in body else b"/Type /XObject /Subtype /Form /BBox [0 0 10 10] "
    return body.replace(b"<< ", b"<< " + head, 1)


def tagged(data: bytes) -> bytes:
    """Give the page a structure tree with one paragraph."""
    free, root, holder = size_of(data), root_number(data), page_number(data)
    body = body_of(data, root)
    element = b"<< /Type /StructElem /S /P /P %d 0 R /Pg %d 0 R /K 0 /ActualText (kept) >>" % (free, holder)
    return append(
        data,
        {
            root: body[: body.rindex(b">>")]
            + b"/StructTreeRoot %d 0 R /MarkInfo << /Marked true >> >>" % free,
            free: b"<< /Type /StructTreeRoot /K [ %d 0 R ] /ParentTree %d 0 R >>" % (free + 1, free + 2),
            free + 1: element,
            free + 2: b"<< /Nums [ 0 [ %d 0 R ] ] >>" % (free + 1),
        },
    )


def drawn(data: bytes, content: bytes) -> bytes:
    """Draw something without letters on the page, and a large empty text field over it."""
    number, holder = number_of(data, b"I keep the data"), page_number(data)
    text = body_of(data, number)
    shown = text[text.index(b"stream") + 7 : text.rindex(b"endstream")].strip() + b" " + content
    assert holder
    field = b"/FT /Tx /T (large) /V () /F 4 /DA (/Helv 9 Tf) /Rect [60 100 500 500] /AP << /N %d 0 R >>"
    return with_field(append(data, {number: stream(shown)}), field, stream(b"/Tx BMC EMC"))


def scanned_lines(height: float) -> bytes:
    """Return rows of dark marks, as a scanned text has them, or thin lines."""
    return b" ".join(b"70 %d 420 %g re f" % (y, height) for y in range(120, 490, 14))
