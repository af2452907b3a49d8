"""The scan as a whole: it always answers, and it answers right."""

from __future__ import annotations

import re
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreegen.model.report import Changes, Coverage, SignatureKind
from agreegen.pdf.limits import Limits
from agreegen.verification.structure.coverage import _ends_there
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.documents import certified, fill, signed
from tests.attacks.honest import long_chain, with_store
from tests.attacks.increments import append, body_of, last_xref, number_of, root_number, size_of, stream
from tests.attacks.overlay import signature_stripped
from tests.attacks.signer import FREE_BOX, base_document, digest_holds, sign, stamp


def test_one_signature() -> None:
    data = signed()
    structure = scan_structure(data, Limits())
    (signature,) = structure.signatures
    assert structure.revisions == (len(base_document()), len(data))
    assert (signature.field, signature.kind, signature.subfilter) == (
        "unit",
        SignatureKind.SIGNATURE,
        "ETSI.CAdES.detached",
    )
    assert (signature.coverage, signature.changes, signature.revision) == (
        Coverage.WHOLE_FILE,
        Changes.NONE,
        1,
    )
    assert signature.claimed_time is not None
    assert signature.claimed_time.tzinfo is not None
    assert structure.empty_fields == ("person",)
    assert structure.sound is True


def test_unsigned_file() -> None:
    structure = scan_structure(base_document(), Limits())
    assert structure.signatures == ()
    assert structure.empty_fields == ("unit", "person")
    assert structure.readable


def test_attachment_comes_from_the_first_signed_revision() -> None:
    assert scan_structure(signed(), Limits()).attachment == b'{"id": "X"}'
    assert scan_structure(base_document(), Limits()).attachment == b'{"id": "X"}'


def test_store_of_every_revision_is_collected() -> None:
    data = with_store(stamp(with_store(signed())))
    store = scan_structure(data, Limits()).validation_data
    assert len(store.certificates_der) == 2
    assert store.newest_revision == 4
    assert [revision for _, revision in store.first_revisions] == [2, 4]


def test_changes_are_weighed_for_each_signature() -> None:
    data = sign(fill(certified()), "unit")
    first, second = scan_structure(data, Limits()).signatures
    assert (first.changes, second.changes) == (Changes.PERMITTED, Changes.NONE)
    assert (first.coverage, second.coverage) == (Coverage.REVISION, Coverage.WHOLE_FILE)


def test_stripped_signature_is_still_named() -> None:
    structure = scan_structure(signature_stripped(), Limits())
    assert [signature.field for signature in structure.signatures] == ["unit"]
    assert "stripped-signature" in {alarm.code for alarm in structure.alarms}


@pytest.mark.parametrize("name", [b"adbe.pkcs7.sha1", b"acme.private"])
def test_subfilter_is_reported(name: bytes) -> None:
    data = signed().replace(b"/ETSI.CAdES.detached", b"/" + name.ljust(19))
    structure = scan_structure(data, Limits())
    assert [signature.subfilter for signature in structure.signatures] == [name.decode()]
    codes = {alarm.code for alarm in structure.alarms}
    assert ("unsupported-signature" in codes) is (name == b"acme.private")


def test_signature_that_no_field_declares_is_found() -> None:
    value = b"<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <00> >>"
    data = append(base_document(), {size_of(base_document()): value})
    structure = scan_structure(data, Limits())
    assert [signature.field for signature in structure.signatures] == [None]
    assert "undeclared-signature" in {alarm.code for alarm in structure.alarms}


def test_signature_with_escaped_names_is_found() -> None:
    value = b"<< /Type /Sig /Byte#52ange [0 1 2 3] /Contents <00> >>"
    data = append(base_document(), {size_of(base_document()): value})
    assert len(scan_structure(data, Limits()).signatures) == 1


def test_attached_signed_file_is_not_taken_for_a_signature() -> None:
    data = append(base_document(), {size_of(base_document()): stream(signed(), b"/Type /EmbeddedFile")})
    assert scan_structure(data, Limits()).signatures == ()


def test_signature_in_an_object_stream_is_found() -> None:
    body = b"90 0 << /Type /Sig /ByteRange [0 1 2 3] /Contents <00> >>"
    packed = zlib.compress(body)
    base, free = base_document(), size_of(base_document())
    entries = b"/Type /ObjStm /N 1 /First 5 /Filter /FlateDecode"
    place = len(base)
    holder = b"%d 0 obj\n%s\nendobj\n" % (free, stream(packed, entries))
    rows = (
        bytes([1]) + place.to_bytes(4, "big") + bytes([0]) + bytes([2]) + free.to_bytes(4, "big") + bytes([0])
    )
    table = place + len(holder)
    settings_ = b"/Type /XRef /W [1 4 1] /Index [%d 1 90 1] /Size 92 /Root %d 0 R /Prev %d" % (
        free, root_number(base), int(base.rsplit(b"startxref", 1)[1].split()[0]),
    )  # fmt: skip
    data = (
        base + holder + b"91 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(rows, settings_), table)
    )
    structure = scan_structure(data, Limits())
    assert [s.coverage for s in structure.signatures] == [Coverage.PARTIAL]


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"%PDF-1.7", b"%PDF-1.7\nstartxref\n0\n%%EOF", b"<html>", b"PK\x03\x04" * 99]
)
def test_what_is_not_a_pdf(data: bytes) -> None:
    structure = scan_structure(data, Limits())
    assert not structure.readable
    assert structure.signatures == ()
    assert structure.alarms


