"""What passed once although every object kept its role: values, looks, words and ink."""

from __future__ import annotations

import random
import zlib

from tests.attacks.increments import stream
from tests.attacks.keys_without_entry import TABLES
from tests.attacks.packed_otherwise import two_faced
from tests.differential.bases import FORGED, FORM_ENTRIES, FREE_BOX, REMARK_BOX, TEXT_BOX
from tests.differential.numbering import (
    CATALOG,
    CONTENT,
    FONT,
    FORM,
    LOOK,
    MISSING,
    NOTE,
    NOTES,
    PAGE,
    REMARK,
    UNIT,
    VALUE,
)
from tests.differential.operations import (
    Change,
    Operation,
    fill,
    free_number,
    list_note,
    text_of,
    with_entries,
)

_LOOK_ENTRIES = b"/Type /XObject /Subtype /Form /BBox [0 0 140 16] /Resources << /Font << /Helv 5 0 R >> "
_OWNERS = {"catalogue": CATALOG, "page": PAGE, "field": REMARK, "seal": UNIT, "note": NOTE, "element": 21,
           "font": FONT, "content": CONTENT}  # fmt: skip
_OPERATORS = (
    b"q", b"Q", b"BT", b"ET", b"BMC", b"EMC", b"BX", b"EX", b"/Tx BMC", b"/OC /L BDC", b"0 0 3 3 re",
    b"0 0 240 160 re", b"W n", b"W", b"h", b"9 0 0 9 0 0 cm", b"[", b"]", b"<<", b">>", b"(", b"<", b"BI",
    b"BI /W 1 /H 1 ID", b"EI", b"3 Tr", b"7 Tr", b"/G gs", b"/X Do", b"1 g", b"2 w", b"10 10 m", b"90 90 l",
    b"S", b"f", b"%", b"d0", b"1000 0 0 0 9 9 d1", b"/DeviceRGB cs",
)  # fmt: skip


def value_behind_a_reference(chance: random.Random, data: bytes, change: Change) -> None:
    """Write another value, or a dictionary or stream, under the number that a field or its parent names."""
    value = chance.choice(
        (b"(900)", b"<FEFF003900300030>", b"/Off", b"<< /V (900) >>", stream(b"900"), b"[(900)]", b"null")
    )
    text_of(data, change, VALUE)
    change.objects[VALUE] = value
    # Another value is filling in, wherever it stands.
    change.places.append(REMARK_BOX)
    if chance.random() < 0.5:
        change.objects[LOOK] = stream(b"/Tx BMC BT /Helv 10 Tf 2 4 Td (900) Tj ET EMC", _LOOK_ENTRIES + b">>")


def look_beside_a_kept_value(chance: random.Random, data: bytes, change: Change) -> None:
    """Exchange the look, and something that goes with a value, while the value says the same."""
    change.objects[LOOK] = stream(b"/Tx BMC BT /Helv 10 Tf 2 4 Td (900) Tj ET EMC", _LOOK_ENTRIES + b">>")
    same = chance.choice(
        (b"/TI 1", b"/I [0]", b"/RV (<p>900</p>)", b"/V <FEFF>", b"/V <>", b"/DV (900)", b"/M (D:2026)",
         b"/AS /On", b"/V /Off", b"/V null")
    )  # fmt: skip
    text = text_of(data, change, REMARK)
    change.objects[REMARK] = with_entries(text, same)
    if same.startswith(b"/V") and b"/V (" not in text and b"/V <" not in text:
        # The value stood elsewhere, and is another one now: that is filling in.
        change.places.append(REMARK_BOX)


def key_without_entry(chance: random.Random, data: bytes, change: Change) -> None:
    """Put a key that readers heed where it was not."""
    where, _, table = chance.choice(TABLES)
    key = chance.choice(sorted(table))
    number = _OWNERS[where]
    entry = b"/%s %s" % (key.encode(), table[key])
    change.objects[number] = with_entries(text_of(data, change, number), entry)


