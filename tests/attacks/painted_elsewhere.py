"""Annotations that paint elsewhere than their rectangle says, or more than their kind gives."""

from __future__ import annotations

import functools
import io
import re

import pikepdf

from tests.attacks.documents import certified, page_number, signed
from tests.attacks.increments import append, body_of, number_of, size_of, stream
from tests.attacks.prepared import with_field
from tests.attacks.signer import FREE_BOX, TEXT_BOX, base_document, sign

FREE = b"[%d %d %d %d]" % FREE_BOX
TEXT = b"[%d %d %d %d]" % TEXT_BOX
SQUARE = b"/Subtype /Square /C [0 0 0]"


def put(data: bytes, entries: bytes, *looks: bytes, flags: bytes = b"/F 4") -> bytes:
    """Put an annotation on the page; every `%d` in its entries becomes the number of one of its looks."""
    free = size_of(data)
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page_number(data)))[0])
    numbers = [free + 1 + at for at in range(len(looks))]
    note = b"<< /Type /Annot " + flags + b" " + entries % tuple(numbers) + b" >>"
    listed = body_of(data, listing)
    objects = {listing: listed[: listed.rindex(b"]")] + b"%d 0 R ]" % free, free: note}
    return append(data, objects | dict(zip(numbers, looks, strict=True)))


def shape(content: bytes, entries: bytes = b"", width: int = 140, height: int = 40) -> bytes:
    """Return an appearance of the size of the free place."""
    box = b"/Type /XObject /Subtype /Form /BBox [0 0 %d %d] " % (width, height)
    return stream(content, box + entries)


def ink_outside_of_its_rectangle() -> bytes:
    line = b"/Subtype /Ink /C [0 0 0] /BS << /W 20 >> /InkList [[60 722 420 722]]"
    return put(signed(), line + b" /Rect [0 0 0 0]")


def line_with_long_leaders() -> bytes:
    return put(signed(), b"/Subtype /Line /C [0 0 0] /LL 390 /L [60 330 200 330] /Rect " + FREE)


def line_with_large_ends() -> bytes:
    line = b"/Subtype /Line /C [0 0 0] /BS << /W 40 >> /LE [/Square /Square] /L [60 330 200 330] /Rect "
    return put(signed(), line + FREE)


def line_with_a_caption() -> bytes:
    line = b"/Subtype /Line /L [60 330 200 330] /Cap true /Contents (I may publish everything.) /Rect "
    return put(certified(3), line + FREE)


def polygon_outside_of_its_rectangle() -> bytes:
    points = b"/Vertices [60 705 420 705 420 740 60 740]"
    return put(signed(), b"/Subtype /Polygon /IC [1 1 1] /C [1 1 1] " + points + b" /Rect " + FREE)


def highlight_outside_of_its_rectangle() -> bytes:
    corners = b"/QuadPoints [60 740 420 740 60 705 420 705]"
    return put(signed(), b"/Subtype /Highlight /C [0 0 0] " + corners + b" /Rect [0 0 0 0]")


def square_with_a_thick_border() -> bytes:
    return put(signed(), SQUARE + b" /Border [0 0 800] /Rect " + FREE)


def square_with_clouds() -> bytes:
    return put(signed(), SQUARE + b" /BE << /S /C /I 60 >> /Rect " + FREE)


def square_with_differences_below_zero() -> bytes:
    return put(signed(), SQUARE + b" /IC [1 1 1] /RD [-300 -500 -300 -500] /Rect " + FREE)


def square_of_its_own_size() -> bytes:
    """It does not shrink with the page: the smaller the page is shown, the more of it is covered."""
    return put(signed(), SQUARE + b" /IC [1 1 1] /Rect " + FREE, flags=b"/F 12")


def icon_beside_the_text() -> bytes:
    """An icon has its own size, so that a rectangle of one point beside the text covers it."""
    return put(signed(), b"/Subtype /Text /Contents (x) /Rect [70 729 71 730]")


def popup_that_stands_open() -> bytes:
    return put(signed(), b"/Subtype /Popup /Open true /Rect " + TEXT)


def popup_with_words_of_its_own() -> bytes:
    """The window of no note: some readers show its words, and no list of notes has them."""
    return put(signed(), b"/Subtype /Popup /Contents (900 yuan) /Rect " + FREE)


def look_without_a_box() -> bytes:
    return put(signed(), SQUARE + b" /AP << /N %d 0 R >> /Rect " + FREE, stream(b"0 g 0 0 999 999 re f"))


