"""Looks that reach out of their place in some reader; values, fonts and titles that are not what they were.

Nothing here shows in every reader: pdf.js keeps no account of what a look begins, looks for texts only where
a text belongs, and takes two fonts for one; others give the words of an XMP packet out as the title.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from pyhanko.sign.fields import MDPPerm

from tests.attacks.documents import certified, page_number, signed
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.looks_from_elsewhere import FORM, filled_with
from tests.attacks.painted_elsewhere import FREE, put, shape
from tests.attacks.prepared import with_field
from tests.attacks.signer import base_document, sign

Sample = Callable[[], bytes]
_READ = b"q BT /Helv 10 Tf 2 5 Td (read) Tj ET Q "
_EVERYTHING = b"1 0 0 rg 0 0 2000 2000 re f "
_LAYER = b"/Resources << /Properties << /L << /Type /OCMD /OCGs [] >> >> >>"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    b'xmlns:pdf="http://ns.adobe.com/pdf/1.3/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">Loan of 100'
    b'</rdf:li><rdf:li xml:lang="zh">Loan of 900</rdf:li></rdf:Alt></dc:title>'
    b"<pdf:Producer>one</pdf:Producer>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def _filled(content: bytes, entries: bytes = b"", *more: bytes) -> bytes:
    return filled_with(stream(content, FORM + entries), more)


def _nested() -> bytes:
    """A form that the look draws undoes more than it did."""
    inner = stream(b"Q Q Q Q " + _EVERYTHING, b"/Type /XObject /Subtype /Form /BBox [0 0 5 5]")
    return _filled(b"/X Do", b"/Resources << /XObject << /X %d 0 R >> >>", inner)


def _glyph(content: bytes) -> bytes:
    """Fill in with a font whose one glyph is drawn."""
    font = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] "
        b"/FirstChar 65 /LastChar 65 /Widths [1000] /Encoding << /Differences [65 /a] >> /Resources << >> "
        b"/CharProcs << /a %d 0 R >> >>" % (size_of(signed()) + 1)
    )
    entries = b"/Resources << /Font << /F %d 0 R >> >>"
    return _filled(b"q BT /F 12 Tf 2 5 Td (A) Tj ET Q", entries, font, stream(content))


def _note(content: bytes, data: Callable[[], bytes] = signed) -> bytes:
    return put(data(), b"/Subtype /Square /AP << /N %d 0 R >> /Rect " + FREE, shape(content))


def prepared_field(entries: bytes, appearance: bytes = b"/AP << /N %d 0 R >>") -> bytes:
    """Return a document with a further field, before anybody signs."""
    blank = stream(b"/Tx BMC EMC", b"/Type /XObject /Subtype /Form /BBox [0 0 140 20]")
    place = b" /T (amount) /F 4 /Rect [60 450 200 470] "
    return with_field(base_document(), entries + place + appearance, blank)


def revalued(before: bytes, after: bytes, kind: bytes = b"/FT /Tx", level: int = 2) -> bytes:
    """Exchange the value of a field that was signed and leave its look."""
    field = kind + b" /DA (/Helv 9 Tf 0 g) /V " + before
    data = sign(prepared_field(field), "person", certify=MDPPerm(level))
    number = number_of(data, b"(amount)")
    return append(data, {number: body_of(data, number).replace(b"/V " + before, b"/V " + after)})


def _value_within_itself() -> bytes:
    """A list that contains itself is no value, and nothing to be followed without end."""
    data = revalued(b"(100)", b"(100)")
    number, free = number_of(data, b"(amount)"), size_of(data)
    body = body_of(data, number).replace(b"/V (100)", b"/V %d 0 R" % free)
    return append(data, {number: body, free: b"[%d 0 R]" % free})


def _style_for_states(states: bytes) -> bytes:
    """A value whose look has states, of which none is chosen, waits for the form's style."""
    data = prepared_field(b"/FT /Tx /V (900)", states)
    form = number_of(data, b"/DR")
    data = sign(append(data, {form: re.sub(rb"/DA \([^)]*\)", b"", body_of(data, form))}))
    form = number_of(data, b"/SigFlags")
    body = body_of(data, form)
    return append(data, {form: body[: body.rindex(b">>")] + b"/DA (/Helv 12 Tf 0 g) >>"})