def soft_mask(chance: random.Random, data: bytes, change: Change) -> None:
    """Fill in, or note on a place, with a look through a soft mask."""
    mask, picture = (
        free_number(data, change),
        chance.choice((b"1 g 0 0 240 160 re f", FORGED, b"0.8 g 0 0 9 9 re f")),
    )
    group = b"/Group << /S /Transparency /CS /DeviceGray >> "
    change.objects[mask] = stream(picture, FORM_ENTRIES + group)
    state = b"/ExtGState << /G << /SMask << /S /%s /G %d 0 R >> >> >> >> "
    state %= (chance.choice((b"Luminosity", b"Alpha")), mask)
    drawn = b"/G gs " + chance.choice((b"1 g 0 0 240 160 re f", b"0 g 0 0 140 16 re f", FORGED))
    if chance.random() < 0.5:
        fill(chance, data, change)
        change.objects[LOOK] = stream(drawn, _LOOK_ENTRIES + state)
        return
    note, look = mask + 1, mask + 2
    kind = chance.choice((b"Square", b"Highlight", b"Circle"))
    text = b"<< /Type /Annot /Subtype /%s /Rect [%d %d %d %d] /F 4 /AP << /N %d 0 R >> >>"
    change.objects[note] = text % (kind, *TEXT_BOX, look)
    change.objects[look] = stream(drawn, _LOOK_ENTRIES + state)
    list_note(data, change, note)


def window_with_words(chance: random.Random, data: bytes, change: Change) -> None:
    """Open a pop-up window with words, or one that belongs to a signed note."""
    window = free_number(data, change)
    box = chance.choice((b"[100 20 180 60]", b"[0 0 0 0]", b"[18 100 220 140]"))
    parent = chance.choice((b"", b"/Parent 14 0 R", b"/Parent 7 0 R", b"/Parent 3 0 R"))
    words = chance.choice((b"", b"/Contents (void)", b"/T (void)", b"/RC (<p>void</p>)"))
    shown = chance.choice((b"true", b"false"))
    change.objects[window] = b"<< /Type /Annot /Subtype /Popup /Rect %s /Open %s %s %s >>" % (
        box, shown, parent, words,
    )  # fmt: skip
    list_note(data, change, window)
    if chance.random() < 0.5:
        change.objects[NOTE] = with_entries(text_of(data, change, NOTE), b"/Popup %d 0 R" % window)


def parent_that_does_not_list(chance: random.Random, data: bytes, change: Change) -> None:
    """Let a field or note name a parent that does not list it, or that comes with the update."""
    number = chance.choice((REMARK, UNIT, NOTE, PAGE))
    parent = chance.choice((REMARK, UNIT, VALUE, MISSING, FORM, PAGE))
    if parent == MISSING:
        change.objects[MISSING] = chance.choice(
            (b"<< /FT /Tx /V (900) /DA (/Helv 12 Tf 0 g) >>", b"<< /MediaBox [0 0 90 90] /Rotate 180 >>")
        )
    change.objects[number] = with_entries(text_of(data, change, number), b"/Parent %d 0 R" % parent)


def dictionary_that_is_a_stream(chance: random.Random, data: bytes, change: Change) -> None:
    """Write a dictionary again as a stream with the same entries, or a stream as a dictionary."""
    number = chance.choice((CATALOG, PAGE, FORM, REMARK, UNIT, NOTE, FONT, NOTES, CONTENT, LOOK))
    text = text_of(data, change, number)
    if b"stream\n" in text:
        change.objects[number] = text[: text.index(b"stream\n")]
    else:
        inner = text[text.index(b"<<") + 2 : text.rindex(b">>")] if b"<<" in text else b""
        change.objects[number] = stream(chance.choice((b"", FORGED)), inner)


def ink_added(chance: random.Random, data: bytes, change: Change) -> None:
    """Fill in strokes where a one and a nought are drawn; what joins them may not be seen."""
    drawn = chance.choice(
        (
            b"1.2 w 70 14 m 63 5 l 73 5 l S", b"1.2 w 62 14 m 70.5 14 l S", b"1.2 w 107 8 m 113 8 l S",
            b"1 w 1 0 0 RG 70 14 m 66 5 l S", b"0 g 69 2 8 12 re f", b"1.2 w 77 2 m 77 14 l S",
            b"BT /Helv 14 Tf 76 3 Td (9) Tj ET", b"1.2 w 68.6 14 m 62 5 l 68.6 5 l S",
        )
    )  # fmt: skip
    text_of(data, change, LOOK)
    change.objects[REMARK] = with_entries(text_of(data, change, REMARK), b"/V (9)")
    change.objects[LOOK] = stream(b"/Tx BMC q " + drawn + b" Q EMC", _LOOK_ENTRIES + b">>")
    if b"90 82 m 90 94 l" not in data:
        change.places.append(REMARK_BOX)


