"""Security stores that are added in another form than the canonical one: each misses it in one thing."""

from __future__ import annotations

import re
import zlib

from tests.attacks.canonical_honest import encrypted, encrypted_update, linearized
from tests.attacks.documents import FORGED_TEXT, content_number, signed
from tests.attacks.honest import two_tables_in_a_row
from tests.attacks.increments import append, body_of, last_xref, number_of, root_number, size_of, stream
from tests.attacks.signer import PAGE_TEXT, base_document, sign, signed_again
from tests.attacks.updates import Form, store_objects, stored, write

_FREE = 2
_PROMISED = 20_000
"""The store takes the numbers 0 and 1 above the highest; further objects of an update come behind."""


def _spare() -> int:
    return size_of(signed()) + _FREE


def form_head_with_two_spaces() -> bytes:
    return stored(signed(), Form(head=b"%d  %d obj\n"))


def form_head_on_two_lines() -> bytes:
    return stored(signed(), Form(head=b"%d\n%d obj\n"))


def form_head_with_zeros() -> bytes:
    return stored(signed(), Form(head=b"0%d %d obj\n"))


def form_head_within_a_line() -> bytes:
    return stored(signed(), Form(tail=b"\nendobj "))


def form_head_behind_a_comment() -> bytes:
    return stored(signed(), Form(head=b"%d %d %%\nobj\n"))


def form_other_generation() -> bytes:
    return stored(signed(), Form(generation=1))


def form_generation_of_a_kept_object() -> bytes:
    """Readers that check generations lose the catalogue, others do not."""
    data = stored(signed())
    added, root = data[len(signed()) :], root_number(signed())
    return signed() + added.replace(b"%d 0 obj" % root, b"%d 1 obj" % root).replace(
        b"%d 1\n%010d 00000" % (root, len(signed())), b"%d 1\n%010d 00001" % (root, len(signed()))
    )


def form_zero_byte_in_a_gap() -> bytes:
    return stored(signed(), Form(gap=b"\x00"))


def form_wide_gap() -> bytes:
    return stored(signed(), Form(gap=b"\n" * 65))


def form_comment_between_objects() -> bytes:
    return stored(signed(), Form(gap=b"% hello\n"))


def form_comment_with_an_object() -> bytes:
    twin = b"%%%d 0 obj << >> endobj\n" % content_number(signed())
    return stored(signed(), Form(opening=twin))


def form_comment_with_an_end_mark() -> bytes:
    return stored(signed(), Form(closing=b"%%%%EOF\n"))


def form_comment_with_a_trailer() -> bytes:
    return stored(signed(), Form(closing=b"%trailer << /Root 1 0 R >>\n"))


def form_long_comment() -> bytes:
    return stored(signed(), Form(opening=b"%" + b"x" * 201 + b"\n"))


def form_comment_in_an_object() -> bytes:
    return stored(signed(), more={_spare(): b"<< /A %x\n 1 >>"})


def form_entries_of_19_bytes() -> bytes:
    return stored(signed(), Form(entry=b"%010d %05d n\n"))


def form_entries_of_21_bytes() -> bytes:
    return stored(signed(), Form(entry=b"%010d %05d n \r\n"))


def form_previous_as_real() -> bytes:
    return stored(signed(), Form(prev=b"%d.0"))


def form_previous_with_a_sign() -> bytes:
    return stored(signed(), Form(prev=b"+%d", section_entries=b"/Prev 1.0"))


def form_size_too_small() -> bytes:
    return stored(signed(), Form(size=-1))


def form_size_of_a_stream_too_small() -> bytes:
    return stored(signed(), Form(section="stream", size=-2))


def form_number_beyond_readers() -> bytes:
    """PDFium knows no object of that number."""
    number = 5_000_000
    return write(signed(), {**store_objects(signed()), number: b"<< >>"})


def form_end_mark_on_one_line() -> bytes:
    return stored(signed(), Form(mark=b"startxref %d %%%%EOF\n"))


