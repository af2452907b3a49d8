"""Fields filled so that a drawn digit reads as another, and forms as people draw them, filled in."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from tests.attacks.increments import append, body_of, number_of, stream
from tests.attacks.painted_elsewhere import put
from tests.attacks.prepared import with_field
from tests.attacks.signer import base_document, sign

Box = tuple[float, float, float, float]
_BOX: Box = (60, 400, 180, 420)
_TICK: Box = (60, 400, 72, 412)
_BLANK, _UNTICKED = stream(b"/Tx BMC EMC"), stream(b"q Q")
_STEM = b"1.5 w 100 402 m 100 418 l S"
"""A one, as a plotter or an exporter of outlines draws it."""


def filled(
    page: bytes, look: bytes, *, box: Box = _BOX, kind: bytes = b"/Tx", blank: bytes = _BLANK
) -> bytes:
    """Sign a page with something drawn on it and an empty field, and fill that in.

    Args:
        page: What is drawn on the page, besides its text.
        look: What the filled field shows, in the page's coordinates.
        box: Where the field is.
        kind: A text field, or a box to tick.
        blank: The look of the empty field.
    """
    data, frame = _drawn(page), b"[%g %g %g %g]" % box
    entries = b"/FT %s /T (amount) /F 4 /DA (/Helv 9 Tf) /Rect %s " % (kind, frame)
    if kind == b"/Tx":
        entries += b"/V () /AP << /N %d 0 R >>"
        data = with_field(data, entries, _framed(blank, frame))
    else:
        entries += b"/V /Off /AS /Off /AP << /N << /Off %d 0 R /Yes %d 0 R >> >>"
        looks = _framed(blank, frame), _framed(stream(b"q " + look + b" Q"), frame)
        data = with_field(data, entries, *looks)
    data = sign(data)
    holder = number_of(data, b"(amount)")
    body = body_of(data, holder)
    if kind == b"/Btn":
        return append(data, {holder: body.replace(b"/V /Off /AS /Off", b"/V /Yes /AS /Yes")})
    place = int(re.findall(rb"/N (\d+) 0 R", body)[0])
    later = _framed(stream(b"/Tx BMC q " + look + b" Q EMC", _FONTS), frame)
    return append(data, {holder: body.replace(b"/V ()", b"/V (9)"), place: later})


def ticked(page: bytes, look: bytes) -> bytes:
    """Sign a page with something drawn on it and a box to tick, and tick that."""
    return filled(page, look, box=_TICK, kind=b"/Btn", blank=_UNTICKED)


def _drawn(page: bytes) -> bytes:
    """Return the plain document with something drawn on its page."""
    data = base_document()
    number = number_of(data, b"I keep the data")
    text = body_of(data, number)
    shown = text[text.index(b"stream") + 7 : text.rindex(b"endstream")].strip() + b" q " + page + b" Q"
    return append(data, {number: stream(shown)})


_FONTS = b"/Resources << /Font << /Helv << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"


def _framed(form: bytes, frame: bytes) -> bytes:
    head = b"<< /Type /XObject /Subtype /Form /BBox " + frame + b" "
    return form.replace(b"<< ", head, 1)


def _written(text: bytes, x: float = 62, y: float = 406, size: float = 10) -> bytes:
    return b"BT /Helv %g Tf %g %g Td (%s) Tj ET" % (size, x, y, text)


def _ring(x: float, y: float, across: float, down: float) -> bytes:
    """Return an oval as a path."""
    k = 0.5523
    return (
        b"%g %g m %g %g %g %g %g %g c %g %g %g %g %g %g c %g %g %g %g %g %g c %g %g %g %g %g %g c S"
        % (
            x + across, y,
            x + across, y + k * down, x + k * across, y + down, x, y + down,
            x - k * across, y + down, x - across, y + k * down, x - across, y,
            x - across, y - k * down, x - k * across, y - down, x, y - down,
            x + k * across, y - down, x + across, y - k * down, x + across, y,
        )
    )  # fmt: skip


_SQUARE = b"0.8 w 61 401 10 10 re S"
_CHECK = b"1.2 w 62 406 m 65 402 l 73 413 l S"

ATTACKS: dict[str, Callable[[], bytes]] = {
    "one becomes four": lambda: filled(_STEM, b"1.5 w 100 418 m 93 407 l 104 407 l S"),
    "one becomes seven": lambda: filled(_STEM, b"1.5 w 92 417.5 m 100.7 417.5 l S"),
    "zero becomes eight": lambda: filled(b"1.2 w " + _ring(100, 410, 4, 7), b"1.2 w 97 410 m 103 410 l S"),
    "boxy zero becomes eight": lambda: filled(b"1.2 w 97 403 8 14 re S", b"1.2 w 97 410 m 105 410 l S"),
    "digit between drawn digits": lambda: filled(
        _STEM + b" 1.2 w " + _ring(125, 410, 4, 7), _written(b"9", 108, 405, 16)
    ),
    "stem beside the field, a hair away": lambda: filled(
        b"1.5 w 181.2 402 m 181.2 418 l S", b"1.5 w 179.6 417 m 174 407 l 179.8 407 l S"
    ),
    "letter beside the field": lambda: filled(
        b"BT /F1 14 Tf 179.9 404 Td (l) Tj ET", b"1.2 w 179.9 413 m 174 407 l 180 407 l S"
    ),
    "stem on the field's edge": lambda: filled(
        b"1.5 w 70 400 m 70 420 l S", b"1.5 w 69.5 418 m 62 407 l 69.5 407 l S", box=(60, 400, 70, 420)
    ),
    "digit that stands on a rule": lambda: filled(
        b"0.5 w 60 402 m 180 402 l S " + _STEM, b"1.5 w 100 417 m 93 407 l 104 407 l S"
    ),
    "light digit on a dark ground": lambda: filled(
        b"0 0 0.5 rg 50 395 140 30 re f 1 G 1.2 w " + _ring(100, 414, 4, 3.5) + b" " + _ring(100, 406, 4, 4),
        b"0 0 0.5 rg 95 404 3 4 re f",
    ),
    "digit on a tint": lambda: filled(
        b"0.7 g 50 395 140 30 re f 0 G 1.2 w " + _ring(100, 410, 4, 7), b"1.2 w 97 410 m 103 410 l S"
    ),
    "pale digit": lambda: filled(b"0.8 G " + _STEM, b"0.8 G 1.5 w 100 417 m 93 407 l 104 407 l S"),
    "digit of dots": lambda: filled(
        b"[1.2 1.2] 0 d 1.5 w 100 402 m 100 418 l S", b"1.5 w 100 417 m 93 407 l 104 407 l S"
    ),
    "tick that is a bar": lambda: ticked(
        b"1.2 w 62 401 7 11 re S", b"1.2 w 62 406.5 m 69 406.5 l S"
    ),
    "row of outlined digits": lambda: filled(
        b" ".join(b"1.2 w 2 Tr " + _ring(66 + 9 * at, 410, 3.4, 6) for at in range(12)),
        b"1.2 w 72 410 m 78 410 l S",
    ),
    "note beside a drawn digit": lambda: put(
        sign(_drawn(_STEM)), b"/Subtype /Ink /InkList [[98.5 417 93 407 98.3 407]] /Rect [92 406 99 418]"
    ),
}  # fmt: skip
"""A reader sees another number than was signed."""

_CELLS = b" ".join(b"%g 402 14 16 re S" % (61 + 17 * at) for at in range(7))
_COMB = b" ".join(b"%g 402 m %g 418 l S" % (60 + 20 * at, 60 + 20 * at) for at in range(1, 6))
_WIDE = b" ".join(_written(b"W", 60.2 + 20 * at, 405, 20) for at in range(6))
_TABLE = b"0.5 w 40 398 400 24 re 40 398 m 440 398 l 60 398 m 60 422 l 180 398 m 180 422 l S"
_DOTS = b" ".join(b"%g 402 0.9 0.9 re f" % (60 + 3 * at) for at in range(40))
_SLOPE = 120 * math.tan(math.radians(0.8))

HONEST: dict[str, Callable[[], bytes]] = {
    "filled on a line": lambda: filled(b"0.5 w 60 404.5 m 180 404.5 l S", _written(b"jumpy gypsy")),
    "filled in a box": lambda: filled(b"0.8 w 60 400 120 20 re S", _written(b"jumpy gypsy")),
    "filled in a tight box": lambda: filled(b"0.8 w 60 404 120 12 re S", _written(b"Qjgpy")),
    "filled in a comb": lambda: filled(
        b"0.5 w 60 402 120 16 re S " + _COMB, _WIDE
    ),
    "filled in squares": lambda: filled(
        b"0.5 w " + _CELLS, b" ".join(_written(b"8", 65 + 17 * at, 405, 12) for at in range(7))
    ),
    "filled in a table": lambda: filled(_TABLE, _written(b"jumpy")
    ),
    "filled on dots": lambda: filled(_DOTS, _written(b"jumpy gypsy", 62, 403.5)),
    "filled on dashes": lambda: filled(
        b"[3 2] 0 d 0.7 w 60 403 m 180 403 l S", _written(b"jumpy gypsy", 62, 404.5)
    ),
    "filled on a line of a crooked scan": lambda: filled(
        b"0.8 w 60 403 m 180 %g l S" % (403 + _SLOPE), _written(b"jumpy gypsy", 62, 405)
    ),
    "filled on a tint": lambda: filled(b"0.8 1 0.8 rg 50 395 140 30 re f", _written(b"jumpy gypsy")),
    "filled across two tints": lambda: filled(
        b"0.6 g 50 395 140 15 re f 0.9 g 50 410 140 15 re f", _written(b"jumpy gypsy")
    ),
    "filled beside a label": lambda: filled(
        b"BT /F1 10 Tf 38 406 Td (Sum:) Tj 144 0 Td (yuan) Tj ET", _written(b"1,000.00", 140)
    ),
    "filled below a label": lambda: filled(
        b"BT /F1 9 Tf 60 421 Td (jumpy gypsy) Tj ET", _written(b"All", 62, 404)
    ),
    "ticked in a square": lambda: ticked(_SQUARE, _CHECK),
    "crossed in a square": lambda: ticked(
        _SQUARE, b"1 w 61 401 m 71 411 l 61 411 m 71 401 l S"
    ),
    "ticked in a smaller square": lambda: ticked(
        b"0.8 w 63 403 6 6 re S BT /F1 9 Tf 75 403 Td (agreed) Tj ET", _CHECK
    ),
    "dot in a ring": lambda: ticked(
        b"0.8 w " + _ring(66, 406, 5, 5), b"64 404 4 4 re f"
    ),
    "value in place of another": lambda: filled(
        b"0.5 w 60 404.5 m 180 404.5 l S", _written(b"jumpy gypsy"),
        blank=stream(b"0.9 g 60 400 120 20 re f 0 g 62 407 30 6 re f"),
    ),
    "note beside a line": lambda: put(
        sign(_drawn(b"0.5 w 60 405 m 180 405 l S")),
        b"/Subtype /Ink /InkList [[98.5 417 93 407 98.3 407]] /Rect [92 406 99 418]",
    ),
}  # fmt: skip
"""Forms as people draw them, filled in as programs fill them in."""