def font_filled_in(*, widths: bytes, own_descriptor: bool = False) -> bytes:
    """Fill in with a font that has the descriptor of one on the page, and perhaps other widths."""
    data = base_document()
    page, free = page_number(data), size_of(data)
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [<< /Type /Font "
        b"/Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        b"/Supplement 0 >> /DW %s /CIDToGIDMap /Identity /FontDescriptor %d 0 R >>] >>"
    )
    descriptor = (
        b"<< /Type /FontDescriptor /FontName /X /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 "
        b"/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"
    )
    body = body_of(data, page)
    body = re.sub(rb"/Font <<", b"/Font << /F9 %d 0 R " % free, body, count=1)
    assert b"/F9" in body
    data = sign(append(data, {page: body, free: font % (b"1000", free + 1), free + 1: descriptor}))
    late, field = size_of(data), number_of(data, b"(remark)")
    held = re.sub(rb"/AP << /N \d+ 0 R >>", b"/AP << /N %d 0 R >>" % late, body_of(data, field))
    form = stream(
        b"q BT /F 12 Tf 2 5 Td <0024> Tj ET Q", FORM + b"/Resources << /Font << /F %d 0 R >> >>" % (late + 1)
    )
    named = late + 2 if own_descriptor else free + 1
    added = {field: held.replace(b"/V ()", b"/V (read)"), late: form, late + 1: font % (widths, named)}
    return append(data, added | ({late + 2: descriptor} if own_descriptor else {}))


def described(*edits: tuple[bytes, bytes]) -> bytes:
    """Exchange words in the metadata of a document certified without changes."""
    data = base_document()
    free, root = size_of(data), root_number(data)
    body, entries = body_of(data, root), b"/Type /Metadata /Subtype /XML"
    held = body[: body.rindex(b">>")] + b"/Metadata %d 0 R >>" % free
    data = sign(append(data, {root: held, free: stream(XMP, entries)}), "person", certify=MDPPerm(1))
    packet = XMP
    for old, new in edits:
        assert old in packet
        packet = packet.replace(old, new)
    return append(data, {free: stream(packet, entries)})


def informed(entries: bytes) -> bytes:
    """Bring an information dictionary after the only signature."""
    data = signed()
    return append(data, {size_of(data): b"<< " + entries + b" >>"}, trailer=b"/Info %d 0 R " % size_of(data))


def _title_without_dash() -> bytes:
    """The title is written anew in another encoding, and a code of the old one is none of the new one."""
    data = base_document()
    named = {size_of(data): b"<< /Title (\x84 Loan) >>"}
    data = sign(append(data, named, trailer=b"/Info %d 0 R " % size_of(data)))
    number = number_of(data, b"/Title")
    body = re.sub(rb"/Title\s*\([^)]*\)", b"/Title <FEFF00840020004C006F0061006E>", body_of(data, number))
    assert b"<FEFF0084" in body
    return append(data, {number: body}, trailer=b"/Info %d 0 R " % number)


_MINUS = b"(\x8a100)"
ATTACKS: dict[str, Sample] = {
    "look that undoes its clip": lambda: _filled(_READ + b"Q " + _EVERYTHING),
    "look that undoes five states": lambda: _filled(_READ + b"Q " * 5 + _EVERYTHING),
    "look that undoes its clip within a text": lambda: _filled(b"BT Q Q Q ET " + _EVERYTHING),
    "form in a look that undoes its clip": _nested,
    "glyph of a look that undoes its clip": lambda: _glyph(b"1000 0 d0 Q Q Q Q " + _EVERYTHING),
    "note that undoes its clip": lambda: _note(b"1 1 38 38 re S Q Q " + _EVERYTHING),
    "note on certified that undoes its clip": lambda: _note(
        b"1 1 38 38 re S Q Q " + _EVERYTHING, lambda: certified(3)
    ),
    "look that leaves a clip": lambda: _filled(_READ + b"0 0 1 1 re W"),
    "look that leaves a path": lambda: _filled(_READ + b"0 0 2000 2000 re"),
    "look that leaves a hidden layer": lambda: _filled(_READ + b"/OC /L BDC", _LAYER),
    "look that ends a layer it did not begin": lambda: _filled(_READ + b"EMC"),
    "beginning without operand, and its end": lambda: _filled(_READ + b"BMC EMC"),
    "layer that poppler never ends": lambda: _filled(_READ + b"/OC /L BDC 1 w 1 l n EMC", _LAYER),
    "group of words that poppler never ends": lambda: _filled(_READ + b"/Tx BMC 1 1 1 1 1 cm EMC"),
    "more operands than readers hold": lambda: _filled(
        _READ + b"/OC /L BDC" + b" 0" * 34 + b" d0 EMC", _LAYER
    ),
    "operator in a word that readers take apart": lambda: _filled(_READ + b"1Q QQ " + _EVERYTHING),
    "picture in the look with two ends": lambda: _filled(
        _READ + b"BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q Q " + _EVERYTHING + b" EI"
    ),
    "text made a number": lambda: revalued(b"(100)", b"100"),
    "text made a list": lambda: revalued(b"(100)", b"[(100)]"),
    "two choices made one": lambda: revalued(b"[(a) (b)]", b"(a, b)", b"/FT /Ch /Ff 2097152"),
    "value within itself": _value_within_itself,
    "the word Off taken away at level 1": lambda: revalued(b"(Off)", b"()", level=1),
    "the word Off filled in at level 1": lambda: revalued(b"()", b"(Off)", level=1),
    "minus sign made a code that nobody sees": lambda: revalued(_MINUS, b"<FEFF008A003100300030>", level=1),
    "currency made a space": lambda: revalued(b"(9 \xa0)", b"<FEFF0039002000A0>", level=1),
    "letter made one in another encoding": lambda: revalued(b"(\xe9)", b"<EFBBBFC3A9>", level=1),
    "half a character made another": lambda: revalued(b"<FEFFD8000039>", b"<FEFFD8010039>", level=1),
    "text made one with its bytes": lambda: revalued(b"(\xe9 <EFBBBFC3A9>)", b"<EFBBBFC3A9>", level=1),
    "two choices made two others": lambda: revalued(
        b"[(a, b) (c)]", b"[(a) (b, c)]", b"/FT /Ch /Ff 2097152", level=1
    ),
    "style for a look without chosen state": lambda: _style_for_states(b"/AP << /N << /x %d 0 R >> >>"),
    "style for a look of a missing state": lambda: _style_for_states(b"/AS /y /AP << /N << /x %d 0 R >> >>"),
    "font with the descriptor of the page's": lambda: font_filled_in(widths=b"200"),
    "title behind an empty element": lambda: described((b"100</rdf:li>", b"100<pdf:lang/> less</rdf:li>")),
    "title within the name of a program": lambda: described(
        (b"100</rdf:li>", b"100<pdf:Producer> less</pdf:Producer></rdf:li>")
    ),
    "title made one of another vocabulary": lambda: described(
        (b'xmlns:dc="http://purl.org/dc/elements/1.1/"', b'xmlns:dc="urn:nobody"')
    ),
    "titles of two languages exchanged": lambda: described(
        (b"100", b"T"), (b"900", b"100"), (b"T<", b"900<")
    ),
    "title in an encoding that readers do not heed": lambda: described(
        (XMP, b'<?xml version="1.0" encoding="cp037"?>' + XMP.decode().encode("cp037"))
    ),
    "languages of two titles exchanged": lambda: described(
        (b'"x-default"', b'"T"'), (b'"zh"', b'"x-default"'), (b'"T"', b'"zh"')
    ),
}

