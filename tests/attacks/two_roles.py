"""Objects that are two things at once, prepared before signing, and references that wait for an object.

One path says that the object may change, the other shows it.
"""

from __future__ import annotations

import re

from tests.attacks.documents import FORGED_TEXT, content_number, in_catalog, look, page_number
from tests.attacks.increments import append, body_of, number_of, root_number, size_of, stream
from tests.attacks.prepared import tagged, with_field
from tests.attacks.signer import base_document, sign


def _with(data: bytes, number: int, addition: bytes) -> bytes:
    body = body_of(data, number)
    return append(data, {number: body[: body.rindex(b">>")] + addition + b" >>"})


def _replaced(data: bytes, number: int, old: bytes, new: bytes) -> bytes:
    body = body_of(data, number)
    assert old in body
    return append(data, {number: body.replace(old, new, 1)})


def page_that_is_an_annotation() -> bytes:
    """With an empty list of kids one reader takes it for a node, others for a page."""
    data, page = base_document(), page_number(base_document())
    data = _with(data, page, b"/Kids [] /Subtype /Text /Rect [0 0 0 0]")
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page))[0])
    data = sign(append(data, {listing: body_of(data, listing).replace(b"]", b"%d 0 R ]" % page)}))
    free = size_of(data)
    body = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % free, body_of(data, page))
    return append(data, {page: body, free: stream(FORGED_TEXT)})


def page_tree_that_is_a_structure_tree() -> bytes:
    """A page is put in front as if an element came."""
    data = tagged(base_document())
    node = number_of(data, b"/Count")
    body = body_of(data, number_of(data, b"/Type /StructTreeRoot"))
    number = number_of(data, b"/Type /StructTreeRoot")
    data = sign(append(data, {number: body.replace(b"/K [", b"/K [%d 0 R " % node)}))
    free = size_of(data)
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents %d 0 R >>"
    kids = body_of(data, node).replace(b"/Kids [", b"/Kids [ %d 0 R" % free)
    kids = kids.replace(b"/Count 1", b"/Count 2")
    return append(data, {node: kids, free: page % (node, free + 1), free + 1: stream(FORGED_TEXT)})


def contents_that_are_a_certificate() -> bytes:
    data = base_document()
    data = sign(in_catalog(data, b"/DSS << /Certs [%d 0 R] >>" % content_number(data)))
    return append(data, {content_number(data): stream(FORGED_TEXT)})


def contents_that_are_private() -> bytes:
    """Private data (/PieceInfo) may change, pages may not."""
    data = base_document()
    private = b"/PieceInfo << /EXAMPLE << /LastModified (D:20260101) /Private %d 0 R >> >>"
    data = sign(in_catalog(data, private % content_number(data)))
    return append(data, {content_number(data): stream(FORGED_TEXT)})


def contents_that_are_a_look() -> bytes:
    """A page draws the look of an empty field as well; filling in replaces it."""
    data = base_document()
    shown = int(re.findall(rb"/AP <<\s*/N (\d+) 0 R", body_of(data, number_of(data, b"(remark)")))[0])
    page = page_number(data)
    data = _replaced(data, page, b"/Font <<", b"/XObject << /X %d 0 R >> /Font <<" % shown)
    content = b"BT /F1 12 Tf 72 720 Td (I keep the data) Tj ET q 1 0 0 1 72 400 cm /X Do Q"
    data = sign(append(data, {content_number(base_document()): stream(content)}))
    number = number_of(data, b"(remark)")
    body = body_of(data, number).replace(b"/V ()", b"/V (x)")
    return append(data, {number: body, shown: look(b"(not)")})


def resources_that_are_extensions() -> bytes:
    """The page takes its fonts from the dictionary of extensions."""
    data = base_document()
    page, free = page_number(data), size_of(data)
    fonts = re.findall(rb"/Font (<<[^>]*>>)", body_of(data, page))[0]
    data = append(data, {free: fonts})
    data = _replaced(data, page, b"/Font " + fonts, b"/Font %d 0 R" % free)
    data = sign(in_catalog(data, b"/Extensions %d 0 R" % free))
    late = size_of(data)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"
    return append(data, {free: b"<< /F1 %d 0 R >>" % late, late: font})


def resources_that_are_information() -> bytes:
    data = base_document()
    page, free = page_number(data), size_of(data)
    fonts = re.findall(rb"/Font (<<[^>]*>>)", body_of(data, page))[0]
    data = append(data, {free: fonts}, trailer=b"/Info %d 0 R" % free)
    data = sign(_replaced(data, page, b"/Font " + fonts, b"/Font %d 0 R" % free))
    late = size_of(data)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"
    return append(data, {free: b"<< /F1 %d 0 R >>" % late, late: font}, trailer=b"/Info %d 0 R" % free)


