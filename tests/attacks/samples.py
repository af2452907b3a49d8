"""Every class of attack, made from our own documents, and the honest changes that look like them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from pyhanko.sign.fields import MDPPerm

from tests.attacks.increments import append, body_of, last_xref, number_of, root_number, size_of, stream
from tests.attacks.signer import FREE_BOX, PAGE_TEXT, TEXT_BOX, base_document, sign, stamp

Sample = Callable[[], bytes]
FORGED_TEXT = b"BT /F1 12 Tf 72 720 Td (I may publish everything.) Tj ET"
_RANGE = re.compile(rb"/ByteRange \[[^\]]*\]")


@functools.cache
def signed() -> bytes:
    """An approval signature in the seal field that was there."""
    return sign(base_document())


@functools.cache
def certified(level: int = 2) -> bytes:
    """A certification signature in an invisible field."""
    return sign(base_document(), "person", certify=MDPPerm(level))


def _page(data: bytes) -> int:
    return number_of(data, b"/MediaBox")


def _contents(data: bytes) -> int:
    return number_of(data, PAGE_TEXT)


def _redefine(data: bytes, number: int, old: bytes, new: bytes) -> bytes:
    body = body_of(data, number)
    assert old in body
    return append(data, {number: body.replace(old, new, 1)})


def _in_catalog(data: bytes, addition: bytes) -> bytes:
    root = root_number(data)
    body = body_of(data, root)
    return append(data, {root: body[: body.rindex(b">>")] + addition + b" >>"})


# Incremental saving attacks: something is appended to the signed file.


def isa_page_content() -> bytes:
    return append(signed(), {_contents(signed()): stream(FORGED_TEXT)})


def isa_new_catalog() -> bytes:
    data, free = signed(), size_of(signed())
    page = body_of(data, _page(data)).replace(b"/Contents %d" % _contents(data), b"/Contents %d" % (free + 2))
    catalog = re.sub(rb"/Pages \d+", b"/Pages %d" % free, body_of(data, root_number(data)))
    added = {
        root_number(data): catalog,
        free: b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (free + 1),
        free + 1: page,
        free + 2: stream(FORGED_TEXT),
    }
    return append(data, added)


def isa_other_root() -> bytes:
    data, free = signed(), size_of(signed())
    return append(data, {free: body_of(data, root_number(data))}, root=free)


def isa_without_xref() -> bytes:
    return append(signed(), {_contents(signed()): stream(FORGED_TEXT)}, xref=False)


def isa_trailer_only() -> bytes:
    body = append(signed(), {_contents(signed()): stream(FORGED_TEXT)}, xref=False)
    tail = b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (size_of(signed()), root_number(signed()), last_xref(signed()))


def isa_copied_signature() -> bytes:
    data = signed()
    signature = number_of(data, b"/ByteRange")
    return append(data, {_contents(data): stream(FORGED_TEXT), signature: body_of(data, signature)})


def isa_resources() -> bytes:
    return _redefine(signed(), _page(signed()), b"/Resources <<", b"/Resources << /XObject << >>")


def isa_media_box() -> bytes:
    return _redefine(signed(), _page(signed()), b"/MediaBox [ 0 0 595 842 ]", b"/MediaBox [ 0 0 595 300 ]")


def isa_font() -> bytes:
    return _redefine(signed(), number_of(signed(), b"/BaseFont /Helvetica"), b"/Helvetica", b"/Symbol")


def isa_page_added() -> bytes:
    data, free = signed(), size_of(signed())
    pages = number_of(data, b"/Type /Pages")
    body = re.sub(rb"/Kids \[ ", b"/Kids [ %d 0 R " % free, body_of(data, pages)).replace(
        b"/Count 1", b"/Count 2"
    )
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] >>" % pages
    return append(data, {pages: body, free: page})


def isa_open_action() -> bytes:
    return _in_catalog(signed(), b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")


def isa_layers() -> bytes:
    return _in_catalog(signed(), b"/OCProperties << /OCGs [] /D << >> >>")


def isa_attachment() -> bytes:
    return _redefine(signed(), number_of(signed(), b'{"id": "X"}'), b'{"id": "X"}', b'{"id": "Y"}')


def isa_trailing_bytes() -> bytes:
    return signed() + b"% read me\n1 0 obj << >> endobj\n"


# Signature wrapping and universal forgery.


def wrapping() -> bytes:
    """Move the signed second part to the end; forged objects and a forged table stand where it was."""
    data, contents = signed(), _contents(signed())
    found = _RANGE.search(data)
    assert found is not None
    numbers = [int(n) for n in re.findall(rb"\d+", found[0])]
    table, number = last_xref(data), number_of(data, b"/ByteRange")
    entries = {n: o for n, o in _table(data).items() if o < numbers[1]}
    closing = b"/ByteRange [0 %d %08d %d] /Type /Sig /SubFilter /ETSI.CAdES.detached >>\nendobj\n"
    filler = table - numbers[2] - len(closing % (numbers[1], 0, numbers[3]))
    forged = b"\n%d 0 obj\n%s\nendobj\n" % (contents, stream(FORGED_TEXT))
    listing = b"xref\n"
    for at in range(2):
        trailer = b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n"
        trailer %= (size_of(data), root_number(data), int(re.findall(rb"/Prev (\d+)", data)[-1]))
        entries[contents] = table + len(listing) + len(trailer) + 1 if at else 0
        listing = b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % pair for pair in sorted(entries.items()))
    assert number in entries
    inserted = b" " * filler + listing + trailer + forged
    moved = numbers[2] + len(closing % (numbers[1], 0, numbers[3])) + len(inserted)
    return data[: numbers[2]] + closing % (numbers[1], moved, numbers[3]) + inserted + data[numbers[2] :]


def _table(data: bytes) -> dict[int, int]:
    """Return the entries of the newest cross-reference table."""
    found: dict[int, int] = {}
    first = 0
    for line in data[last_xref(data) + 5 : data.rindex(b"trailer")].splitlines():
        parts = line.split()
        if len(parts) == 2:
            first = int(parts[0])
        elif parts[2] == b"n":
            found[first] = int(parts[0])
        if len(parts) == 3:
            first += 1
    return found


def _with_range(value: bytes) -> bytes:
    found = _RANGE.search(signed())
    assert found is not None
    return signed().replace(found[0], value.ljust(len(found[0])))


def forged_range_null() -> bytes:
    return _with_range(b"/ByteRange null")


def forged_range_missing() -> bytes:
    return _with_range(b"")


def forged_range_negative() -> bytes:
    return _with_range(b"/ByteRange [0 -1 -1 0]")


def forged_range_short() -> bytes:
    return _with_range(b"/ByteRange [0 0]")


def forged_range_whole() -> bytes:
    return _with_range(b"/ByteRange [0 %d %d 0]" % (len(signed()), len(signed())))


def forged_contents(value: bytes) -> bytes:
    found = re.search(rb"/Contents <[0-9a-fA-F]+>", signed())
    assert found is not None
    return signed().replace(found[0], (b"/Contents " + value).ljust(len(found[0])))


# Shadow attacks: the document was prepared before it was signed.


def _shadow_base() -> bytes:
    """A text with an invoice line, and prepared objects that nothing uses yet."""
    data = base_document()
    return append(data, {size_of(data): stream(FORGED_TEXT)})


def shadow_switch() -> bytes:
    """Hide and replace: only the cross-reference changes, both versions were signed."""
    data = sign(_shadow_base())
    hidden = data.rindex(FORGED_TEXT)
    start = [m.start() for m in re.finditer(rb"\d+ 0 obj", data[:hidden])][-1]
    return append(data, {}, listed={_contents(data): start})


def shadow_twins() -> bytes:
    """Two objects with the same number in the signed bytes, the second reached by a later table."""
    data = base_document()
    number = _contents(data)
    twin = b"%d 0 obj\n%s\nendobj\n" % (number, stream(FORGED_TEXT))
    start = data.index(b"\n", 9) + 1
    rebuilt = append(data, {size_of(data): b"<< /Note (%s) >>" % b"x"})
    place = len(rebuilt)
    prepared = append(rebuilt + twin, {size_of(rebuilt): b"null"})
    assert start < place
    return append(sign(prepared), {}, listed={number: place})


def shadow_free() -> bytes:
    """Hide: an object that covered the text is freed after signing."""
    data = signed()
    number = number_of(data, b"/Tx BMC EMC")
    place = len(data) + (not data.endswith(b"\n"))
    body = data if data.endswith(b"\n") else data + b"\n"
    tail = b"xref\n%d 1\n0000000000 00001 f \ntrailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return body + tail % (number, size_of(data), root_number(data), last_xref(data), place)


def shadow_dangling() -> bytes:
    """Replace: the signed page refers to an object that only comes later."""
    data = base_document()
    free = size_of(data) + 40
    page = _redefine(data, _page(data), b"/Resources <<", b"/Resources << /XObject << /Late %d 0 R >>" % free)
    body = stream(FORGED_TEXT, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    return append(sign(page), {free: body})


def shadow_forward() -> bytes:
    """The signed table names an offset behind the end of the signed bytes."""
    data = base_document()
    number = size_of(data)
    prepared = append(data, {number + 1: b"<< >>"}, listed={number: 60_000})
    data = sign(prepared)
    body = data + b"%" * (60_000 - len(data) - 1) + b"\n"
    return append(body, {number + 2: b"<< >>"})


def shadow_redrawn_field() -> bytes:
    """Replace: a field looks different, its value is the same."""
    return append(signed(), {number_of(signed(), b"/Tx BMC EMC"): _look(b"(1,000,000)")})


def _look(text: bytes) -> bytes:
    content = b"/Tx BMC BT /Helv 10 Tf 2 5 Td %s Tj ET EMC" % text
    return stream(content, b"/Type /XObject /Subtype /Form /BBox [0 0 240 20]")


def shadow_field_over_text() -> bytes:
    """Replace: a field that lies over text is filled in."""
    data = base_document()
    moved = _redefine(
        data, number_of(data, b"(remark)"), b"/Rect [ 60 600 300 620 ]", b"/Rect [ 60 705 420 740 ]"
    )
    return fill(sign(moved))


def shadow_redefined_unused() -> bytes:
    data = sign(_shadow_base())
    return append(data, {number_of(data, FORGED_TEXT): stream(b"q Q")})


# Annotations and signatures laid over certified documents, fields, forms.


def fill(data: bytes) -> bytes:
    """Fill in the text field, as a form filler would."""
    number = number_of(data, b"(remark)")
    body = body_of(data, number)
    assert b"/V ()" in body
    return append(
        data,
        {number: body.replace(b"/V ()", b"/V (read)"), number_of(data, b"/Tx BMC EMC"): _look(b"(read)")},
    )


def annotate(data: bytes, box: tuple[int, int, int, int]) -> bytes:
    """Add a free text annotation."""
    free = size_of(data)
    holder = number_of(data, b"/MediaBox")
    match = re.search(rb"/Annots (\d+) 0 R", body_of(data, holder))
    assert match is not None
    listing = int(match[1])
    width, height = box[2] - box[0], box[3] - box[1]
    look = stream(
        b"1 g 0 0 %d %d re f" % (width, height),
        b"/Type /XObject /Subtype /Form /BBox [0 0 %d %d]" % (width, height),
    )
    note = b"<< /Type /Annot /Subtype /FreeText /F 4 /Rect [%d %d %d %d] /Contents (x) /DA (/Helv 9 Tf) /AP << /N %d 0 R >> >>"
    body = body_of(data, listing)
    return append(
        data,
        {
            listing: body[: body.rindex(b"]")] + b"%d 0 R ]" % free,
            free: note % (*box, free + 1),
            free + 1: look,
        },
    )


def overlay_signature_on_certified() -> bytes:
    return sign(certified(), "other", box=FREE_BOX)


def overlay_signature_on_text() -> bytes:
    return sign(signed(), "other", box=TEXT_BOX)


def overlay_annotation_on_level_2() -> bytes:
    return annotate(certified(), FREE_BOX)


def overlay_annotation_on_text() -> bytes:
    return annotate(certified(3), TEXT_BOX)


def overlay_annotation_on_approval() -> bytes:
    return annotate(signed(), TEXT_BOX)


def signed_after_level_1() -> bytes:
    return sign(certified(1), "unit", obey=False)


def filled_after_level_1() -> bytes:
    return fill(certified(1))


def filled_after_lock() -> bytes:
    return fill(sign(base_document(), "locking", lock=True))


def form_removed() -> bytes:
    root = root_number(signed())
    body = re.sub(rb"/AcroForm \d+ 0 R", b"", body_of(signed(), root))
    return append(signed(), {root: body})


def field_removed() -> bytes:
    form = number_of(signed(), b"/SigFlags")
    body = re.sub(rb"/Fields \[[^\]]*\]", b"/Fields []", body_of(signed(), form))
    return append(signed(), {form: body})


def signature_stripped() -> bytes:
    number = number_of(signed(), b"(unit)")
    return append(signed(), {number: re.sub(rb"/V \d+ 0 R", b"", body_of(signed(), number))})


def signature_look_changed() -> bytes:
    look = stream(b"0 g 0 0 9 9 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    number = number_of(signed(), b"(unit)")
    free = size_of(signed())
    body = re.sub(rb"/AP <<[^>]*>>|/AP \d+ 0 R", b"", body_of(signed(), number))
    return append(
        signed(), {number: body[: body.rindex(b">>")] + b"/AP << /N %d 0 R >> >>" % free, free: look}
    )


def signature_copied() -> bytes:
    """A second field with a copy of the signature dictionary."""
    data, free = signed(), size_of(signed())
    form = number_of(data, b"/SigFlags")
    body = re.sub(rb"/Fields \[", b"/Fields [%d 0 R " % free, body_of(data, form))
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (copy) /Rect [0 0 0 0] /F 132 /V %d 0 R >>" % (
        free + 1
    )
    return append(data, {form: body, free: field, free + 1: body_of(data, number_of(data, b"/ByteRange"))})


def text_field_added() -> bytes:
    data, free = signed(), size_of(signed())
    form = number_of(data, b"/SigFlags")
    body = re.sub(rb"/Fields \[", b"/Fields [%d 0 R " % free, body_of(data, form))
    return append(
        data,
        {form: body, free: b"<< /FT /Tx /T (new) /V (x) /Type /Annot /Subtype /Widget /Rect [9 9 99 99] >>"},
    )


def field_hidden() -> bytes:
    return _redefine(signed(), number_of(signed(), b"(remark)"), b"/F 4", b"/F 2")


def field_moved() -> bytes:
    return _redefine(signed(), number_of(signed(), b"(remark)"), b"/Rect [ 60 600", b"/Rect [ 60 500")


def readers_redraw() -> bytes:
    form = number_of(signed(), b"/SigFlags")
    body = body_of(signed(), form)
    return append(signed(), {form: body[: body.rindex(b">>")] + b"/NeedAppearances true >>"})


def annotation_removed() -> bytes:
    listing = number_of(signed(), b"/MediaBox")
    return append(signed(), {listing: re.sub(rb"/Annots \d+ 0 R", b"/Annots []", body_of(signed(), listing))})


# Cross-reference games.


def unlisted_object() -> bytes:
    data, free = signed(), size_of(signed())
    return append(data, {free: b"<< >>", _contents(data): stream(FORGED_TEXT)}, unlisted=(_contents(data),))


def skipping_chain() -> bytes:
    """The new table's /Prev jumps over the signed revision."""
    data = append(signed(), {size_of(signed()): b"<< >>"})
    first = int(re.findall(rb"startxref\s+(\d+)", data)[0])
    return data.replace(b"/Prev %d " % last_xref(signed()), b"/Prev %d " % first).replace(
        b"/Prev %d" % last_xref(signed()), b"/Prev %d" % first
    )


