"""Honest changes after signing."""

from __future__ import annotations

import re

from tests.attacks.documents import certified, fill, look, page_number, signed
from tests.attacks.forms import checkbox, closed_field
from tests.attacks.increments import append, body_of, last_xref, number_of, root_number, size_of, stream
from tests.attacks.prepared import tagged
from tests.attacks.signer import FREE_BOX, base_document, sign, stamp


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
    return append(data, {number: body_of(data, number) for number in (root_number(data), page_number(data))})


def long_chain() -> bytes:
    data = stamp(with_store(sign(certified(), "unit")))
    return stamp(with_store(data))


def with_extensions(data: bytes, *, shared: bool = False) -> bytes:
    """Sign a document whose list of extensions is an object of its own, empty so far."""
    free = size_of(data)
    body = body_of(data, root_number(data))
    body = body[: body.rindex(b">>")] + b"/Extensions %d 0 R " % free
    body += b"/PageLabels %d 0 R " % free if shared else b""
    return sign(append(data, {root_number(data): body + b">>", free: b"<< >>"}))


def extensions_named(*, shared: bool = False) -> bytes:
    data = with_extensions(base_document(), shared=shared)
    number = int(re.findall(rb"/Extensions (\d+) 0 R", data)[-1])
    return append(data, {number: b"<< /ISO_ << /BaseVersion /2.0 /ExtensionLevel 32001 >> >>"})


def look_that_was_none() -> bytes:
    """A signature field whose appearance was a number before it was signed."""
    data = base_document()
    number = number_of(data, b"(unit)")
    body = body_of(data, number)
    data = sign(append(data, {number: body[: body.rindex(b">>")] + b"/AP 7 >>"}), "person")
    return sign(data, "unit")


def two_tables_in_a_row(data: bytes, changes: dict[int, bytes]) -> bytes:
    """Append a revision as some writers of hybrid files do: an empty second table names the stream."""
    body = append(data, changes)
    own, stream_at = last_xref(body), len(body[: last_xref(body)])
    rows = b"\x00\x00\x00\x00\xff"
    holder = b"%d 0 obj\n%s\nendobj\n" % (
        size_of(body),
        stream(rows, b"/Type /XRef /W [1 3 1] /Index [0 1] /Size %d" % (size_of(body) + 1)),
    )
    head, tail = body[:own], body[own : body.rindex(b"startxref")]
    table = len(head) + len(holder) + len(tail)
    second = b"xref\n0 0\ntrailer\n<< /Size %d /Root %d 0 R /Prev %d /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n"
    second %= (size_of(body) + 1, root_number(body), table - len(tail), stream_at, table)
    return head + holder + tail + second


def hybrid_pair() -> bytes:
    return sign(two_tables_in_a_row(base_document(), {size_of(base_document()): b"<< >>"}), strict=False)


def box_ticked() -> bytes:
    data = checkbox()
    number = number_of(data, b"(agree)")
    return append(data, {number: body_of(data, number).replace(b"/Off /AS /Off", b"/Yes /AS /Yes")})


def calculated_sum() -> bytes:
    """A field that people cannot fill in follows from others (/CO)."""
    data = fill(closed_field(calculated=True))
    number = number_of(data, b"(sum)")
    shown = int(re.findall(rb"/N (\d+) 0 R", body_of(data, number))[0])
    return append(data, {number: body_of(data, number).replace(b"(100)", b"(9)"), shown: look(b"(9)")})


def field_in_the_tree() -> bytes:
    """A signer gives its new field a place in the structure tree."""
    data = sign(tagged(base_document()))
    root, parents = number_of(data, b"/Type /StructTreeRoot"), number_of(data, b"/Nums")
    later = sign(data, "other")
    free, widget = size_of(later), number_of(later, b"(other)")
    element = b"<< /Type /StructElem /S /Form /P %d 0 R /K << /Type /OBJR /Obj %d 0 R >> >>" % (root, widget)
    added = {
        root: body_of(data, root).replace(b" ] /ParentTree", b" %d 0 R ] /ParentTree" % free),
        parents: body_of(data, parents).replace(b"] ] >>", b"] 7 %d 0 R ] >>" % free),
        free: element,
    }
    return append(later, added)


def type_named() -> bytes:
    """A writer completes a widget that did not say what it is."""
    data = base_document()
    number = number_of(data, b"(remark)")
    body = body_of(data, number).replace(b"/Type /Annot", b"")
    data = sign(append(data, {number: body}))
    return append(data, {number: body[: body.rindex(b">>")] + b"/Type /Annot >>"})


def signature_rewritten_the_same() -> bytes:
    data = signed()
    number = number_of(data, b"/ByteRange")
    return append(data, {number: body_of(data, number)})


def field_on_a_poster() -> bytes:
    """A page so large that it is drawn smaller to see what stood on it."""
    size = b"/MediaBox [ 0 0 595 842 ]"
    data = base_document().replace(size, b"/MediaBox [0 0 9000 9000]".ljust(len(size)))
    return sign(sign(data), "other", box=FREE_BOX)