def layers_that_are_a_store() -> bytes:
    """Which layers are shown stands in a dictionary that is the security store, too."""
    data = base_document()
    free = size_of(data)
    data = append(data, {free: b"<< /OFF [%d 0 R] >>" % (free + 1), free + 1: b"<< /Type /OCG /Name (a) >>"})
    layers = b"/OCProperties << /OCGs [%d 0 R] /D %d 0 R >> /DSS %d 0 R" % (free + 1, free, free)
    data = sign(in_catalog(data, layers))
    return append(data, {free: b"<< /Certs [] >>"})


def layers_turned_on() -> bytes:
    data = base_document()
    free = size_of(data)
    data = append(data, {free: b"<< /OFF [%d 0 R] >>" % (free + 1), free + 1: b"<< /Type /OCG /Name (a) >>"})
    data = sign(in_catalog(data, b"/OCProperties << /OCGs [%d 0 R] /D %d 0 R >>" % (free + 1, free)))
    return append(data, {free: b"<< /ON [%d 0 R] >>" % (free + 1)})


def contents_defined_later() -> bytes:
    """The page names a second part of its contents that nobody has written yet."""
    data = base_document()
    page, free = page_number(data), size_of(data) + 20
    body = re.sub(rb"/Contents (\d+) 0 R", rb"/Contents [\1 0 R %d 0 R]" % free, body_of(data, page))
    return append(sign(append(data, {page: body})), {free: stream(FORGED_TEXT)})


def parent_defined_later() -> bytes:
    """Readers that look upwards find boxes and resources in a parent that comes with the update."""
    data = base_document()
    page, free = page_number(data), size_of(data) + 20
    body = re.sub(rb"/Parent (\d+) 0 R", b"/Parent %d 0 R" % free, body_of(data, page))
    body = re.sub(rb"/MediaBox \[[^\]]*\]", b"", body)
    data = sign(append(data, {page: body}))
    return append(data, {free: b"<< /Type /Pages /Kids [] /Count 0 /MediaBox [0 0 595 300] >>"})


def parent_that_is_another_node() -> bytes:
    """A second page tree that nobody walks gives the page its size, and may have private keys."""
    data = base_document()
    page, free = page_number(data), size_of(data)
    body = re.sub(rb"/Parent (\d+) 0 R", b"/Parent %d 0 R" % free, body_of(data, page))
    body = re.sub(rb"/MediaBox \[[^\]]*\]", b"", body)
    node = b"<< /Type /Pages /Kids [] /Count 0 /MediaBox [0 0 595 842] /ITXT (5) >>"
    data = sign(append(data, {page: body, free: node}))
    return append(data, {free: node.replace(b"(5)", b"(7)")})


def value_of_another_parent() -> bytes:
    """A widget hangs in one field and names another as its parent, whose value some readers draw there."""
    other = b"/FT /Tx /T (other) /V () /F 4 /DA (/Helv 9 Tf) /Rect [0 0 0 0]"
    data = with_field(base_document(), other)
    number = number_of(data, b"(other)")
    stray = b"/FT /Tx /T (stray) /Parent %d 0 R /F 4 /DA (/Helv 9 Tf) /Rect [60 500 200 520]"
    data = sign(with_field(data, stray.replace(b"%d", str(number).encode())))
    return _replaced(data, number, b"/V ()", b"/V (1,000,000)")


def look_made_a_certificate_in_two_steps() -> bytes:
    """What is harmless in each step is not in both: a look is named as a certificate, then replaced."""
    data = sign(base_document())
    number, free = number_of(data, b"(remark)"), size_of(data)
    body = body_of(data, number).replace(b"/V ()", b"/V (x)")
    body = re.sub(rb"/N \d+ 0 R", b"/N %d 0 R" % free, body)
    filled = append(data, {number: body, free: look(b"(x)")})
    stored = in_catalog(filled, b"/DSS << /Certs [%d 0 R] >>" % free)
    return append(stored, {free: stream(FORGED_TEXT)})


def shared_list_of_annotations() -> bytes:
    """Two pages share one list: what is put on a free place of one covers the text of the other."""
    data = base_document()
    page, free, node = page_number(data), size_of(data), number_of(data, b"/Count")
    twin = body_of(data, page)
    blank = re.sub(rb"/Contents \d+ 0 R", b"", twin)
    kids = body_of(data, node).replace(b"/Kids [", b"/Kids [ %d 0 R" % free).replace(b"/Count 1", b"/Count 2")
    data = sign(append(data, {node: kids, free: blank}))
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page))[0])
    late = size_of(data)
    square = b"<< /Type /Annot /Subtype /Square /F 4 /Rect [60 705 420 740] /IC [1 1 1] /C [1 1 1] >>"
    return append(data, {listing: body_of(data, listing).replace(b"]", b"%d 0 R ]" % late), late: square})


