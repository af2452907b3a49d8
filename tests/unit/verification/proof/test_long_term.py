"""Security stores and document timestamps of files of ours: proved as written, or left to the scan."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

import pytest

from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference
from agreegen.signing.appearance.pictures import Appearance
from agreegen.signing.interface import Evidence
from agreegen.signing.plain.increment import append, dictionary
from agreegen.signing.plain.long_term_retracing import RetracedStore, RetracedTimestamp, retrace_store
from agreegen.signing.plain.retracing import RetracedSignature, retrace_updates
from agreegen.signing.plain.signature_update import SignatureText, append_signature, find_targets
from agreegen.signing.plain.validation_update import append_store, prepare_plain_timestamp
from agreegen.signing.prepared import Prepared
from agreegen.verification.proof.rebuilding import prove
from agreegen.verification.structure.scan import scan_structure
from tests.unit.verification.own_files import OwnFiles

TOKEN = b"\x30\x03\x02\x01\x01"
NOISE = random.Random(8).randbytes(600)
"""What cannot be packed stands in the file as it is."""


def updates_of(own: OwnFiles, name: str) -> list[type]:
    return [type(one) for one in retrace_updates(PlainPdf.read(own.unsigned), own.signed[name])]


def test_updates_are_told_apart(own: OwnFiles) -> None:
    long_term = [RetracedSignature, RetracedStore, RetracedTimestamp]
    assert updates_of(own, "unit, B-LTA") == long_term
    assert updates_of(own, "unit, B-LTA, renewed") == [*long_term, RetracedStore, RetracedTimestamp]
    raised = [RetracedSignature, RetracedTimestamp]
    assert updates_of(own, "unit, raised to B-T, then pledger") == [*raised, RetracedSignature]


def stored(pdf: bytes, *ders: bytes, **kinds: tuple[bytes, ...]) -> bytes:
    made = append_store(pdf, Evidence(ders, **kinds))
    assert made is not None
    return made


def stamped(pdf: bytes, name: str = "agreegen_timestamp_1") -> Prepared:
    made = prepare_plain_timestamp(pdf, name, reserved_bytes=100)
    assert made is not None
    return made


def rewritten(pdf: bytes, change: Callable[[PlainPdf, dict[int, bytes]], None], der: bytes = NOISE) -> bytes:
    """Write a store as the program does, but for what `change` does to its objects."""
    plain = PlainPdf.read(pdf)
    root, number = reference(plain.trailer.get(b"/Root")), plain.size
    catalog, _ = plain.object(root)
    packed = zlib.compress(der, 9)
    bodies = {
        root: dictionary({**catalog, b"/DSS": b"%d 0 R" % number}),
        number: dictionary({b"/Type": b"/DSS", b"/Certs": b"[%d 0 R]" % (number + 1)}),
        number + 1: b"<<  /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed),
    }
    change(plain, bodies)
    return append(plain, bodies, seed=b"DSS")


def test_store_is_rewritten_as_the_program_writes(own: OwnFiles) -> None:
    """Else the table below would prove nothing."""
    base = own.signed["unit, B-T"]
    assert rewritten(base, lambda *_: None) == stored(base, NOISE)
    assert prove(stored(base, NOISE), own.options) is not None


def _extend(number: int, entry: bytes) -> Callable[[PlainPdf, dict[int, bytes]], None]:
    """Add an entry to one of the objects: the catalogue (0), the store (1), the stream (2)."""

    def change(_: PlainPdf, bodies: dict[int, bytes]) -> None:
        wanted = sorted(bodies)[number]
        bodies[wanted] = bodies[wanted].replace(b"<< ", b"<< " + entry + b" ", 1)

    return change


def _other_packing(_: PlainPdf, bodies: dict[int, bytes]) -> None:
    packed = zlib.compress(NOISE, 0)
    bodies[max(bodies)] = b"<<  /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (
        len(packed),
        packed,
    )


def _further_object(plain: PlainPdf, bodies: dict[int, bytes]) -> None:
    bodies[plain.size + 2] = b"<< /Type /Font >>"


def _other_object(plain: PlainPdf, bodies: dict[int, bytes]) -> None:
    font = next(n for n in range(1, plain.size) if b"/Type/Font" in plain.data[plain.offset(n) :][:60])
    bodies[font] = b"<< /Type /Font >>"


@pytest.mark.parametrize(
    "change",
    [
        _extend(0, b"/OpenAction << /S /JavaScript /JS (x) >>"),
        _extend(0, b"/Version /2.0"),
        _extend(1, b"/VRI << >>"),
        _extend(1, b"/Kids []"),
        _extend(2, b"/Type /ObjStm"),
        _extend(2, b"/DecodeParms null"),
        _other_packing,
        _further_object,
        _other_object,
    ],
)
def test_store_with_anything_else_in_it_is_left_to_the_scan(
    own: OwnFiles, change: Callable[[PlainPdf, dict[int, bytes]], None]
) -> None:
    data = rewritten(own.signed["unit, B-T"], change)
    assert data != stored(own.signed["unit, B-T"], NOISE)
    assert prove(data, own.options) is None


@pytest.mark.parametrize(
    "hidden", [b"\n7 0 obj\n<< /Type /Page >>\nendobj\n", b"startxref\n0\n%%EOF\n", b"/ByteRange [0 1 2 3]"]
)
def test_evidence_that_looks_like_objects_is_left_to_the_scan(own: OwnFiles, hidden: bytes) -> None:
    """Bytes that cannot be packed stand in the file as they are, where readers that repair files look."""
    base = own.signed["unit, B-T"]
    data = stored(base, NOISE + hidden + NOISE[::-1])
    assert hidden in data[len(base) :]
    assert prove(data, own.options) is None


def test_evidence_that_stands_there_twice_is_left_to_the_scan(own: OwnFiles) -> None:
    base = own.signed["unit, B-T"]
    assert prove(stored(base, NOISE, NOISE), own.options) is None
    assert prove(stored(base, NOISE, crls_der=(NOISE,)), own.options) is None
    assert prove(stored(stored(base, NOISE), ocsps_der=(NOISE,)), own.options) is None


def test_store_that_loses_evidence_is_left_to_the_scan(own: OwnFiles) -> None:
    base = own.signed["unit, B-LT"]
    plain = PlainPdf.read(base)
    catalog = plain.dictionary(plain.trailer.get(b"/Root"))
    number = reference(catalog[b"/DSS"])
    store: Entries = plain.object(number)[0]
    for kept in (items(store[b"/Certs"])[1:], items(store[b"/Certs"])[::-1]):
        changed = {**store, b"/Certs": b"[%s]" % b" ".join(kept)}
        data = append(plain, {number: dictionary(changed)}, seed=b"DSS")
        assert prove(data, own.options) is None
        assert scan_structure(data, own.options.limits).signatures[0].revision == 1


def test_store_may_grow(own: OwnFiles) -> None:
    data = stored(stored(own.signed["unit, B-LT"], NOISE), NOISE[::-1], crls_der=(NOISE[:100],))
    proved = prove(data, own.options)
    assert proved is not None
    scanned = scan_structure(data, own.options.limits)
    assert proved.structure.validation_data == scanned.validation_data
    assert proved.structure.validation_data.newest_revision == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/T (agreegen_timestamp_1)", b"/T (agreegen_timestamp_2)"),
        (b"/T (agreegen_timestamp_1)", b"/T (Clause 7 is void____)"),
        (b"/Rect [0 0 0 0]", b"/Rect [0 0 9 9]"),
        (b"/F 132", b"/F 131"),
        (b"/SubFilter /ETSI.RFC3161", b"/SubFilter /ETSI.RFC3162"),
        (b"/Type /DocTimeStamp", b"/Type /DocTimeStamq"),
    ],
)
def test_timestamp_that_the_program_does_not_write_is_left_to_the_scan(
    own: OwnFiles, old: bytes, new: bytes
) -> None:
    base = own.signed["unit, B-T"]
    made = stamped(base)
    data = made.fill(TOKEN)
    assert prove(data, own.options) is not None
    assert data.count(old, len(base)) == 1
    assert prove(data[: len(base)] + data[len(base) :].replace(old, new), own.options) is None


def test_timestamp_says_nothing_else(own: OwnFiles) -> None:
    plain = PlainPdf.read(own.signed["unit, B-T"])
    made = stamped(plain.data)
    assert prove(made.fill(b"\0"), own.options) is None, "room that nobody has filled"
    assert prove(stamped(plain.data, "agreegen_timestamp_7").fill(TOKEN), own.options) is None
    talking = made.fill(TOKEN).replace(b"/ETSI.RFC3161", b"/ETSI.RFC3161 /Reason (x)")
    assert prove(talking, own.options) is None


def test_nothing_but_a_signature_comes_first(own: OwnFiles) -> None:
    for data in (stored(own.unsigned, NOISE), stamped(own.unsigned).fill(TOKEN)):
        assert retrace_updates(PlainPdf.read(own.unsigned), data) == ()
        assert prove(data, own.options) is None


def test_signature_after_lock_and_timestamp_is_left_to_the_scan(own: OwnFiles) -> None:
    locked = stamped(own.signed["pledger, name as text"]).fill(TOKEN)
    assert prove(locked, own.options) is not None
    plain = PlainPdf.read(locked)
    (target,) = find_targets(plain)
    made = append_signature(plain, target, SignatureText(own.now), 100, lambda *_: Appearance(()))
    assert prove(made.fill(TOKEN), own.options) is None


def test_token_of_another_timestamp_is_left_to_the_scan(own: OwnFiles) -> None:
    once = stamped(own.signed["unit, B-T"]).fill(TOKEN)
    assert prove(stamped(once, "agreegen_timestamp_2").fill(TOKEN), own.options) is None
    assert prove(stamped(once, "agreegen_timestamp_2").fill(TOKEN + b"\1"), own.options) is not None


def test_store_needs_a_whole_update(own: OwnFiles) -> None:
    data = own.signed["unit, B-LT"]
    base = PlainPdf.read(data[: retrace_updates(PlainPdf.read(own.unsigned), data)[0].end])
    assert retrace_store(base, data).end == len(data)
    for end in (len(base.data) + 1, len(data) - 1, (len(base.data) + len(data)) // 2):
        with pytest.raises(NotPlainError):
            retrace_store(base, data[:end])
