"""Fields that show a value which nobody saw when the document was signed, and honest ones that look alike."""

from __future__ import annotations

import re

from pyhanko.sign.fields import MDPPerm

from tests.attacks.documents import certified, fill, look, page_number, signed
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.painted_elsewhere import FREE, TEXT, put
from tests.attacks.prepared import tagged, with_field
from tests.attacks.signer import FREE_BOX, base_document, sign

PREPARED = b"/FT /Tx /T (sum) /V (9) /F 4 /Rect " + FREE


def _edited(data: bytes, marker: bytes, *edits: tuple[bytes, bytes]) -> bytes:
    number = number_of(data, marker)
    body = body_of(data, number)
    for old, new in edits:
        assert old in body
        body = body.replace(old, new, 1)
    return append(data, {number: body})


def _without_style(data: bytes) -> bytes:
    return _edited(data, b"/DR", (b"/DA (/Helv 0 Tf 0 g)", b""))


def stray_text_field() -> bytes:
    """A text field that the form does not know, drawn from its value."""
    field = b"/Subtype /Widget /FT /Tx /T (x) /V (not) /DA (/Helv 12 Tf 0 g) /Rect "
    return put(certified(), field + TEXT)


def stray_empty_field() -> bytes:
    return put(signed(), b"/Subtype /Widget /FT /Tx /T (x) /Rect " + FREE)


def _new_signature_field(data: bytes, more: bytes) -> bytes:
    """Append an empty, invisible signature field with some more keys."""
    free, form = size_of(data), number_of(data, b"/SigFlags")
    field = b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (later) /F 132 /Rect [0 0 0 0] /P %d 0 R %s >>"
    fields = body_of(data, form).replace(b"/Fields [", b"/Fields [%d 0 R " % free, 1)
    return append(data, {form: fields, free: field % (page_number(data), more)})


def signature_field_below_a_text_field() -> bytes:
    """Readers that look upwards give the new field the text field's value."""
    data = fill(signed())
    return _new_signature_field(data, b"/Parent %d 0 R" % number_of(data, b"(remark)"))


def signature_field_with_a_parent_of_its_own() -> bytes:
    """The parent is no object of the tree: its attributes are inherited all the same."""
    return _new_signature_field(signed(), b"/Parent << /FT /Tx /V (900 yuan) >>")


def honest_new_signature_field() -> bytes:
    return _new_signature_field(signed(), b"")


def signature_field_with_a_text_widget() -> bytes:
    """The field that came is one for a signature, its widget is one for text."""
    data, free = signed(), size_of(signed())
    widget = b"/Subtype /Widget /FT /Tx /V (not) /DA (/Helv 12 Tf 0 g) /Parent %d 0 R /Rect "
    data = put(data, widget.replace(b"%d", b"%d" % (free + 1)) + TEXT)
    form = number_of(data, b"/SigFlags")
    fields = re.sub(rb"/Fields \[", b"/Fields [%d 0 R " % (free + 1), body_of(data, form))
    parent = b"<< /FT /Sig /T (later) /Kids [%d 0 R] >>" % free
    start = signed()
    late = {number: body_of(data, number) for number in (free, _listing(data))}
    return append(start, late | {form: fields, free + 1: parent})


def _listing(data: bytes) -> int:
    return int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page_number(data)))[0])


def style_added() -> bytes:
    """A value without style is not drawn, until the form gives all fields one."""
    data = sign(_without_style(with_field(base_document(), PREPARED)))
    return _edited(data, b"/SigFlags", (b"/SigFlags", b"/DA (/Helv 12 Tf 0 g) /SigFlags"))


def font_added() -> bytes:
    """A value whose font is missing is not drawn, until the form gets that font."""
    waiting = PREPARED + b" /DA (/Late 12 Tf 0 g)"
    data = sign(with_field(base_document(), waiting))
    font = b"/Font << /Late << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> "
    return _edited(data, b"/SigFlags", (b"/Font <<", font))


def field_put_on_a_page() -> bytes:
    """A field that held a value on no page is listed by one, and filled in the same step."""
    field = b"/FT /Tx /T (sum) /V (9) /DA (/Helv 9 Tf) /F 4 /AP << /N %d 0 R >> /Rect " + FREE
    data = with_field(base_document(), field, look(b"(9)"))
    number = number_of(data, b"(sum)")
    listing = _listing(data)
    data = sign(append(data, {listing: body_of(data, listing).replace(b"%d 0 R ]" % number, b"]")}))
    listed = body_of(data, listing)
    listed = listed[: listed.rindex(b"]")] + b" %d 0 R ]" % number
    return append(data, {number: body_of(data, number).replace(b"(9)", b"(8)"), listing: listed})