_LONG_CHOICE = b"[" + b"(a) " * 50 + b"(yes)]"
TOLD: dict[str, Sample] = {
    "minus sign made a code that nobody sees": lambda: revalued(_MINUS, b"<FEFF008A003100300030>"),
    "two choices made two others": lambda: revalued(b"[(a, b) (c)]", b"[(a) (b, c)]", b"/FT /Ch /Ff 2097152"),
    "dash of a title made a code that nobody sees": _title_without_dash,
    "the fifty-first choice": lambda: revalued(
        _LONG_CHOICE, _LONG_CHOICE.replace(b"yes", b"no"), b"/FT /Ch /Ff 2097152"
    ),
    "entry of its own in the information": lambda: informed(b"/Clause7 (does not apply)"),
    "date that is a sentence": lambda: informed(b"/ModDate (This contract is void)"),
}
"""Permitted, and nobody's word."""

HONEST: dict[str, Sample] = {
    "metadata that state their encoding": lambda: described(
        (b"<x:xmpmeta", b'<?xml version="1.0" encoding="UTF-8"?><x:xmpmeta')
    ),
    "look with all that it begins": lambda: _filled(
        b"/Tx BMC q 0 0 240 20 re W n % Q\nBT /Helv 10 Tf 2 5 Td (Q \\( EMC) Tj [(a) -3.5 <51>] TJ ET Q EMC"
    ),
    "look with a picture in it": lambda: _filled(_READ + b"q BI /W 1 /H 1 /BPC 8 /CS /G ID x EI Q"),
    "look with a drawn glyph": lambda: _glyph(b"1000 0 d0 q 100 100 800 800 re f Q"),
    "note with all that it begins": lambda: _note(b"q 1 1 38 38 re S Q"),
    "font with a descriptor of its own": lambda: font_filled_in(widths=b"200", own_descriptor=True),
    "copy of the page's font": lambda: font_filled_in(widths=b"1000"),
    "another program in the metadata": lambda: described((b"Producer>one", b"Producer>two")),
    "another name for a vocabulary": lambda: described((b"xmlns:dc", b"xmlns:d"), (b"dc:title", b"d:title")),
    "date of the last change": lambda: informed(b"/ModDate (D:20261129070000+08'00') /Producer (two)"),
    "minus sign written in another encoding": functools.partial(revalued, _MINUS, b"<FEFF2212003100300030>"),
    "value written in another encoding": functools.partial(revalued, b"(100)", b"<FEFF003100300030>"),
}