def form_end_mark_with_zero_bytes() -> bytes:
    return stored(signed(), Form(mark=b"startxref\x00\x00%d\n%%%%EOF\n"))


def form_end_mark_far_from_the_end() -> bytes:
    """Readers look at the last 1,024 bytes and rebuild the file where they find nothing."""
    return stored(signed(), Form(trailing=b"\n" * 1100))


def form_white_space_behind_the_signed_file() -> bytes:
    """The same without any update: the signed revision itself is no longer found."""
    return signed() + b" " * 1100


def form_zero_bytes_behind_the_signed_file() -> bytes:
    return signed() + b"\x00" * 16


def form_end_mark_beside_the_section() -> bytes:
    return stored(signed(), Form(aim_section=2))


def form_entries_before_a_blank() -> bytes:
    return stored(signed(), Form(opening=b"  ", gap=b"  ", aim=-1))


def form_entries_beside_the_objects() -> bytes:
    return stored(signed(), Form(aim=1))


def form_entry_into_signed_bytes() -> bytes:
    """An object of the signed revision is listed again: honest writers list what they write."""
    data = signed()
    number = content_number(data)
    return stored(data, Form(listed={number: data.index(b"\n%d 0 obj" % number) + 1}))


def form_object_without_entry() -> bytes:
    number = content_number(signed())
    return stored(signed(), Form(unlisted=frozenset({number})), more={number: stream(FORGED_TEXT)})


def form_object_twice() -> bytes:
    data = signed()
    number = size_of(data)
    twin = b"%d 0 obj\n<< /Type /DSS /Certs [] >>\nendobj\n" % number
    return stored(data, Form(opening=twin))


def form_words_between_objects() -> bytes:
    return stored(signed(), Form(gap=b"null\n"))


def form_length_too_short() -> bytes:
    text = stream(b"0certificate    ")
    return stored(signed(), more={_spare(): text.replace(b"/Length 16", b"/Length 12")})


def form_length_in_signed_bytes() -> bytes:
    """The length is an object of the signed revision, which some readers look up too late."""
    base = append(base_document(), {size_of(base_document()): b"17"})
    number, data = size_of(base_document()), sign(base)
    body = b"<< /Length %d 0 R >>\nstream\n%s\nendstream" % (number, b"x" * 17)
    return stored(data, more={size_of(data) + _FREE: body})


def form_length_not_alone() -> bytes:
    spare = _spare()
    body = b"<< /Length %d 0 R >>\nstream\n%s\nendstream" % (spare + 1, b"x" * 17)
    return stored(signed(), Form(gap=b" "), more={spare: body, spare + 1: b"17 %x"})


def form_length_in_an_object_stream() -> bytes:
    spare = _spare()
    body = b"<< /Length %d 0 R >>\nstream\n%s\nendstream" % (spare + 1, b"x" * 17)
    form = Form(section="stream", packed=frozenset({spare + 1}))
    return stored(signed(), form, more={spare: body, spare + 1: b"17"})


def form_object_hidden_in_a_stream() -> bytes:
    """A reader that rebuilds the file finds another page content within the certificate."""
    twin = b"x\n%d 0 obj\n%s\nendobj\n" % (content_number(signed()), stream(FORGED_TEXT))
    return stored(signed(), more={_spare(): stream(twin)})


def form_object_hidden_in_a_string() -> bytes:
    twin = b"(\n%d 0 obj\n<< >>\nendobj\n)" % content_number(signed())
    return stored(signed(), more={_spare(): b"<< /A " + twin + b" >>"})


def form_head_hidden_with_comments() -> bytes:
    twin = b"x\n%d %%a\n0%%b\nobj << >> endobj\n" % content_number(signed())
    return stored(signed(), more={_spare(): stream(twin)})


def form_key_twice() -> bytes:
    return stored(signed(), more={_spare(): b"<< /A 1 /A 1 >>"})


def form_key_twice_in_the_trailer() -> bytes:
    return stored(signed(), Form(section_entries=b"/Root %d 0 R" % root_number(signed())))