def value_at_a_parent() -> bytes:
    """Kids take their value from the field above them."""
    data = with_field(base_document(), b"/FT /Tx /DA (/Helv 9 Tf) /T (kid) /F 4 /Rect " + FREE)
    form, kid, free = number_of(data, b"/DR"), number_of(data, b"(kid)"), size_of(data)
    fields = body_of(data, form).replace(b"/Fields [%d 0 R" % kid, b"/Fields [%d 0 R" % free)
    below = body_of(data, kid).replace(b"/T (kid)", b"/T (kid) /Parent %d 0 R" % free)
    data = sign(append(data, {form: fields, kid: below, free: b"<< /T (above) /Kids [%d 0 R] >>" % kid}))
    return _edited(data, b"(above)", (b"/T (above)", b"/T (above) /V (9,000)"))


def border_drawn_with_the_value() -> bytes:
    """What a filler may write out is the border that holds anyway, no bar across the page."""
    data = fill(signed())
    return _edited(data, b"(remark)", (b"/F 4", b"/F 4 /BS << /W 300 /S /S >>"))


def filled_over_another_field() -> bytes:
    data = with_field(base_document(), b"/FT /Tx /T (old) /V (1,000) /DA (/Helv 9 Tf) /F 4 /Rect " + FREE)
    field = b"/FT /Tx /T (new) /V () /DA (/Helv 9 Tf) /F 4 /AP << /N %d 0 R >> /Rect " + FREE
    data = sign(with_field(data, field, stream(b"/Tx BMC EMC")))
    number = number_of(data, b"(new)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    return append(data, {number: body_of(data, number).replace(b"/V ()", b"/V (9)"), shown: look(b"(9)")})


def filled_without_a_look_over_lines() -> bytes:
    """Without a look each reader draws a field as it likes, its background included."""
    data = base_document()
    number = number_of(data, b"I keep the data")
    text = b"BT /F1 12 Tf 72 720 Td (I keep the data) Tj ET 62 310 60 3 re f 62 320 3 15 re f"
    field = b"/FT /Tx /T (sum) /V () /DA (/Helv 9 Tf) /MK << /BG [1 1 1] >> /F 4 /Rect " + FREE
    data = sign(with_field(append(data, {number: stream(text)}), field))
    return _edited(data, b"(sum)", (b"/V ()", b"/V (9)"))


def role_of_the_tree_changed() -> bytes:
    root, roles = b"/Type /StructTreeRoot", b"/RoleMap << /P /P >>"
    data = sign(_edited(tagged(base_document()), root, (b"/K [", roles + b" /K [")))
    return _edited(data, root, (roles, b"/RoleMap << /P /Artifact >>"))


def marks_of_another_element() -> bytes:
    """The parent tree says that a mark of the page belongs to another element, with another text."""
    data = sign(tagged(base_document()))
    tree, free = number_of(data, b"/Nums"), size_of(data)
    element = b"<< /Type /StructElem /S /P /ActualText (sold) >>"
    return append(data, {tree: b"<< /Nums [ 0 [ %d 0 R ] ] >>" % free, free: element})


def marks_claimed_by_a_new_key() -> bytes:
    """A page whose marks belonged to nothing gets a key of the parent tree."""
    data = sign(tagged(base_document()))
    page, tree, free = page_number(data), number_of(data, b"/Nums"), size_of(data)
    element = b"<< /Type /StructElem /S /P /ActualText (sold) >>"
    body = body_of(data, page)
    return append(
        data,
        {
            page: body[: body.rindex(b">>")] + b"/StructParents 7 >>",
            tree: body_of(data, tree).replace(b"/Nums [", b"/Nums [ 7 [ %d 0 R ] " % free),
            free: element,
        },
    )


def marks_that_waited_for_a_key() -> bytes:
    """The page names a key that the parent tree does not have yet."""
    data = tagged(base_document())
    page, tree = page_number(data), number_of(data, b"/Nums")
    body = body_of(data, page)
    data = sign(append(data, {page: body[: body.rindex(b">>")] + b"/StructParents 7 >>"}))
    free = size_of(data)
    element = b"<< /Type /StructElem /S /P /ActualText (sold) >>"
    numbers = body_of(data, tree).replace(b"/Nums [", b"/Nums [ 7 [ %d 0 R ] " % free)
    return append(data, {tree: numbers, free: element})


def element_with_text_of_its_own() -> bytes:
    """Nothing on the page belongs to it, but it is read out."""
    data = sign(tagged(base_document()))
    free, number = size_of(data), number_of(data, b"/Type /StructTreeRoot")
    element = b"<< /Type /StructElem /S /P /P %d 0 R /ActualText (Clause 7 does not apply.) >>"
    body = body_of(data, number).replace(b"/K [", b"/K [%d 0 R " % free)
    return append(data, {number: body, free: element.replace(b"%d", b"%d" % number)})


def style_for_a_stray_field() -> bytes:
    """A field that the form does not know waits for the form's style as well."""
    stray = b"/Subtype /Widget /FT /Tx /T (x) /V (not) /Rect " + FREE
    data = sign(put(_without_style(base_document()), stray))
    return _edited(data, b"/SigFlags", (b"/SigFlags", b"/DA (/Helv 12 Tf 0 g) /SigFlags"))


def hidden_field_shown_when_signed() -> bytes:
    """A field that nobody saw is signed and shown over the text, as if its place had been left for it."""
    hidden = b"/FT /Sig /T (later) /F 2 /Rect " + TEXT
    data = sign(with_field(base_document(), hidden), "person", certify=MDPPerm.FILL_FORMS)
    return _edited(sign(data, "later", obey=False), b"(later)", (b"/F 2", b"/F 132"))


def honest_catalogue_under_a_new_number() -> bytes:
    data = signed()
    free = size_of(data)
    body = body_of(data, root_number(data))
    store = body[: body.rindex(b">>")] + b"/DSS << /Certs [%d 0 R] >> >>" % (free + 1)
    return append(data, {free: store, free + 1: stream(b"0certificate")}, root=free)


def honest_private_key_in_the_page_tree() -> bytes:
    return _edited(signed(), b"/Count", (b"/Count", b"/ITXT (5.5.13) /Count"))


def honest_tree_copied() -> bytes:
    """iText writes the number tree, with the lists in it, anew."""
    data = sign(tagged(base_document()))
    root, tree, free = number_of(data, b"/Type /StructTreeRoot"), number_of(data, b"/Nums"), size_of(data)
    element = re.findall(rb"\[ (\d+) 0 R \]", body_of(data, tree))[0]
    body = body_of(data, root).replace(b"/ParentTree %d 0 R" % tree, b"/ParentTree %d 0 R" % free)
    copied = b"<< /Nums [ 0 %d 0 R ] >>" % (free + 1)
    return append(data, {root: body, free: copied, free + 1: b"[ %s 0 R ]" % element})


def honest_border_written_out() -> bytes:
    """MuPDF adds the border that holds anyway."""
    number = number_of(signed(), b"(remark)")
    body = body_of(signed(), number).replace(b"/V ()", b"/V (read)")
    body = body[: body.rindex(b">>")] + b"/BS << /S /S /W 1 >> /Ff 0 >>"
    return append(signed(), {number: body, number_of(signed(), b"/Tx BMC EMC"): look(b"(read)")})


def honest_closed_field_filled() -> bytes:
    """A signing platform fills fields that it has closed to people."""
    closed = b"/FT /Tx /Ff 1 /T (sum) /V () /F 4 /DA (/Helv 9 Tf) /AP << /N %d 0 R >> /Rect " + FREE
    data = sign(with_field(base_document(), closed, stream(b"/Tx BMC EMC")))
    number = number_of(data, b"(sum)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    return append(data, {number: body_of(data, number).replace(b"/V ()", b"/V (7)"), shown: look(b"(7)")})


def honest_signature_on_inherited_box() -> bytes:
    data = base_document()
    page, node = page_number(data), number_of(data, b"/Count")
    body = re.sub(rb"/MediaBox \[[^\]]*\]", b"/Tabs /S", body_of(data, page))
    sized = body_of(data, node)
    sized = sized[: sized.rindex(b">>")] + b"/MediaBox [0 0 595 842] >>"
    return sign(sign(append(data, {page: body, node: sized})), "other", box=FREE_BOX)


def honest_inherited_box_written_out() -> bytes:
    """pypdf writes what a page inherits into the page."""
    data = base_document()
    page, node = page_number(data), number_of(data, b"/Count")
    body = re.sub(rb"/MediaBox (\[[^\]]*\])", b"/Tabs /S", body_of(data, page))
    sized = body_of(data, node)
    sized = sized[: sized.rindex(b">>")] + b"/MediaBox [0 0 595 842] >>"
    data = sign(append(data, {page: body, node: sized}))
    return append(data, {page: body[: body.rindex(b">>")] + b"/MediaBox [0 0 595 842] >>"})


def inherited_box_overruled() -> bytes:
    data = honest_inherited_box_written_out()
    return _edited(data, b"/Tabs /S", (b"[0 0 595 842]", b"[0 0 595 300]"))


HONEST = {
    "inherited box written out": honest_inherited_box_written_out,
    "catalogue under a new number": honest_catalogue_under_a_new_number,
    "private key in the page tree": honest_private_key_in_the_page_tree,
    "number tree copied": honest_tree_copied,
    "border written out": honest_border_written_out,
    "closed field filled": honest_closed_field_filled,
    "new signature field": honest_new_signature_field,
    "signature on an inherited box": honest_signature_on_inherited_box,
}
SUPPORT = frozenset(HONEST.values())
"""What is no attack here."""