def square_over_a_field_without_look() -> bytes:
    """The value is drawn by the reader, and a white square over it by the annotation."""
    field = b"/FT /Tx /T (sum) /V (1,000) /DA (/Helv 9 Tf 0 g) /F 4 /Rect " + FREE
    return put(sign(with_field(base_document(), field)), SQUARE + b" /IC [1 1 1] /Rect " + FREE)


def square_through_a_soft_mask() -> bytes:
    """A mask may cut letters out of a square."""
    state = b"/Resources << /ExtGState << /G << /SMask << /S /Luminosity /G %d 0 R >> >> >> >>"
    data = signed()
    masked = shape(b"/G gs 0 g 0 0 140 40 re f", state % (size_of(data) + 2))
    letters = shape(b"1 g 10 10 5 20 re f 10 10 20 5 re f", b"/Group << /S /Transparency /CS /DeviceGray >>")
    return put(data, SQUARE + b" /AP << /N %d 0 R /R %d 0 R >> /Rect " + FREE, masked, letters)


def square_over_a_note() -> bytes:
    note = b"/Subtype /Text /Contents (Clause 7 does not apply.) /Rect [60 310 80 330]"
    return put(sign(put(base_document(), note)), SQUARE + b" /IC [1 1 1] /Rect " + FREE)


def cover_on_inherited_box() -> bytes:
    """Where the page inherits its size, a place seems to be elsewhere to those who do not look up."""
    data = base_document()
    page, node = page_number(data), number_of(data, b"/Count")
    body = re.sub(rb"/MediaBox \[[^\]]*\]", b"/Tabs /S", body_of(data, page))
    sized = body_of(data, node)
    sized = sized[: sized.rindex(b">>")] + b"/MediaBox [0 0 595 842] >>"
    data = sign(append(data, {page: body, node: sized}))
    free = size_of(data)
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body)[0])
    square = b"<< /Type /Annot /F 4 " + SQUARE + b" /IC [1 1 1] /Rect " + TEXT + b" >>"
    listed = body_of(data, listing)
    return append(data, {listing: listed[: listed.rindex(b"]")] + b"%d 0 R ]" % free, free: square})


def _drawn(content: bytes, kind: bytes = b"/Square", entries: bytes = b"", *, extra: bytes = b"") -> bytes:
    """Put a note with a look on a free place of a certified document that permits notes."""
    note = b"/Subtype " + kind + b" /C [0 0 0] /AP << /N %d 0 R >> /Rect " + FREE + b" " + extra
    return put(certified(3), note, shape(content, entries))


def digit_as_a_path() -> bytes:
    return _drawn(b"0 g 60 5 m 60 35 l 66 35 l 66 5 l h f")


def digit_as_a_pattern() -> bytes:
    tile = b"/Resources << /Pattern << /P1 << /PatternType 1 >> >> >>"
    return _drawn(b"/Pattern cs /P1 scn 0 0 140 40 re f", entries=tile)


def digit_of_two_rectangles() -> bytes:
    return _drawn(b"0 g 60 5 6 30 re f 50 5 30 4 re f")


def digit_as_a_thin_square() -> bytes:
    return _drawn(b"0 g 60 5 4 30 re f")


def digit_by_a_clip() -> bytes:
    return _drawn(b"60 5 m 60 35 l 66 35 l h W n 0 g 0 0 140 40 re f")


def digit_by_a_mask() -> bytes:
    state = b"/Resources << /ExtGState << /G << /SMask << /S /Luminosity >> >> >> >>"
    return _drawn(b"/G gs 0 g 0 0 140 40 re f", entries=state)


def digit_in_a_layer() -> bytes:
    return _drawn(b"0 g 0 0 140 40 re f", entries=b"/OC << /Type /OCG /Name (a) >>")


def digit_in_an_ink_of_other_points() -> bytes:
    return _drawn(b"0 G 60 5 m 60 35 l S", kind=b"/Ink", extra=b"/InkList [[62 310 190 310]]")


def word_in_the_look_for_the_mouse() -> bytes:
    note = SQUARE + b" /AP << /N %d 0 R /R %d 0 R >> /Rect " + FREE
    return put(certified(3), note, shape(b"0 0 140 40 re S"), shape(b"BT (not) Tj ET"))


@functools.cache
def turned_page() -> bytes:
    """Return a signed document whose page is turned."""
    pdf = pikepdf.open(io.BytesIO(base_document()))
    pdf.pages[0].Rotate = 90
    target = io.BytesIO()
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return sign(target.getvalue())


