"""Annotations, fields and signatures laid over signed documents; fields and signatures taken away."""

from __future__ import annotations

import re

from tests.attacks.documents import (
    annotate,
    certified,
    fill,
    in_catalog,
    redefine,
    signed,
)
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.signer import FREE_BOX, TEXT_BOX, base_document, sign, stamp


def overlay_signature_on_certified() -> bytes:
    return sign(certified(), "other", box=FREE_BOX)


def overlay_signature_on_text() -> bytes:
    return sign(signed(), "other", box=TEXT_BOX)


def overlay_annotation_on_level_2() -> bytes:
    return annotate(certified(), FREE_BOX)


def overlay_annotation_on_text() -> bytes:
    return annotate(certified(3), TEXT_BOX, b"/Square")


def overlay_annotation_on_approval() -> bytes:
    return annotate(signed(), TEXT_BOX, b"/Square")


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
    return redefine(signed(), number_of(signed(), b"(remark)"), b"/F 4", b"/F 2")


def field_moved() -> bytes:
    return redefine(signed(), number_of(signed(), b"(remark)"), b"/Rect [ 60 600", b"/Rect [ 60 500")


def readers_redraw() -> bytes:
    form = number_of(signed(), b"/SigFlags")
    body = body_of(signed(), form)
    return append(signed(), {form: body[: body.rindex(b">>")] + b"/NeedAppearances true >>"})


def annotation_removed() -> bytes:
    listing = number_of(signed(), b"/MediaBox")
    return append(signed(), {listing: re.sub(rb"/Annots \d+ 0 R", b"/Annots []", body_of(signed(), listing))})


def annotations_reordered() -> bytes:
    """What lay below another annotation is brought to the top."""
    data = signed()
    match = re.search(rb"/Annots (\d+) 0 R", body_of(data, number_of(data, b"/MediaBox")))
    assert match is not None
    items = re.findall(rb"\d+ 0 R", body_of(data, int(match[1])))
    return append(data, {int(match[1]): b"[ " + b" ".join(reversed(items)) + b" ]"})


def annotation_without_look() -> bytes:
    """Readers draw the corners themselves, far outside of the rectangle."""
    corners = b"/QuadPoints [60 740 420 740 60 705 420 705]"
    return annotate(certified(3), FREE_BOX, b"/Highlight", corners)


def seal_on_another_page() -> bytes:
    """A seal that may cover text on its own page is put on another one as well."""
    base = base_document()
    pages, free = number_of(base, b"/Type /Pages"), size_of(base)
    holder = body_of(base, number_of(base, b"/MediaBox"))
    twin = re.sub(rb"/Annots \d+ 0 R", b"", holder)
    tree = re.sub(rb"/Kids \[", b"/Kids [ %d 0 R" % free, body_of(base, pages)).replace(
        b"/Count 1", b"/Count 2"
    )
    data = sign(append(base, {free: twin, pages: tree}), "person")
    sealed = sign(data)
    seal = number_of(sealed, b"(unit)")
    return append(sealed, {free: twin.replace(b"/Contents", b"/Annots [ %d 0 R ] /Contents" % seal)})


def text_annotation_on_level_3() -> bytes:
    """Evil annotation: text that nobody tells from the page's, on a certified document."""
    return annotate(certified(3), FREE_BOX)


def square_with_letters_on_level_3() -> bytes:
    """Any kind of annotation may draw letters."""
    data = annotate(certified(3), FREE_BOX, b"/Square")
    return data.replace(b"1 g 0 0 140 40 re f", b"BT (forged!) Tj  ET")


def popup_with_a_look() -> bytes:
    return annotate(signed(), TEXT_BOX, b"/Popup")


def annotation_without_box() -> bytes:
    """Without a box nothing clips what is drawn."""
    data = annotate(signed(), FREE_BOX, b"/Square")
    assert b"/BBox [0 0 140 40]" in data
    return data.replace(b"/BBox [0 0 140 40]", b" " * 18)


def field_for_the_mouse() -> bytes:
    """A field that shows nothing until the mouse comes near."""
    data = sign(signed(), "other", box=TEXT_BOX)
    added = data[len(signed()) :]
    assert added.count(b"/N ") == 1
    return signed() + added.replace(b"/N ", b"/R ")


def certified_afterwards() -> bytes:
    """An approval is turned into a certification."""
    return in_catalog(signed(), b"/Perms << /DocMDP %d 0 R >>" % number_of(signed(), b"/ByteRange"))


def certified_by_a_timestamp() -> bytes:
    """Readers would show the timestamp service as the one that certified the document."""
    return stamp(signed(), certifies=True)


def encrypted_afterwards() -> bytes:
    entry = b"<< /Filter /Standard /V 1 /R 2 /O (%s) /U (%s) /P -4 >>" % (b"o" * 32, b"u" * 32)
    return append(signed(), {size_of(signed()): entry}, trailer=b"/Encrypt %d 0 R" % size_of(signed()))


def two_values_for_a_key() -> bytes:
    """Some readers show the first content, some the last; the signature covers both."""
    base = base_document()
    number, free = number_of(base, b"/MediaBox"), size_of(base)
    body = body_of(base, number)
    page = body[: body.rindex(b">>")] + b"/Cont#65nts %d 0 R >>" % free
    return sign(append(base, {number: page, free: stream(b"BT (sold) Tj ET")}))


def signed_after_lock() -> bytes:
    """A lock on all fields keeps the empty signature fields empty, too."""
    return sign(sign(base_document(), "locking", lock=True), "unit", obey=False)