def circular_chain() -> bytes:
    data = append(signed(), {size_of(signed()): b"<< >>"})
    own = b"%d" % last_xref(data)
    old = b"%d" % last_xref(signed())
    return data.replace(b"/Prev " + old, b"/Prev " + own.ljust(len(old)))


def unknown_trailer_key() -> bytes:
    data = signed()
    return append(data, {size_of(data): b"<< >>"}, trailer=b"/Shown %d 0 R" % _contents(data))


def wrong_object_at_offset() -> bytes:
    data = signed()
    start = data.index(b"%d 0 obj" % root_number(data))
    return append(data, {}, listed={_contents(data): start})


# Honest changes.


def with_store(data: bytes) -> bytes:
    """Add a document security store, the way an extension to B-LT does."""
    free, root = size_of(data), root_number(data)
    body = re.sub(rb"/DSS \d+ 0 R", b"", body_of(data, root))
    store = b"<< /Type /DSS /Certs [%d 0 R] /VRI << /00AA << /Cert [%d 0 R] >> >> >>" % (free + 1, free + 1)
    return append(
        data,
        {
            root: body[: body.rindex(b">>")] + b"/DSS %d 0 R >>" % free,
            free: store,
            free + 1: stream(b"0certificate-%d" % free),
        },
    )