def form_key_twice_by_other_spelling() -> bytes:
    return stored(signed(), more={_spare(): b"<< /Certs [] /C#65rts [] >>"})


def form_number_beyond_31_bits() -> bytes:
    return stored(signed(), more={_spare(): b"<< /A 4294967297 >>"})


def _packed_store() -> Form:
    return Form(section="stream", packed=frozenset({size_of(signed())}))


def form_container_with_another_member() -> bytes:
    data, number = signed(), content_number(signed())
    packed = frozenset({size_of(data)})
    return stored(data, Form(section="stream", packed=packed, surplus_members={number: b"<< >>"}))


def form_container_that_extends() -> bytes:
    form = Form(section="stream", packed=frozenset({size_of(signed())}), container_entries=b"/Extends 1 0 R")
    return stored(signed(), form)


def form_container_that_is_a_certificate() -> bytes:
    """The object stream is listed in the security store, too."""
    data = signed()
    objects = store_objects(data)
    container = size_of(data) + _FREE
    store = size_of(data)
    objects[store] = objects[store].replace(b"/Certs [", b"/Certs [%d 0 R " % container)
    return write(data, objects, Form(section="stream", packed=frozenset({store})))


def form_container_without_entries() -> bytes:
    text = stream(b"%d 0 << >>" % content_number(signed()), b"/Type /ObjStm /N 1 /First 4")
    return stored(signed(), more={_spare(): text})


def form_rows_in_surplus() -> bytes:
    return stored(signed(), Form(section="stream", surplus=b"\x00" * 7))


def form_rows_of_unknown_type() -> bytes:
    data = stored(signed(), Form(section="stream", listed={size_of(signed()) + 2: 0}))
    assert data.startswith(signed())
    return _retyped(data)


def _retyped(data: bytes) -> bytes:
    """Write the cross-reference stream again with a row of type 3."""
    place = last_xref(data)
    start = data.index(b"stream\n", place) + 7
    end = data.index(b"\nendstream", start)
    rows = bytearray(zlib.decompress(data[start:end]))
    rows[-14] = 3
    body = zlib.compress(bytes(rows))
    head = re.sub(rb"/Length \d+", b"/Length %d" % len(body), data[place:start])
    return data[:place] + head + body + data[end:]


def form_empty_range() -> bytes:
    """MuPDF knows no such numbers and rebuilds the file, although the range is empty."""
    data = stored(signed())
    return data[: _table(data)] + b"8388608 0\n" + data[_table(data) :]


def form_empty_range_in_front() -> bytes:
    data = stored(signed())
    place = data.index(b"trailer", _table(data))
    return data[:place] + b"9999999999 0\n" + data[place:]


def form_empty_range_of_a_stream() -> bytes:
    data = stored(signed(), Form(section="stream"))
    return data[: len(signed())] + data[len(signed()) :].replace(b"/Index [", b"/Index [5000000 0 ")


def _table(data: bytes) -> int:
    return data.index(b"xref\n", len(signed())) + 5


def form_hybrid_with_another_chain() -> bytes:
    """pdf.js follows /Prev of the stream that a table names, too."""
    data = stored(signed(), Form(section="hybrid"))
    first = b"/Prev %d" % last_xref(signed())
    place = data.index(first, len(signed()))
    return data[:place] + first.replace(first[-3:], b"015") + data[place + len(first) :]


def form_object_of_number_0() -> bytes:
    return stored(signed(), Form(listed={0: len(signed())}))


def form_encryption_written_again() -> bytes:
    data = encrypted()
    number = int(re.findall(rb"/Encrypt (\d+) 0 R", data)[-1])
    return write(data, {number: body_of(data, number), size_of(data): b"<< >>"})


def whole_reference_beyond_32_bits() -> bytes:
    """4294967296 more is the same number to a reader that counts in 32 bits."""
    return _hidden_reference(b"%d 0 R", add=1 << 32)


def form_stream_that_names_another() -> bytes:
    """MuPDF follows /XRefStm of a cross-reference stream, too; only tables have one."""
    return stored(signed(), Form(section="stream", section_entries=b"/XRefStm 15 "))


