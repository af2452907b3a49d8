"""What an update can change: what honest programs do, what attackers tried, and plain mischief.

Each operation takes a source of chance and the file so far and notes the objects to write. It names the
places on the first page in which it is permitted to show something; mischief has none.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.attacks.increments import body_of, root_number, size_of, stream
from tests.differential.bases import FORGED, FORM_ENTRIES, FREE_BOX, REMARK_BOX, TEXT_BOX
from tests.differential.numbering import (
    CATALOG,
    CONTENT,
    FONT,
    FORM,
    INFO,
    LOOK,
    MISSING,
    NOTE,
    NOTES,
    PAGE,
    PAGES,
    PERSON,
    REMARK,
    SPARE,
    UNIT,
)
from tests.differential.readers.shots import Box

_KNOWN = (CATALOG, PAGES, PAGE, CONTENT, FORM, REMARK, LOOK, UNIT, PERSON, NOTES, INFO, SPARE, NOTE)
_KINDS = (
    b"Text", b"Square", b"Circle", b"Highlight", b"Underline", b"Ink", b"Line", b"FreeText", b"Stamp",
    b"Polygon",
    b"PolyLine", b"Link", b"Popup", b"Caret", b"FileAttachment", b"Widget", b"Redact", b"Watermark",
    b"Screen",
    b"PrinterMark", b"3D", b"Sound", b"Squiggly", b"StrikeOut", b"Nothing",
)  # fmt: skip
_COMMENTS = (*_KINDS[:7], b"Polygon", b"PolyLine", b"Caret", b"Squiggly", b"StrikeOut")
"""Kinds that may be added in a free place, because they show no text of their own."""
_CORNER: Box = (-34, -34, 34, 34)
"""What an empty rectangle grows to where a reader draws an icon or adds a border."""
_FLAGS = (0, 1, 2, 4, 4, 4, 6, 28, 32, 36, 64, 68, 128, 132, 256, 512)
_SHAPES = (
    b"/C [0 0 0] /IC [1 1 1]", b"/C [1 1 1] /IC [0 0 0]", b"/BS << /W 20 >>", b"/Border [0 0 30]",
    b"/InkList [[20 125 220 125]] /BS << /W 14 >>", b"/L [20 40 220 40] /LL 90 /BS << /W 12 >>",
    b"/QuadPoints [18 134 220 134 18 116 220 116]", b"/Vertices [18 116 220 116 220 134 18 134] /IC [0 0 0]",
    b"/DA (/Helv 12 Tf 0 g) /Contents (900 yuan)", b"/Name /Key /Contents (900)",
    b"/MK << /BG [0] /BC [0] >>",
    b"/CA 0.5", b"/Open true", b"/RD [-90 -90 -90 -90]", b"/BE << /S /C /I 2 >>", b"/LE [/Square /Diamond]",
    b"/FT /Tx /V (900) /DA (/Helv 12 Tf 0 g)", b"/FT /Btn /MK << /CA (8) >> /AS /On", b"/IRT 14 0 R /RT /R",
    b"/Parent 7 0 R", b"/OC 23 0 R", b"/H /I /A << /S /URI /URI (http://example.org/) >>",
)  # fmt: skip
_KEYS = (
    b"/MediaBox [0 0 200 160]", b"/CropBox [0 0 100 100]", b"/Rotate 180", b"/UserUnit 2",
    b"/Contents 13 0 R",
    b"/Resources << >>", b"/Annots []", b"/Annots [14 0 R 7 0 R]", b"/Kids [3 0 R 3 0 R]", b"/Count 2",
    b"/Type /Pages", b"/Parent 3 0 R", b"/Group << /S /Transparency /I true >>", b"/Tabs /S", b"/Dur 1",
    b"/Trans << /S /R >>", b"/OCProperties << /OCGs [23 0 R] /D << /OFF [23 0 R] >> >>",
    b"/NeedAppearances true",
    b"/DA (/Helv 0 Tf 0 g)", b"/Q 1", b"/DR << >>", b"/Fields []", b"/XFA 13 0 R", b"/V (900)", b"/DV (900)",
    b"/F 2", b"/F 36", b"/F 0", b"/Ff 1", b"/Ff 4096", b"/MaxLen 1", b"/AP << /N 13 0 R >>", b"/AP << >>",
    b"/AS /Off", b"/MK << /BG [0] >>", b"/BS << /W 9 >>", b"/Border [0 0 9]", b"/Rect [0 0 240 160]",
    b"/Subtype /FreeText", b"/StructTreeRoot 20 0 R", b"/Metadata 4 0 R",
    b"/PieceInfo << /X << /Private 4 0 R >> >>",
    b"/Lang (zh)", b"/PageMode /UseOC", b"/ViewerPreferences << /Direction /R2L /PrintScaling /None >>",
    b"/OpenAction [3 0 R /Fit]", b"/AA << /O << /S /JavaScript /JS (app.alert\\(1\\)) >> >>", b"/Names << >>",
    b"/PageLabels << /Nums [0 << /S /r >>] >>", b"/Version /2.0",
    b"/Extensions << /X << /ExtensionLevel 1 >> >>",
    b"/Length 20", b"/Filter /ASCIIHexDecode", b"/Matrix [2 0 0 2 0 0]", b"/BBox [0 0 9 9]", b"/OC 23 0 R",
    b"/Contents (other)", b"/T (other)", b"/M (D:20260101)", b"/P 2 0 R", b"/StructParents 0",
    b"/Popup 14 0 R",
    b"/SigFlags 1", b"/SV << >>", b"/Lock << /Action /All >>", b"/Private 1", b"/Thumb 13 0 R",
    b"/Perms << >>",
    b"/DSS << /Certs [13 0 R] >>", b"/Legal << >>", b"/Collection << >>", b"/AcroForm 6 0 R", b"/Pages 2 0 R",
)  # fmt: skip
_FONTS = (
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [49 /nine] >> >>",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
)
_ROLES = (
    b"/DSS << /Certs [%d 0 R] >>", b"/DSS << /CRLs [%d 0 R] >>", b"/DSS << /OCSPs [%d 0 R] >>",
    b"/DSS %d 0 R",
    b"/DSS << /VRI << /00 << /Cert [%d 0 R] >> >> >>", b"/Metadata %d 0 R", b"/Extensions %d 0 R",
    b"/PieceInfo << /X << /Private %d 0 R >> >>", b"/StructTreeRoot %d 0 R", b"/Names %d 0 R",
    b"/AF [%d 0 R]",
    b"/DSS << /VRI << /00 << /TS %d 0 R >> >> >>", b"/DSS << /VRI %d 0 R >>", b"/Outlines %d 0 R",
)  # fmt: skip


@dataclass(slots=True)
class Change:
    """What an update writes.

    Attributes:
        objects: Number to text.
        places: Where it may show something on the first page.
        trailer: Further entries of the trailer.
        kinds: What was done, in words.
    """

    objects: dict[int, bytes] = field(default_factory=dict)
    places: list[Box] = field(default_factory=list)
    trailer: bytes = b""
    kinds: list[str] = field(default_factory=list)


Operation = Callable[[random.Random, bytes, Change], None]


def text_of(data: bytes, change: Change, number: int) -> bytes:
    """Return an object as it stands, with what this update has done so far.

    Raises:
        IndexError: It is packed, or is not there.
    """
    found = change.objects.get(number)
    return body_of(data, number) if found is None else found


def free_number(data: bytes, change: Change) -> int:
    return max([size_of(data), MISSING + 15, *(number + 1 for number in change.objects)])


def with_entries(text: bytes, entries: bytes) -> bytes:
    """Put entries into a dictionary in place of the same keys, as far as a simple search finds them."""
    for key in re.findall(rb"/\w+", entries)[:1]:
        text = re.sub(
            re.escape(key) + rb"(?= |<|\[) ?(?:\d+ 0 R|\[[^\]]*\]|\([^)]*\)|/\w+|-?[\d.]+)",
            b"",
            text,
            count=1,
        )
    start = text.index(b"<<") + 2
    return text[:start] + b" " + entries + text[start:]


def _in_catalog(data: bytes, change: Change, entries: bytes) -> None:
    root = root_number(data)
    change.objects[root] = with_entries(text_of(data, change, root), entries)


def store(chance: random.Random, data: bytes, change: Change) -> None:
    """Add a security store."""
    free = free_number(data, change)
    more = b"/VRI << /00AA << /Cert [%d 0 R] >> >>" % (free + 1) if chance.random() < 0.5 else b""
    keys = chance.choice((b"/Certs", b"/CRLs", b"/OCSPs"))
    change.objects[free] = b"<< /Type /DSS %s [%d 0 R] %s >>" % (keys, free + 1, more)
    change.objects[free + 1] = stream(chance.randbytes(chance.choice((1, 20, 600))).hex().encode())
    _in_catalog(data, change, b"/DSS %d 0 R" % free)


def metadata(chance: random.Random, data: bytes, change: Change) -> None:
    """Write new metadata."""
    free = free_number(data, change)
    body = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>" + b" " * chance.choice((0, 9, 2000))
    change.objects[free] = stream(body, b"/Type /Metadata /Subtype /XML")
    _in_catalog(data, change, b"/Metadata %d 0 R" % free)


def information(chance: random.Random, data: bytes, change: Change) -> None:
    """Write the information dictionary again."""
    change.objects[INFO] = b"<< /Title (Agreement) /ModDate (D:2026%02d01) >>" % chance.randrange(1, 13)


def fill(chance: random.Random, data: bytes, change: Change) -> None:
    """Fill in the text field, value and look."""
    word = chance.choice((b"(read)", b"(12)", b"(a longer remark)"))
    text = text_of(data, change, REMARK)
    change.objects[REMARK] = with_entries(text, b"/V " + word)
    shown = b"/Tx BMC BT /Helv 10 Tf 2 4 Td %s Tj ET EMC" % word
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 140 16] /Resources << /Font << /Helv 5 0 R >> >>"
    change.objects[LOOK] = stream(shown, entries)
    change.places.append(REMARK_BOX)


def fill_oddly(chance: random.Random, data: bytes, change: Change) -> None:
    """Fill in something without its look, or a look without a value."""
    if chance.random() < 0.5:
        text = text_of(data, change, REMARK)
        entry = chance.choice((b"/V (900)", b"/DA (/Helv 40 Tf 0 g)", b"/Q 2"))
        change.objects[REMARK] = with_entries(text, entry)
        if entry.startswith(b"/V"):
            change.places.append(REMARK_BOX)
    else:
        change.objects[LOOK] = stream(FORGED, FORM_ENTRIES)


def look_oddly(chance: random.Random, data: bytes, change: Change) -> None:
    """Fill in a value with a look that paints elsewhere, or other things than the value."""
    fill(chance, data, change)
    drawn = chance.choice(
        (b"1 g -300 -300 900 900 re f", FORGED, b"/X1 Do", b"/Tx BMC BT /Helv 90 Tf (8) Tj ET EMC")
    )
    box = chance.choice(
        (b"[0 0 140 16]", b"[-300 -300 600 600]", b"[0 0 1 1]", b"[140 16 0 0]", b"[0 0 0 0]")
    )
    matrix = chance.choice(
        (b"", b"", b"/Matrix [1 0 0 1 60 40]", b"/Matrix [0 9 -9 0 0 0]", b"/Matrix [0 0 0 0 0 0]")
    )
    fonts = b"/Resources << /Font << /Helv 5 0 R /F1 5 0 R >> /XObject << /X1 13 0 R >> >> "
    change.objects[LOOK] = stream(drawn, b"/Type /XObject /Subtype /Form /BBox " + box + fonts + matrix)
    if chance.random() < 0.3:
        number = free_number(data, change)
        change.objects[number] = change.objects.pop(LOOK)
        text = text_of(data, change, REMARK)
        state = chance.choice(
            (b"/N %d 0 R", b"/N << /On %d 0 R >>", b"/N 8 0 R /D %d 0 R", b"/N 8 0 R /R %d 0 R")
        )
        change.objects[REMARK] = text.replace(b"/N 8 0 R", state % number)


def resources(chance: random.Random, data: bytes, change: Change) -> None:
    """Change a font or what fields draw with."""
    choice = chance.randrange(3)
    if choice == 0:
        change.objects[FONT] = chance.choice(_FONTS)
    elif choice == 1:
        free = free_number(data, change)
        change.objects[free] = chance.choice(_FONTS)
        text = text_of(data, change, FORM)
        change.objects[FORM] = re.sub(rb"/(?:Helv|F1) \d+ 0 R", b"/Helv %d 0 R" % free, text, count=1)
    else:
        number = chance.choice((PAGE, PAGES, FORM, LOOK, SPARE))
        entry = b"/Resources << /Font << /F1 %d 0 R >> >>" % chance.choice((FONT, SPARE, MISSING))
        change.objects[number] = with_entries(text_of(data, change, number), entry)


def _note(chance: random.Random, box: Box, kind: bytes, more: bytes) -> bytes:
    flags = chance.choice(_FLAGS)
    head = b"<< /Type /Annot /Subtype /%s /Rect [%g %g %g %g] /F %d /P 3 0 R " % (kind, *box, flags)
    return head + more + b" >>"


def list_note(data: bytes, change: Change, number: int) -> None:
    """Add an annotation to the page's, which are an object of their own or stand in the page.

    Raises:
        IndexError: The page has none, or is packed.
    """
    page = text_of(data, change, PAGE)
    direct = re.search(rb"/Annots ?\[[^\]]*", page)
    if direct:
        change.objects[PAGE] = page[: direct.end()] + b" %d 0 R" % number + page[direct.end() :]
        return
    text = text_of(data, change, NOTES)
    change.objects[NOTES] = text[: text.rindex(b"]")] + b" %d 0 R]" % number


def annotate(chance: random.Random, data: bytes, change: Change) -> None:
    """Add a square in the free place, as a commenting program does."""
    free = free_number(data, change)
    look = stream(b"1 0 0 RG 2 2 66 26 re S", b"/Type /XObject /Subtype /Form /BBox [0 0 70 30]")
    more = b"/C [1 0 0] /Contents (checked) /AP << /N %d 0 R >>" % (free + 1)
    text = b"<< /Type /Annot /Subtype /Square /Rect [%d %d %d %d] /F 4 /P 3 0 R %s >>" % (*FREE_BOX, more)
    change.objects[free], change.objects[free + 1] = text, look
    change.places.append(FREE_BOX)
    list_note(data, change, free)


def annotate_oddly(chance: random.Random, data: bytes, change: Change) -> None:
    """Add an annotation of any kind, anywhere, with any look or none."""
    free = free_number(data, change)
    box = chance.choice(
        (FREE_BOX, TEXT_BOX, (0, 0, 0, 0), (0, 0, 240, 160), (-50, -50, -10, -10), (300, 9, 310, 19))
    )
    more = b" ".join(chance.sample(_SHAPES, chance.randrange(0, 4)))
    if chance.random() < 0.6:
        drawn = chance.choice((b"1 g 0 0 240 160 re f", FORGED, b"0 g 20 20 30 30 re f", b"", b"/X1 Do"))
        matrix = chance.choice((b"", b"/Matrix [9 0 0 9 -300 -300]", b"/Matrix [1 0 0 1 90 90]"))
        entries = FORM_ENTRIES + matrix
        change.objects[free + 1] = stream(drawn, entries)
        state = chance.choice((b"/N", b"/N", b"/N", b"/R", b"/D"))
        more += b" /AP << %s %d 0 R >>" % (state, free + 1)
    kind = chance.choice(_KINDS)
    change.objects[free] = _note(chance, box, kind, more)
    list_note(data, change, free)
    change.places.append(_CORNER)
    if box == FREE_BOX and kind in _COMMENTS:
        change.places.append(FREE_BOX)


def again(chance: random.Random, data: bytes, change: Change) -> None:
    """Write some objects again as they are."""
    for number in chance.sample(_KNOWN, chance.randrange(1, 4)):
        if number in change.objects or b"%d 0 obj" % number in data:
            change.objects.setdefault(number, text_of(data, change, number))


def tweak(chance: random.Random, data: bytes, change: Change) -> None:
    """Put a key into an object that is there."""
    number, entry = chance.choice(_KNOWN), chance.choice(_KEYS)
    change.objects[number] = with_entries(text_of(data, change, number), entry)
    if number == REMARK and entry.startswith(b"/V"):
        change.places.append(REMARK_BOX)


def new_role(chance: random.Random, data: bytes, change: Change) -> None:
    """Give an object that is shown a second role, in which it may change, and change it."""
    number = chance.choice((CONTENT, LOOK, SPARE, PAGE, PAGES, FORM, NOTE, INFO, MISSING, 24, 20, 21))
    _in_catalog(data, change, chance.choice(_ROLES) % number)
    if chance.random() < 0.3:
        change.trailer += b"/Info %d 0 R " % number
    if chance.random() < 0.8:
        change.objects[number] = stream(FORGED, chance.choice((FORM_ENTRIES, b"", b"/Type /Metadata")))


def replace(chance: random.Random, data: bytes, change: Change) -> None:
    """Put another content, another page or another picture under a number that is used or missing."""
    number = chance.choice((CONTENT, SPARE, LOOK, MISSING, MISSING, 24, 23, INFO))
    change.objects[number] = stream(FORGED, chance.choice((FORM_ENTRIES, b"")))


def add_field(chance: random.Random, data: bytes, change: Change) -> None:
    """Add a field, invisible or not."""
    free = free_number(data, change)
    kind = chance.choice(
        (b"/FT /Sig", b"/FT /Sig", b"/FT /Tx /V (900)", b"/FT /Btn", b"/FT /Ch /V (900)", b"/Kids [7 0 R]")
    )
    box = chance.choice(((0, 0, 0, 0), FREE_BOX, TEXT_BOX))
    more = b" ".join(chance.sample(_SHAPES, chance.randrange(0, 3)))
    change.objects[free] = _note(chance, box, b"Widget", kind + b" /T (new%d) " % free + more)
    if chance.random() < 0.8:
        list_note(data, change, free)
    if box == FREE_BOX and kind == b"/FT /Sig" and b"/DocMDP" not in data:
        change.places.append(FREE_BOX)
    text = text_of(data, change, FORM)
    change.objects[FORM] = text.replace(b"/Fields [", b"/Fields [%d 0 R " % free, 1)


def add_page(chance: random.Random, data: bytes, change: Change) -> None:
    """Put another page before or behind the signed one, by any of the keys that make a tree of pages."""
    free = free_number(data, change)
    own = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 240 160] /Contents 13 0 R "
    change.objects[free] = own + b"/Resources << /Font << /F1 5 0 R >> >> >>"
    text = text_of(data, change, PAGES)
    kids = (
        chance.choice((b"/Kids [%d 0 R 3 0 R]", b"/Kids [3 0 R %d 0 R]", b"/K [%d 0 R 3 0 R]", b"/K %d 0 R"))
        % free
    )
    change.objects[PAGES] = re.sub(rb"/Kids \[[^\]]*\]|/K \d+ 0 R", kids, text, count=1)
    if chance.random() < 0.5:
        change.objects[PAGES] = change.objects[PAGES].replace(b"/Count 1", b"/Count 2")


def structure(chance: random.Random, data: bytes, change: Change) -> None:
    """Add to the structure tree, or build one."""
    free = free_number(data, change)
    page = chance.choice((PAGE, PAGES, NOTE, CONTENT, REMARK))
    change.objects[free] = b"<< /Type /StructTreeRoot /K %d 0 R /ParentTree << /Nums [] >> >>" % page
    _in_catalog(data, change, b"/StructTreeRoot %d 0 R" % free)
    if chance.random() < 0.5:
        change.objects[page] = with_entries(text_of(data, change, page), b"/S /P /K %d" % chance.randrange(3))


def unused(chance: random.Random, data: bytes, change: Change) -> None:
    """Add objects that nothing uses, up to a chosen length."""
    free = free_number(data, change)
    size = chance.choice((0, 1, 30, 900, 1000, 1024, 4096, chance.randrange(12_000)))
    change.objects[free] = stream(b"x" * size)


HONEST: tuple[Operation, ...] = (store, store, metadata, information, fill, annotate, again)
MISCHIEF: tuple[Operation, ...] = (
    fill_oddly, look_oddly, look_oddly, resources, annotate_oddly, annotate_oddly, tweak, tweak, tweak,
    new_role, new_role, replace, add_field, add_page, structure, unused,
)  # fmt: skip