def store_rewritten() -> bytes:
    data = with_store(signed())
    number = number_of(data, b"/Type /DSS")
    return append(data, {number: body_of(data, number).replace(b"/00AA", b"/00BB")})


def metadata_updated() -> bytes:
    data, free = signed(), size_of(signed())
    body = body_of(data, root_number(data))
    metadata = stream(b"<x:xmpmeta/>", b"/Type /Metadata /Subtype /XML")
    return append(
        data, {root_number(data): body[: body.rindex(b">>")] + b"/Metadata %d 0 R >>" % free, free: metadata}
    )


def rewritten_the_same() -> bytes:
    data = signed()
    return append(data, {number: body_of(data, number) for number in (root_number(data), _page(data))})


def long_chain() -> bytes:
    data = stamp(with_store(sign(certified(), "unit")))
    return stamp(with_store(data))


ATTACKS: dict[str, Sample] = {
    name: value
    for name, value in list(globals().items())
    if callable(value)
    and name.startswith(
        ("isa_", "wrapping", "forged_range", "shadow_", "overlay_", "signed_after", "filled_after", "form_removed",
         "field_", "signature_", "text_field", "readers_", "annotation_", "unlisted", "skipping", "circular",
         "unknown_", "wrong_")
    )
}  # fmt: skip
ATTACKS |= {
    f"forged_contents_{label}": functools.partial(forged_contents, value)
    for label, value in {
        "null": b"null",
        "empty": b"<>",
        "zero": b"<00>",
        "missing": b"/Nothing",
        "zeros": b"<" + b"00" * 400 + b">",
    }.items()
}

HONEST: dict[str, Sample] = {
    "one signature": signed,
    "certified": certified,
    "second signature": lambda: sign(signed(), "person"),
    "invisible new field": lambda: sign(signed(), "other"),
    "visible field on a free place": lambda: sign(signed(), "other", box=FREE_BOX),
    "seal over text in a field that was there": lambda: sign(certified(), "unit"),
    "document timestamp": lambda: stamp(signed()),
    "timestamp after no changes": lambda: stamp(certified(1)),
    "security store": lambda: with_store(signed()),
    "security store after no changes": lambda: with_store(certified(1)),
    "security store rewritten": store_rewritten,
    "filled in": lambda: fill(signed()),
    "filled in after certification": lambda: fill(certified()),
    "annotation where permitted": lambda: annotate(certified(3), FREE_BOX),
    "annotation on an approval": lambda: annotate(signed(), FREE_BOX),
    "metadata": metadata_updated,
    "rewritten the same": rewritten_the_same,
    "everything in turn": long_chain,
}