def icon_that_stays_upright() -> bytes:
    """On a turned page readers turn an icon about its corner: from below the text it comes to lie on it."""
    left, bottom, _, _ = TEXT_BOX
    box = b"[%d %d %d %d]" % (left + 20, bottom - 42, left + 60, bottom - 2)
    return put(turned_page(), b"/Subtype /Text /Contents (x) /Rect " + box)


def look_of_an_icon_that_stays_upright() -> bytes:
    left, bottom, _, _ = TEXT_BOX
    box = b"[%d %d %d %d]" % (left + 20, bottom - 42, left + 60, bottom - 2)
    look = shape(b"1 g 0 0 40 40 re f", width=40, height=40)
    return put(turned_page(), b"/Subtype /Text /Contents (x) /AP << /N %d 0 R >> /Rect " + box, look)


def word_in_an_icon() -> bytes:
    icon = b"/Subtype /Text /Contents (x) /AP << /N %d 0 R >> /Rect " + FREE
    return put(certified(3), icon, shape(b"0 g 60 5 m 60 35 l S"))


def free_text_after_an_approval() -> bytes:
    note = b"/Subtype /FreeText /DA (/Helv 9 Tf) /Contents (Clause 7 does not apply.) /Rect "
    return put(signed(), note + FREE)


def stamp_after_an_approval() -> bytes:
    return put(signed(), b"/Subtype /Stamp /Name /Void /Rect " + FREE)


@functools.cache
def commented() -> bytes:
    """Return a signed document with a comment, whose look is that of its icon."""
    note = b"/Subtype /Text /Contents (Only with consent.) /T (Li) /NM (n1) /AP << /N %d 0 R >> /Rect "
    return sign(
        put(base_document(), note + b"[60 310 80 330]", shape(b"0 0 20 20 re S", width=20, height=20))
    )


def _recommented(old: bytes, new: bytes) -> bytes:
    number = number_of(commented(), b"(Only with consent.)")
    body = body_of(commented(), number)
    assert old in body
    return append(commented(), {number: body.replace(old, new)})


def comment_rewritten() -> bytes:
    return _recommented(b"(Only with consent.)", b"(Without consent.)")


def comment_of_another_author() -> bytes:
    return _recommented(b"/T (Li)", b"/T (Wang)")


def comment_with_a_state() -> bytes:
    return _recommented(b"/NM (n1)", b"/NM (n1) /State (Rejected) /StateModel (Review)")


def comment_with_an_action() -> bytes:
    return _recommented(b"/NM (n1)", b"/NM (n1) /A << /S /URI /URI (http://example.org) >>")


def honest_square() -> bytes:
    """A frame on a free place, drawn as a frame."""
    return _drawn(b"q 1 w 0 G 0.5 0.5 139 39 re S Q")


def honest_icon_on_a_turned_page() -> bytes:
    """A comment on a free place."""
    return put(turned_page(), b"/Subtype /Text /Contents (x) /Rect [100 300 120 320]")


def honest_line() -> bytes:
    return _drawn(b"0 G 2 10 m 130 10 l S", kind=b"/Line", extra=b"/L [62 310 190 310]")


def honest_reply() -> bytes:
    """A comment on a comment, in a free place."""
    number = number_of(commented(), b"(Only with consent.)")
    reply = b"/Subtype /Text /Contents (Agreed.) /T (Wang) /IRT %d 0 R /Rect [300 310 320 330]"
    return put(commented(), reply.replace(b"%d", str(number).encode()))


def honest_window_of_a_comment() -> bytes:
    """A comment with the window that shows its words."""
    number = number_of(commented(), b"(Only with consent.)")
    return put(commented(), b"/Subtype /Popup /Open false /Parent %d 0 R /Rect [300 310 320 330]" % number)


def honest_date_of_a_comment() -> bytes:
    return _recommented(b"/NM (n1)", b"/NM (n1) /M (D:20260102)")


HONEST = {
    "a frame on a certified document": honest_square,
    "a line on a certified document": honest_line,
    "a comment on a turned page": honest_icon_on_a_turned_page,
    "an answer to a comment": honest_reply,
    "the window of a comment": honest_window_of_a_comment,
    "the date of a comment": honest_date_of_a_comment,
}
SUPPORT = frozenset({put, shape, commented, turned_page, *HONEST.values()})
"""What is no attack here."""