def catalogue_renumbered_with_an_action() -> bytes:
    data = sign(base_document())
    free, body = size_of(data), body_of(data, root_number(data))
    action = b"/OpenAction << /S /Named /N /Print >> >>"
    return append(data, {free: body[: body.rindex(b">>")] + action}, root=free)


def renumbered_pages_of_another_size() -> bytes:
    """The page tree under a new number gives its pages another size."""
    data = base_document()
    page, node = page_number(data), number_of(data, b"/Count")
    body = re.sub(rb"/MediaBox \[[^\]]*\]", b"", body_of(data, page))
    sized = body_of(data, node)
    sized = sized[: sized.rindex(b">>")] + b"/MediaBox [0 0 595 842] >>"
    data = sign(append(data, {page: body, node: sized}))
    free, root = size_of(data), root_number(data)
    catalog = body_of(data, root).replace(b"/Pages %d 0 R" % node, b"/Pages %d 0 R" % free)
    return append(data, {root: catalog, free: sized.replace(b"842", b"300")})


def font_that_is_a_field() -> bytes:
    """A font under the name /T, which elsewhere only points, is a field, too."""
    data = base_document()
    page, free = page_number(data), size_of(data)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FT /Tx /V () /M (a) >>"
    form = number_of(data, b"/DR")
    fields = body_of(data, form).replace(b"/Fields [", b"/Fields [%d 0 R " % free)
    named = body_of(data, page).replace(b"/Font <<", b"/Font << /T %d 0 R " % free)
    data = sign(append(data, {free: font, form: fields, page: named}))
    return append(data, {free: font.replace(b"/V ()", b"/V (x)")})


def icon_of_a_button() -> bytes:
    """A button without a look shows its icon, which hangs on it by the same reference as before."""
    data, free = base_document(), size_of(base_document())
    data = append(data, {free: stream(b"q Q", b"/Type /XObject /Subtype /Form /BBox [0 0 40 40]")})
    button = b"/FT /Btn /Ff 65536 /T (crest) /F 4 /Rect [60 500 120 540] /MK << /I %d 0 R /TP 1 >>"
    data = sign(with_field(data, button.replace(b"%d", b"%d" % free)))
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 40 40]"
    return append(data, {free: stream(b"0 g 0 0 40 40 re f", form)})


def cover_behind_a_page_that_is_there_twice() -> bytes:
    """Readers count a blank page twice, so that the page that is looked at is another one."""
    data = base_document()
    page, free, node = page_number(data), size_of(data), number_of(data, b"/Count")
    blank = re.sub(rb"/Contents \d+ 0 R", b"", body_of(data, page))
    blank = re.sub(rb"/Annots \d+ 0 R", b"", blank)
    listed = b"/Kids [ %d 0 R %d 0 R %d 0 R ]" % (free, free, page)
    kids = re.sub(rb"/Kids \[[^\]]*\]", listed, body_of(data, node))
    data = sign(append(data, {node: kids.replace(b"/Count 1", b"/Count 3"), free: blank}))
    listing = int(re.findall(rb"/Annots (\d+) 0 R", body_of(data, page))[0])
    late = size_of(data)
    square = b"<< /Type /Annot /Subtype /Square /F 4 /Rect [60 705 420 740] /IC [1 1 1] /C [1 1 1] >>"
    return append(data, {listing: body_of(data, listing).replace(b"]", b"%d 0 R ]" % late), late: square})


def _as_stream(data: bytes, marker: bytes) -> bytes:
    """Write a dictionary again with a stream behind it: some readers still find its keys, others nothing."""
    number = number_of(data, marker)
    body = body_of(data, number).strip()
    return append(data, {number: stream(b"x", body[2 : body.rindex(b">>")])})


def form_that_became_a_stream() -> bytes:
    return _as_stream(sign(base_document()), b"/SigFlags")


def catalogue_that_became_a_stream() -> bytes:
    return _as_stream(sign(base_document()), b"/Type /Catalog")


def page_that_became_a_stream() -> bytes:
    return _as_stream(sign(base_document()), b"/Type /Page ")


def field_that_became_a_stream() -> bytes:
    return _as_stream(sign(base_document()), b"(remark)")
