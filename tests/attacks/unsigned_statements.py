"""Words that nobody signed, in places where a permitted change may put something.

Each is permitted as a change, or looks so; but nobody has signed what it says, and somebody reads it.
"""

from __future__ import annotations

import re

from tests.attacks.documents import certified, fill, look, signed
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.painted_elsewhere import FREE, put, shape
from tests.attacks.prepared import tagged, with_field
from tests.attacks.signer import base_document, sign, stamp

WORDS = b"BT /Helv 12 Tf 4 14 Td (I also sell the data.) Tj ET"
_FONT = b"/Resources << /Font << /Helv << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"


def _replaced(data: bytes, marker: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    number = number_of(data, marker)
    body = body_of(data, number)
    for old, new in edits:
        assert old in body
        body = body.replace(old, new, 1)
    return append(data, {number: body})


def _fields_with(data: bytes, number: int) -> bytes:
    return re.sub(rb"/Fields \[", b"/Fields [%d 0 R " % number, body_of(data, number_of(data, b"/SigFlags")))


def _new_field(data: bytes, entries: bytes, *looks: bytes) -> bytes:
    """Put a widget on the page and into the form, in one revision."""
    free = size_of(data)
    done = put(data, entries, *looks)
    form = number_of(data, b"/SigFlags")
    written = {n: body_of(done, n) for n in range(free, size_of(done))}
    listing = number_of(done, b"%d 0 R ]" % free)
    return append(data, written | {listing: body_of(done, listing), form: _fields_with(data, free)})


def empty_field_that_shows_words() -> bytes:
    """A field for a signature that nobody has made, with a look that says something."""
    entries = b"/Subtype /Widget /FT /Sig /T (later) /AP << /N %d 0 R >> /Rect " + FREE
    return _new_field(signed(), entries, shape(WORDS, _FONT))


def timestamp_that_shows_words() -> bytes:
    """A document timestamp is nobody's statement, whatever its field shows."""
    return stamp(empty_field_that_shows_words(), "later")


def _filled_aside(old: bytes, new: bytes) -> bytes:
    """Show other words in the text field while its value says what it said."""
    field = b"/FT /Tx /T (sum) /V (100) /F 4 /DA (/Helv 9 Tf) /AP << /N %d 0 R >> /Rect " + FREE
    data = sign(with_field(base_document(), field, look(b"(100)")))
    number = number_of(data, b"(sum)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    body = body_of(data, number)
    assert old in body
    return append(data, {number: body.replace(old, new), shown: look(b"(900)")})


def look_changed_with_the_top_line() -> bytes:
    return _filled_aside(b"/V (100)", b"/V (100) /TI 0")


def look_changed_with_the_choice() -> bytes:
    return _filled_aside(b"/V (100)", b"/V (100) /I [0]")


def look_changed_with_rich_text() -> bytes:
    return _filled_aside(b"/V (100)", b"/V (100) /RV (<p>900</p>)")


def look_changed_with_the_spelling() -> bytes:
    return _filled_aside(b"/V (100)", b"/V <FEFF003100300030>")


def _box(entries: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    field = b"/FT /Btn /T (agree) %s /F 4 /AP << /N << /Yes %%d 0 R /Off %%d 0 R >> >> /Rect [60 300 80 320]"
    data = sign(with_field(base_document(), field % entries, shape(b"0 g 0 0 20 20 re f"), shape(b"")))
    return _replaced(data, b"(agree)", *edits)


def box_ticked_beside_its_value() -> bytes:
    return _box(b"/V /Off /AS /Off", (b"/V /Off /AS /Off", b"/AS /Yes"))


def box_ticked_with_the_top_line() -> bytes:
    return _box(b"/V /Off /AS /Off", (b"/AS /Off", b"/AS /Yes /TI 0"))


def _with_stray(widget: bytes, *looks: bytes) -> bytes:
    return sign(put(base_document(), b"/Subtype /Widget " + widget + b" /Rect " + FREE, *looks))


def look_of_a_stray_field() -> bytes:
    """The look of a field that the form does not know, behind the same reference."""
    data = _with_stray(b"/FT /Tx /T (x) /V (100) /AP << /N %d 0 R >>", look(b"(100)"))
    return append(data, {number_of(data, b"(100) Tj"): look(b"(900)")})


def value_of_a_stray_field() -> bytes:
    data = _with_stray(b"/FT /Tx /T (x) /V %d 0 R /DA (/Helv 9 Tf)", b"(100)")
    return append(data, {number_of(data, b"(100)"): b"(900)"})


def value_of_a_widget() -> bytes:
    """A widget has a value of its own beside that of its field; some readers take the nearest."""
    kid = b"/FT /Tx /V %d 0 R /DA (/Helv 9 Tf) /AP << /N %d 0 R >> /F 4 /Rect " + FREE
    data = with_field(base_document(), kid, b"<< >>", look(b"(100)"))
    widget = number_of(data, b"/DA (/Helv 9 Tf)")
    value = int(re.findall(rb"/V (\d+) 0 R", body_of(data, widget))[0])
    form, free = number_of(data, b"/DR"), size_of(data)
    below = body_of(data, widget).replace(b"/FT /Tx", b"/FT /Tx /Parent %d 0 R" % free)
    fields = body_of(data, form).replace(b"/Fields [%d 0 R" % widget, b"/Fields [%d 0 R" % free)
    field = b"<< /FT /Tx /T (sum) /V (100) /Kids [%d 0 R] >>" % widget
    data = sign(append(data, {form: fields, widget: below, free: field, value: b"(100)"}))
    return append(data, {value: b"(900)"})


def value_from_above() -> bytes:
    """Two fields take their value from the one above them, behind the same reference."""
    data = with_field(
        base_document(), b"/T (kid) /DA (/Helv 9 Tf) /AP << /N %d 0 R >> /F 4 /Rect " + FREE, look(b"(100)")
    )
    form, kid, free = number_of(data, b"/DR"), number_of(data, b"(kid)"), size_of(data)
    fields = body_of(data, form).replace(b"/Fields [%d 0 R" % kid, b"/Fields [%d 0 R" % free)
    below = body_of(data, kid).replace(b"/T (kid)", b"/T (kid) /Parent %d 0 R" % free)
    above = b"<< /FT /Tx /T (above) /V %d 0 R /Kids [%d 0 R] >>" % (free + 1, kid)
    data = sign(append(data, {form: fields, kid: below, free: above, free + 1: b"(100)"}))
    return append(data, {free + 1: b"(900)"})


def look_on_no_place() -> bytes:
    """An invisible field with a look: a place without height is a matrix that cannot be undone."""
    entries = b"/Subtype /Widget /FT /Sig /T (later) /AP << /N %d 0 R >> /Rect [0 0 0 0]"
    words = b"BT /Helv 12 Tf 72 700 Td (I also sell the data.) Tj ET"
    return _new_field(signed(), entries, shape(words, _FONT, 595, 842))


def field_that_keeps_its_size() -> bytes:
    """A field that was there no longer shrinks with the page."""
    return _replaced(signed(), b"(remark)", (b"/F 4", b"/F 28"))


def form_data_changed() -> bytes:
    """Data of a dynamic form, which readers of such forms show instead of the pages."""
    data = base_document()
    form, free = number_of(data, b"/DR"), size_of(data)
    body = body_of(data, form)
    body = body[: body.rindex(b">>")] + b"/XFA [(template) %d 0 R (datasets) %d 0 R] >>" % (free, free + 1)
    template = stream(b"<template><subform><field name='sum'/></subform></template>")
    data = sign(append(data, {form: body, free: template, free + 1: stream(b"<data><sum>100</sum></data>")}))
    return append(data, {free + 1: stream(b"<data><sum>900</sum></data>")})


def title_changed() -> bytes:
    """Readers show the title of a document above its pages."""
    data, free = signed(), size_of(signed())
    return append(data, {free: b"<< /Title (Cancelled) >>"}, trailer=b"/Info %d 0 R" % free)


def title_in_the_metadata() -> bytes:
    data, free = signed(), size_of(signed())
    body = body_of(data, root_number(data))
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title><rdf:Alt>"
        b"<rdf:li xml:lang='x-default'>Cancelled</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>"
        b"</x:xmpmeta>"
    )
    catalog = body[: body.rindex(b">>")] + b"/Metadata %d 0 R >>" % free
    return append(data, {root_number(data): catalog, free: stream(packet, b"/Type /Metadata /Subtype /XML")})


def title_changed_where_nothing_may() -> bytes:
    data, free = certified(1), size_of(certified(1))
    return append(data, {free: b"<< /Title (Cancelled) >>"}, trailer=b"/Info %d 0 R" % free)


def empty_field_where_nothing_may_change() -> bytes:
    return _new_field(certified(1), b"/Subtype /Widget /FT /Sig /T (This contract is void) /Rect [0 0 0 0]")


def timestamp_with_a_reason() -> bytes:
    """Readers show the entries of a timestamp's dictionary, which its service knows nothing of."""
    data, reason = stamp(signed()), b"/Reason (void)"
    room = list(re.finditer(rb"/ByteRange \[[\d ]*\]( +)", data))[-1]
    assert len(room[1]) >= len(reason)
    return data[: room.start(1)] + reason.ljust(len(room[1])) + data[room.end(1) :]


def empty_field_with_a_name() -> bytes:
    """Readers list fields that wait for a signature by name."""
    name = b"/T (This contract is void) /TU (This contract is void)"
    return _new_field(signed(), b"/Subtype /Widget /FT /Sig %s /Rect [0 0 0 0]" % name)


def popup_of_a_signed_note() -> bytes:
    """What a signed note says, shown again beside another number."""
    data = put(base_document(), b"/Subtype /Text /Contents (Not agreed.) /Rect [400 300 420 320]")
    note = number_of(data, b"(Not agreed.)")
    return put(sign(data), b"/Subtype /Popup /Open true /Parent %d 0 R /Rect " % note + FREE)


def popup_with_words() -> bytes:
    return put(signed(), b"/Subtype /Popup /Open true /Contents (Not agreed.) /Rect " + FREE)


def date_of_a_signed_note() -> bytes:
    note = b"/Subtype /Text /Contents (x) /M (D:20260101) /Rect [400 300 420 320]"
    return _replaced(sign(put(base_document(), note)), b"/M (D:20260101)", (b"20260101", b"20270101"))


def element_with_another_description() -> bytes:
    data = sign(tagged(base_document()))
    free, number = size_of(data), number_of(data, b"/Type /StructTreeRoot")
    element = b"<< /Type /StructElem /S /Figure /P %d 0 R /Alt (Clause 7 does not apply.) >>" % number
    body = body_of(data, number).replace(b"/K [", b"/K [%d 0 R " % free)
    return append(data, {number: body, free: element})


def field_with_another_description() -> bytes:
    """A field that was signed gets words that are read out with it."""
    data = sign(tagged(base_document()))
    free, number = size_of(data), number_of(data, b"/Type /StructTreeRoot")
    held = b"/K << /Type /OBJR /Obj %d 0 R >>" % number_of(data, b"(remark)")
    element = b"<< /Type /StructElem /S /Form /P %d 0 R /Alt (I also sell the data.) %s >>" % (number, held)
    body = body_of(data, number).replace(b"/K [", b"/K [%d 0 R " % free)
    return append(data, {number: body, free: element})


def free_text_that_waits_for_a_font() -> bytes:
    """A signed note without a look whose font the form does not have yet."""
    note = b"/Subtype /FreeText /Contents (not) /DA (/Late 12 Tf 0 g) /Rect " + FREE
    data = sign(put(base_document(), note))
    font = b"/Font << /Late << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> "
    return _replaced(data, b"/SigFlags", (b"/Font <<", font))


def table_with_a_summary() -> bytes:
    """A table in the structure tree that nobody sees has a summary, which is read out."""
    data = sign(tagged(base_document()))
    free, number = size_of(data), number_of(data, b"/Type /StructTreeRoot")
    summary = b"/A << /O /Table /Summary (Clause 7 does not apply.) >>"
    body = body_of(data, number).replace(b"/K [", b"/K [%d 0 R " % free)
    return append(data, {number: body, free: b"<< /S /Table /P %d 0 R %s >>" % (number, summary)})


def honest_words_filled_with_their_style() -> bytes:
    """A filler writes the line scrolled to, and styled text, beside the value."""
    done = fill(signed())
    number, shown = number_of(done, b"(remark)"), number_of(done, b"(read) Tj")
    body = body_of(done, number).replace(b"/V (read)", b"/V (read) /TI 0 /RV (<p>read</p>)")
    return append(signed(), {number: body, shown: body_of(done, shown)})


def honest_blank_look_on_no_place() -> bytes:
    """Signers give invisible fields empty forms within forms, or a comment."""
    free = size_of(base_document())
    data = sign(append(base_document(), {free: shape(b"% DSBlank")}))
    inner = b"/Resources << /XObject << /FRM %d 0 R >> >>" % free
    entries = b"/Subtype /Widget /FT /Sig /T (later) /AP << /N %d 0 R >> /Rect [0 0 0 0]"
    return sign(_new_field(data, entries, shape(b"q 1 0 0 1 0 0 cm /FRM Do Q", inner)), "later")


def honest_time_in_the_metadata() -> bytes:
    """A writer of timestamps sets the time of the last change."""
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:ModifyDate='%s'/>"
        b"</rdf:RDF></x:xmpmeta>"
    )
    kind = b"/Type /Metadata /Subtype /XML"
    data = base_document()
    free, root = size_of(data), root_number(data)
    body = body_of(data, root)
    catalog = body[: body.rindex(b">>")] + b"/Metadata %d 0 R >>" % free
    data = sign(append(data, {root: catalog, free: stream(packet % b"2026-01-01", kind)}))
    return stamp(append(data, {free: stream(packet % b"2026-01-02", kind)}))


def honest_description_of_a_new_field() -> bytes:
    """A signer describes its own field for those who cannot see it."""
    data = sign(tagged(base_document()))
    done = _new_field(data, b"/Subtype /Widget /FT /Sig /T (other) /Rect [0 0 0 0]")
    root, widget = number_of(data, b"/Type /StructTreeRoot"), number_of(done, b"(other)")
    held = b"/K << /Type /OBJR /Obj %d 0 R >>" % widget
    element = b"<< /Type /StructElem /S /Form /P %d 0 R /Alt (signature) %s >>" % (root, held)
    form, listing = number_of(done, b"/SigFlags"), number_of(done, b"%d 0 R ]" % widget)
    added = {number: body_of(done, number) for number in (form, listing, widget)}
    added[root] = body_of(data, root).replace(b"/K [", b"/K [%d 0 R " % (widget + 1))
    return sign(append(data, added | {widget + 1: element}), "other")


def honest_note_with_its_window() -> bytes:
    data, free = signed(), size_of(signed())
    window = b"<< /Type /Annot /Subtype /Popup /Parent %d 0 R /Rect [430 300 500 320] >>" % free
    note = b"/Subtype /Text /Contents (x) /Popup %d 0 R /Rect [400 300 420 320]"
    done = put(data, note, window)
    listing = number_of(done, b"%d 0 R ]" % free)
    listed = body_of(done, listing).replace(b"%d 0 R ]" % free, b"%d 0 R %d 0 R ]" % (free, free + 1))
    return append(data, {listing: listed, free: body_of(done, free), free + 1: window})


UNSIGNED = {
    function.__name__: function
    for function in (
        empty_field_that_shows_words,
        timestamp_that_shows_words,
        timestamp_with_a_reason,
        form_data_changed,
        title_changed,
        title_in_the_metadata,
        empty_field_with_a_name,
        popup_of_a_signed_note,
        popup_with_words,
    )
}
"""Permitted as a change, but nobody has signed what it says."""

HONEST = {
    "words filled with their style": honest_words_filled_with_their_style,
    "blank look on no place": honest_blank_look_on_no_place,
    "time in the metadata": honest_time_in_the_metadata,
    "description of a new field": honest_description_of_a_new_field,
    "note with its window": honest_note_with_its_window,
}
SUPPORT = frozenset(HONEST.values()) | frozenset(UNSIGNED.values())
"""What is no attack here, or one that is told in another way."""