def unfinished_content(chance: random.Random, data: bytes, change: Change) -> None:
    """Draw a field or a note by operators that begin what they do not end, or end what they did not begin."""
    begun = b" ".join(chance.choice(_OPERATORS) for _ in range(chance.randrange(1, 7)))
    drawn = chance.choice(
        (b"%s ", b"q %s Q ", b"/Tx BMC q %s Q EMC ", b"q BT /Helv 10 Tf 2 4 Td (read) Tj ET Q %s")
    )
    look = drawn % begun + chance.choice((b"", FORGED, b"1 0 0 rg 0 0 2000 2000 re f", b"(900) Tj", b"/X Do"))
    inner = free_number(data, change)
    change.objects[inner] = stream(
        chance.choice((begun, FORGED, b"Q Q 1 g 0 0 900 900 re f")),
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]",
    )
    more = b"/XObject << /X %d 0 R >> /Properties << /L << /Type /OCMD /OCGs [] >> >> " % inner
    entries = (
        _LOOK_ENTRIES
        + more
        + b">> "
        + chance.choice((b"", b"/Filter /ASCIIHexDecode ", b"/Group << /S /Transparency >> "))
    )
    content = look.hex().encode() + b">" if b"ASCIIHex" in entries else look
    if chance.random() < 0.5:
        fill(chance, data, change)
        change.objects[LOOK] = stream(content, entries)
        return
    note = inner + 1
    kind = chance.choice((b"Square", b"Highlight", b"Circle", b"Ink"))
    text = b"<< /Type /Annot /Subtype /%s /Rect [%d %d %d %d] /F 4 /AP << /N %d 0 R >> >>"
    change.objects[note] = text % (kind, *FREE_BOX, note + 1)
    change.objects[note + 1] = stream(content, entries)
    change.places.append(FREE_BOX)
    list_note(data, change, note)


def title_in_metadata(chance: random.Random, data: bytes, change: Change) -> None:
    """Give the document another title, or the same one more elaborately, in its metadata."""
    word = chance.choice((b"Agreement", b"Agreement void", b""))
    language = chance.choice((b"x-default", b"zh", b"en"))
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt>'
        b'<rdf:li xml:lang="%s">%s</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    free = free_number(data, change)
    change.objects[free] = stream(packet % (language, word), b"/Type /Metadata /Subtype /XML")
    change.objects[CATALOG] = with_entries(text_of(data, change, CATALOG), b"/Metadata %d 0 R" % free)


def look_packed_for_some(chance: random.Random, data: bytes, change: Change) -> None:
    """Fill in with a look that is another one once a prediction is undone, for readers that undo it."""
    fill(chance, data, change)
    texts = [b"q BT /Helv 10 Tf 2 4 Td (900) Tj ET Q ", b"Q Q Q Q 1 0 0 rg -90 -90 900 900 re f "]
    chance.shuffle(texts)
    content, predictor = two_faced(*texts), chance.choice((12, 12, 12, 15, 1, 2, 17))
    more = chance.choice(
        (b"", b"", b"/Colors 1", b"/BitsPerComponent 8", b"/BitsPerComponent 4", b"/EarlyChange 2")
    )
    parameters = b"<< /Predictor %d /Columns 96 %s >>" % (predictor, more)
    key = chance.choice((b"/DecodeParms", b"/DecodeParms", b"/DP"))
    shape = chance.choice(
        (b"%s %s", b"%s [%s]", b"%s [null %s]", b"%s [%s null]", b"/DecodeParms null %s %s")
    )
    name = chance.choice((b"/FlateDecode", b"[/FlateDecode]", b"/Fl", b"[/ASCIIHexDecode /FlateDecode]"))
    packed = zlib.compress(content)
    raw = packed.hex().encode() + b">" if b"Hex" in name else packed
    entries = b" >> /Filter " + name + b" " + shape % (key, parameters)
    change.objects[LOOK] = stream(raw, _LOOK_ENTRIES + entries)


SUBTLE: tuple[Operation, ...] = (
    value_behind_a_reference, value_behind_a_reference, value_behind_a_reference,
    look_beside_a_kept_value, look_beside_a_kept_value, key_without_entry,
    key_without_entry, soft_mask, window_with_words, parent_that_does_not_list, dictionary_that_is_a_stream,
    ink_added, ink_added, unfinished_content, unfinished_content, unfinished_content, title_in_metadata,
    look_packed_for_some,
)  # fmt: skip
