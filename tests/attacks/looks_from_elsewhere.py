"""Looks that draw something in one reader, and could be something else in another, in print, or tomorrow."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from tests.attacks.documents import look, signed
from tests.attacks.increments import append, body_of, number_of, size_of, stream
from tests.attacks.pictured import SHEET, sealed
from tests.attacks.prepared import with_field
from tests.attacks.signer import base_document, sign, stamp

FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 240 20] "
SHORT_KEYS = {
    "W": b"2", "H": b"2", "BPC": b"1", "CS": b"/RGB", "D": b"[1 0]", "I": b"true", "IM": b"true",
    "DP": b"<< /Columns 2 >>",
}  # fmt: skip
"""Keys of pictures within a content (ISO 32000-1, table 93); pdf.js prefers them in every picture."""
_IMAGE = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
WORDS = b"/Tx BMC BT /Helv 10 Tf 2 5 Td (read) Tj ET EMC"


def filled_with(
    form: bytes, more: tuple[bytes, ...] = (), *, keys: bytes = b"", value: bytes = b"(read)"
) -> bytes:
    """Fill in the text field with a look; every `%d` of it becomes the number of one of the further objects.

    Args:
        form: The look.
        more: Further objects.
        keys: Further keys of the field.
        value: What the field says.
    """
    data = signed()
    free = size_of(data)
    numbers = tuple(range(free, free + len(more)))
    holder = number_of(data, b"(remark)")
    body = body_of(data, holder).replace(b"/V ()", b"/V " + value)
    shown = form % numbers[: form.count(b"%d")] if b"%d" in form else form
    further = keys % numbers[: keys.count(b"%d")] if b"%d" in keys else keys
    objects = {holder: body[: body.rindex(b">>")] + further + b" >>", number_of(data, b"/Tx BMC EMC"): shown}
    return append(data, objects | dict(zip(numbers, more, strict=True)))


def _with_picture(entries: bytes, *more: bytes) -> bytes:
    """Fill in with a picture that has further entries."""
    form = stream(b"q 20 0 0 10 0 0 cm /P Do Q", FORM + b"/Resources << /XObject << /P %d 0 R >> >>")
    picture = stream(b"\x80", _IMAGE + entries)
    free = size_of(signed()) + 1
    if b"%d" in picture:
        picture = picture % free
    return filled_with(form, (picture, *more))


def _with_looks(entries: bytes, more: bytes = b"") -> bytes:
    """Fill in with two looks, of which readers show one now."""
    data = signed()
    free, holder = size_of(data), number_of(data, b"(remark)")
    body = body_of(data, holder).replace(b"/V ()", b"/V (read) " + more)
    body = re.sub(rb"/AP << /N \d+ 0 R >>", b"/AP << " + entries % (free, free + 1) + b">>", body)
    return append(data, {holder: body, free: look(b"(read)"), free + 1: look(b"(900)")})


def _two_strokes(*, stamped: bool) -> bytes:
    """Fill two fields that lie side by side, one after the other, so that their strokes make one digit."""
    data = base_document()
    for name, box in ((b"left", b"[60 400 70 420]"), (b"right", b"[70 400 80 420]")):
        entries = b"/FT /Tx /T (%s) /F 4 /V () /AP << /N %%d 0 R >> /Rect %s" % (name, box)
        blank = stream(b"/Tx BMC EMC %" + name, b"/Type /XObject /Subtype /Form /BBox [0 0 10 20]")
        data = with_field(data, entries, blank)
    data = sign(data)
    for name, drawn in ((b"right", b"1.5 w 0.8 2 m 0.8 18 l S"), (b"left", b"1.5 w 10 17 m 2 7 l 10 7 l S")):
        holder = number_of(data, b"(%s)" % name)
        shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, holder))[0])
        body = body_of(data, holder).replace(b"/V ()", b"/V (1)")
        form = stream(drawn, b"/Type /XObject /Subtype /Form /BBox [0 0 10 20]")
        data = append(data, {holder: body, shown: form})
        data = stamp(data) if stamped and name == b"right" else data
    return data


ELSEWHERE: dict[str, Callable[[], bytes]] = {
    "page of another file": lambda: filled_with(
        stream(WORDS, FORM + b"/Ref << /F (https://example.com/x.pdf) /Page 0 >>")
    ),
    "content in another file": lambda: filled_with(stream(b"", FORM + b"/F (https://example.com/x)")),
    "content in another file, with a file specification": lambda: filled_with(
        stream(
            b"", FORM + b"/F << /Type /Filespec /FS /URL /F (https://example.com/x) >> /FFilter /FlateDecode"
        )
    ),
    "another picture in print": lambda: _with_picture(
        b"/Alternates [<< /Image %d 0 R /DefaultForPrinting true >>] ", stream(b"\x00", _IMAGE)
    ),
    **{
        f"picture with the short key {key}": functools.partial(
            _with_picture, b"/%s %s " % (key.encode(), value)
        )
        for key, value in SHORT_KEYS.items()
    },
    "picture of another server": lambda: _with_picture(
        b"/OPI << /2.0 << /Type /OPI /Version 2.0 /F (x.tif) >> >> "
    ),
    "form of another server": lambda: filled_with(
        stream(WORDS, FORM + b"/OPI << /2.0 << /Type /OPI /Version 2.0 /F (x.tif) >> >>")
    ),
    "words of a printer": lambda: filled_with(
        stream(b"/P Do", FORM + b"/Resources << /XObject << /P %d 0 R >> >>"),
        (stream(b"100 100 moveto (sold) show", b"/Type /XObject /Subtype /PS"),),
    ),
    "transfer function": lambda: filled_with(
        stream(b"/G gs 0 0 9 9 re f", FORM + b"/Resources << /ExtGState << /G << /TR %d 0 R >> >> >>"),
        (stream(b"{1 exch sub}", b"/FunctionType 4 /Domain [0 1] /Range [0 1]"),),
    ),
    "value in a stream that says something else": lambda: filled_with(
        stream(WORDS, FORM), (stream(b"900"),), value=b"%d 0 R" % size_of(signed())
    ),
    "look in states": lambda: _with_looks(b"/N << /On %d 0 R /Off %d 0 R >> ", b"/AS /On "),
    "look for the mouse": lambda: _with_looks(b"/N %d 0 R /R %d 0 R "),
    "look for the pressed mouse": lambda: _with_looks(b"/N %d 0 R /D %d 0 R "),
    "stroke that joins a stroke of another field": lambda: _two_strokes(stamped=False),
    "stroke that joins a stroke under a timestamp": lambda: _two_strokes(stamped=True),
}
"""In a text field that is filled in."""

SOURCES = (
    *(name for name in ELSEWHERE if name.startswith("picture with the short key")),
    "page of another file",
    "content in another file",
    "content in another file, with a file specification",
    "another picture in print",
    "picture of another server",
    "form of another server",
    "words of a printer",
    "transfer function",
)
"""Those whose content does not stand in the file, or is another one in print."""

SEALS: dict[str, Callable[[], bytes]] = {
    "transfer function over text": lambda: sealed(
        b"/G gs 0.9 0.2 0.2 RG 5 w 150 5 60 25 re S", state={"TR": "/Identity"}
    ),
    "sheet that darkens": lambda: sealed(b"/G gs 1 g " + SHEET, state={"OPM": 1, "BM": "/Darken"}),
}
"""In a field that was prepared over the text."""