def form_hybrid_with_other_rows() -> bytes:
    """Readers that follow /XRefStm find other objects than those that do not."""
    return stored(signed(), Form(section="hybrid", hybrid_rows=-1))


def form_two_tables_in_a_row() -> bytes:
    """Some writers of hybrid files do it; no signer was seen to."""
    return two_tables_in_a_row(signed(), {size_of(signed()): b"<< >>"})


def form_hybrid_that_packs() -> bytes:
    """What lies in an object stream is known only to readers that follow /XRefStm."""
    return stored(signed(), Form(section="hybrid", packed=frozenset({size_of(signed())})))


def whole_reference_with_zeros() -> bytes:
    """Generous readers show the form XObject, strict ones do not know that it is used."""
    return _hidden_reference(b"%d 000000 R")


def whole_reference_without_space() -> bytes:
    return _hidden_reference(b"%d 0R")


def whole_reference_with_a_comment() -> bytes:
    return _hidden_reference(b"%d %%x\n0 R")


def whole_reference_on_two_lines() -> bytes:
    return _hidden_reference(b"%d\n0 R")


def whole_reference_of_another_generation() -> bytes:
    """Strict readers find nothing there, those that do not care for generations find the object."""
    return _hidden_reference(b"%d 1 R")


def _hidden_reference(spelling: bytes, add: int = 0) -> bytes:
    base = base_document()
    free, content, page = size_of(base), content_number(base), number_of(base, b"/MediaBox")
    shown = stream(PAGE_TEXT, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    resources = b"/Resources << /XObject << /X1 " + spelling % (free + add) + b" >> "
    objects = {
        content: stream(b"/X1 Do"),
        free: shown,
        page: body_of(base, page).replace(b"/Resources <<", resources),
    }
    data = sign(append(base, objects))
    forged = stream(FORGED_TEXT, b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    store = store_objects(data)
    dss = size_of(data)
    store[dss] = store[dss].replace(b"/Certs [", b"/CRLs [%d 0 R] /Certs [" % free)
    return write(data, {**store, free: forged})


def whole_length_that_comes_true() -> bytes:
    """The signed linearization dictionary states the length that the file has after a harmless update.

    Readers that load from the beginning then take the cross-references there for the whole truth.
    """
    base = re.sub(rb"/L \d+", b"/L %d" % _PROMISED, linearized())
    data = sign(base, strict=False)
    room = _PROMISED - len(stored(data, more={size_of(data) + _FREE: stream(b"")}))
    room -= len(b"%d" % room) - 1
    return stored(data, more={size_of(data) + _FREE: stream(b"x" * room)})


def whole_encryption_key_changed() -> bytes:
    """The first part of the ID enters the key: with another one, nothing can be read any more."""
    data = encrypted()
    added = encrypted_update()[len(data) :]
    return data + re.sub(rb"/ID ?\[ ?<..", b"/ID [ <00", added)


def whole_end_mark_far_from_the_end() -> bytes:
    """Readers did not find the end mark of what was signed and rebuilt the file; an update mends it."""
    return stored(_ended(b"startxref" + b" " * 1100 + b"%d\n%%%%EOF\n"))


def whole_end_mark_of_zero_bytes() -> bytes:
    return stored(_ended(b"startxref\x00\x00%d\n%%%%EOF\n"))


def _ended(mark: bytes) -> bytes:
    """Sign a page with a twin of its content and end the file with another mark."""
    base = base_document()
    text, twin = body_of(base, content_number(base)), b"%d 0 obj\n%s\nendobj\n"
    place = base.rindex(b"xref\n", 0, base.rindex(b"trailer"))
    forged = twin % (content_number(base), text.replace(b"confidential", b"for myself  "))
    base = base[:place] + forged + base[place:]
    data = sign(base.replace(b"startxref\n%d" % place, b"startxref\n%d" % (place + len(forged))))
    return signed_again(data[: data.rindex(b"startxref")] + mark % last_xref(data))