@pytest.mark.parametrize("limits", [Limits(max_objects=5), Limits(max_file_bytes=100), Limits(max_depth=1)])
def test_limits_leave_the_file_undecided(limits: Limits) -> None:
    structure = scan_structure(signed(), limits)
    assert structure.sound is None
    assert "limits" in {alarm.code for alarm in structure.alarms}


@pytest.fixture(scope="module")
def chain() -> bytes:
    return long_chain()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), cut=st.integers(0, 3))
def test_no_changed_byte_passes(chain: bytes, place: float, value: int, cut: int) -> None:
    at = int(place * len(chain))
    data = chain[:at] + bytes([value]) + chain[at + cut :]
    structure = scan_structure(data, Limits())
    digests = [digest_holds(data, signature) for signature in structure.signatures]
    if data != chain and structure.sound and digests and all(digests):
        inside = [s for s in structure.signatures if s.byte_range and s.byte_range[1] <= at < s.byte_range[2]]
        assert inside, "only bytes of /Contents itself are outside of every digest"


def test_usage_rights_are_not_a_signature() -> None:
    data, free = base_document(), size_of(base_document())
    root = root_number(data)
    body = body_of(data, root)
    rights = b"<< /Type /Sig /SubFilter /adbe.pkcs7.detached /Contents <00> /ByteRange [0 1 2 3] >>"
    added = {
        root: body[: body.rindex(b">>")] + b"/Perms %d 0 R >>" % free,
        free: b"<< /UR3 %d 0 R >>" % (free + 1),
        free + 1: rights,
    }
    structure = scan_structure(append(data, added), Limits())
    assert structure.signatures == ()
    assert [alarm.code for alarm in structure.alarms] == ["usage-rights"]


@pytest.mark.parametrize("value", [b"<< >>", b"<< /Type /Sig /Contents <0000> /ByteRange [0 /* /* /*] >>"])
def test_signature_that_was_only_prepared_is_none(value: bytes) -> None:
    data, free = base_document(), size_of(base_document())
    number = number_of(data, b"(unit)")
    body = body_of(data, number)
    prepared = append(data, {number: body[: body.rindex(b">>")] + b"/V %d 0 R >>" % free, free: value})
    structure = scan_structure(prepared, Limits())
    assert (structure.signatures, structure.sound) == ((), True)
    assert set(structure.empty_fields) == {"unit", "person"}
    assert [alarm.code for alarm in structure.alarms] == ["placeholder-signature"]


@pytest.mark.parametrize(
    ("tail", "end", "there"),
    [
        (b"%%EOF\n", 0, True),
        (b"%%EOF\r\n", -2, True),
        (b"%%EOF\r\n", -1, True),
        (b"%%EOF\n", -2, False),
        (b"%%EOF\n \n\x00", 3, False),
        (b"%%EOF\n\n", 1, False),
        (b"%%EOF\n%x\n", 3, False),
    ],
)
def test_where_a_range_may_end(tail: bytes, end: int, there: bool) -> None:
    data = b"%PDF-1.7 " + tail
    revision_end = data.index(b"%%EOF") + len(tail.split(b"\n")[0]) + 1
    assert _ends_there(data, revision_end + end, revision_end) is there


@pytest.mark.parametrize(("key", "changes"), [(b"/Perms", "forbidden"), (b"/Other", "permitted")])
def test_signature_certifies_only_where_the_catalogue_says_so(key: bytes, changes: str) -> None:
    data = certified().replace(b"/Perms", key)
    structure = scan_structure(sign(data, "other", box=FREE_BOX, obey=False), Limits())
    assert structure.signatures[0].docmdp == 2
    assert structure.signatures[0].changes.value == changes


def test_table_that_is_a_few_bytes_off_inside_the_signed_bytes() -> None:
    """Writers miscount; what the signature covers is the same for all who repair it."""
    base = base_document()
    place = last_xref(base)
    off = base.replace(b"startxref\n%d\n" % place, b"startxref\n%d\n" % (place + 1))
    assert off != base
    data = sign(base)
    bent = off + data[len(base) :].replace(b"/Prev %d" % place, b"/Prev %d" % (place + 1))
    structure = scan_structure(bent, Limits())
    assert structure.sound is True
    assert {alarm.code for alarm in structure.alarms} == {"xref", "second-parser-refuses"}


def test_room_that_was_left_for_a_signature_is_none() -> None:
    """Services that sign digests send such files back and forth before the value is put in."""
    data = signed()
    found = re.search(rb"/Contents <([0-9A-Fa-f]+)>", data)
    assert found is not None
    structure = scan_structure(data.replace(found[1], b"0" * len(found[1])), Limits())
    assert (structure.signatures, structure.empty_fields) == ((), ("person", "unit"))
    assert [alarm.code for alarm in structure.alarms] == ["placeholder-signature"]
