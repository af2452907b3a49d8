"""The proof by rebuilding says what the structure scan says, or nothing."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agreegen.model.report import Changes, Verdict
from agreegen.pdf.limits import Limits
from agreegen.pdf.plain import PlainPdf
from agreegen.pipeline.seams import NO_SEAMS, read_seams
from agreegen.signing.appearance.pictures import Appearance
from agreegen.signing.plain.increment import Hole, append_with_hole, dictionary
from agreegen.signing.plain.retracing import RetracedSignature, retrace_updates
from agreegen.signing.plain.signature_update import SignatureText, append_signature, find_targets
from agreegen.verification.examination import examine, examine_made
from agreegen.verification.interface import Options
from agreegen.verification.proof.rebuilding import prove
from agreegen.verification.structure.scan import scan_structure
from tests.soak.mutators import mutate
from tests.soak.seeds import Seed
from tests.unit.sealed_agreements import agreement_form, draw_seal, make_agreement
from tests.unit.verification.own_files import OwnFiles

PROVED = (
    "unit",
    "unit, with reason and place",
    "pledger, name as text",
    "pledger, pixels as picture",
    "pledger, a page as picture",
    "unit, B-T",
    "unit, then pledger",
    "unit, B-T, then pledger, a page as picture",
    "unit, B-LT",
    "unit, B-LTA",
    "pledger, name as text, raised to B-LTA",
    "unit, then pledger, raised to B-LT",
    "unit, raised to B-T",
    "unit, raised to B-T, then pledger",
    "unit, B-LTA, renewed",
)
_CONTENTS = re.compile(rb"/Contents <([0-9a-fA-F]+)>")


def signatures_of(own: OwnFiles, name: str) -> list[RetracedSignature]:
    updates = retrace_updates(PlainPdf.read(own.unsigned), own.signed[name])
    return [one for one in updates if isinstance(one, RetracedSignature)]


def agrees(data: bytes, options: Options) -> bool:
    """Say whether a file is proved; if so, the scan must say the same of it."""
    proved = prove(data, options)
    if proved is None:
        return False
    # What a field of ours may cover was known when it was signed, so that nobody asks what the pictures say.
    scanned = scan_structure(data, options.limits)
    assert proved.structure == replace(scanned, places=(), seals=())
    return True


def test_every_way_of_signing_is_listed(own: OwnFiles) -> None:
    assert set(own.signed) == set(PROVED)


@pytest.mark.parametrize("name", PROVED)
def test_file_of_ours_is_proved(own: OwnFiles, name: str) -> None:
    assert agrees(own.signed[name], own.options)


@pytest.mark.parametrize("name", PROVED)
def test_reports_of_both_ways_are_the_same(own: OwnFiles, name: str) -> None:
    later = own.now + timedelta(seconds=5)
    for options in (own.options, replace(own.options, now=later), Options(now=own.now)):
        one = examine("x.pdf", own.signed[name], options)
        other = examine("x.pdf", own.signed[name], options, rebuild=False)
        assert one == other
        assert one.unaltered is True


def test_small_limits_are_left_to_the_scan(own: OwnFiles) -> None:
    for limits in (Limits(max_file_bytes=1000), Limits(max_objects=10), Limits(max_depth=3)):
        for data in (own.signed["unit"], own.unsigned):
            assert prove(data, replace(own.options, limits=limits)) is None


def test_file_of_ours_that_nobody_signed_is_proved(own: OwnFiles) -> None:
    assert agrees(own.unsigned, own.options)
    one = examine("x.pdf", own.unsigned, own.options)
    assert one == examine("x.pdf", own.unsigned, own.options, rebuild=False)
    assert examine_made("x.pdf", own.unsigned, own.options) == (one, own.document)
    assert (one.verdict, one.unaltered, one.alarms) == (Verdict.UNSIGNED, None, ())


@pytest.mark.parametrize("seams", [False, True])
def test_agreement_that_nobody_signed_is_proved(own: OwnFiles, tmp_path: Path, seams: bool) -> None:
    """Its text flows over several pages, and seals may stand over their edges."""
    form, pictures = agreement_form(), {"party_a_seal": draw_seal(tmp_path / "a.png")}
    drawn = read_seams(form, pictures) if seams else NO_SEAMS
    data = make_agreement(drawn).pdf
    assert agrees(data, own.options)
    assert examine("x.pdf", data, own.options) == examine("x.pdf", data, own.options, rebuild=False)
    chance = random.Random(3)
    for place in chance.sample(range(len(data)), 40):
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        assert prove(bytes(changed), own.options) is None


def test_no_byte_of_an_unsigned_file_can_change(own: OwnFiles) -> None:
    chance = random.Random(2)
    data = own.unsigned
    for place in chance.sample(range(len(data)), 400):
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        assert examine_made("x.pdf", bytes(changed), own.options) is None
    for other in (data[:-1], data + b"\n", data + b"%", b"\n" + data, data + data, own.signed["unit"]):
        assert examine_made("x.pdf", other, own.options) is None


def test_who_wants_no_libraries_gets_no_proof(own: OwnFiles) -> None:
    careful = replace(own.options, limits=Limits(native=False))
    assert examine_made("x.pdf", own.unsigned, careful) is None


@pytest.mark.parametrize("name", ["unit", "pledger, pixels as picture"])
def test_no_byte_of_the_update_can_change(own: OwnFiles, name: str) -> None:
    data = own.signed[name]
    hole = _CONTENTS.search(data)
    assert hole is not None
    declined = 0
    for place in [*range(len(own.unsigned), hole.start(1)), *range(hole.end(1), len(data))]:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 7
        declined += not agrees(bytes(changed), own.options)
    # A picture's own bytes and the time may be others: then the signature is broken, and the scan is right.
    assert declined > 0.6 * (len(data) - len(own.unsigned) - len(hole[1]))


def test_no_byte_of_the_document_can_change(own: OwnFiles) -> None:
    chance = random.Random(1)
    data = own.signed["unit"]
    for place in [*range(40), *(chance.randrange(len(own.unsigned)) for _ in range(300))]:
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        assert prove(bytes(changed), own.options) is None


def test_contents_are_read_as_the_scan_reads_them(own: OwnFiles) -> None:
    data = own.signed["unit"]
    hole = _CONTENTS.search(data)
    assert hole is not None
    for digits in (hole[1].upper(), b"f" + hole[1][1:]):
        assert agrees(data[: hole.start(1)] + digits + data[hole.end(1) :], own.options)
    for digits in (b"0" * len(hole[1]), b"x" + hole[1][1:], b" " + hole[1][1:], b"\n" + hole[1][1:]):
        assert not agrees(data[: hole.start(1)] + digits + data[hole.end(1) :], own.options)


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b" ", b"\0", b"%%EOF\n", b"1 0 obj\nnull\nendobj\n"])
def test_nothing_may_follow(own: OwnFiles, tail: bytes) -> None:
    assert prove(own.signed["unit"] + tail, own.options) is None
    assert prove(own.signed["unit"][:-1] + tail, own.options) is None or tail == b"\n"


@pytest.mark.parametrize("name", PROVED)
def test_mutants_are_judged_alike(own: OwnFiles, name: str) -> None:
    chance = random.Random(name)
    seed = Seed.from_bytes(name, own.signed[name], ours=True)
    for _ in range(150):
        mutant = mutate(chance, seed, [seed]).data
        if agrees(mutant, own.options):
            one = examine("x.pdf", mutant, own.options)
            assert one == examine("x.pdf", mutant, own.options, rebuild=False)


def crafted(own: OwnFiles, change: str) -> bytes:
    """Write the update of a signature by the same writer, with one thing that signing does not explain."""
    plain = PlainPdf.read(own.unsigned)
    (target,) = (target for target in find_targets(plain) if target.name == "unit")
    number = plain.size
    entries = (
        b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M (D:20260101000000Z) "
        b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP "
        b"/TransformParams << /Type /TransformParams /V /1.2 /P 2 >> >>]"
    )
    catalog = {**target.catalog, b"/Perms": b"<< /DocMDP %d 0 R >>" % number}
    widget = {**target.widget, b"/V": b"%d 0 R" % number}
    bodies: dict[int, bytes] = {}
    match change:
        case "a further entry":
            entries += b" /Note (x)"
        case "another permission":
            entries = entries.replace(b"/P 2", b"/P 3")
        case "an opening action":
            catalog[b"/OpenAction"] = b"<< /S /JavaScript /JS (x) >>"
        case "a wider field":
            widget[b"/Rect"] = b"[0 0 600 800]"
        case "another object":
            bodies[number + 1] = b"<< /Length 0 >>"
        case "a font":
            bodies[number - 1] = b"<< /Length 1 >>\nstream\nx\nendstream"
        case "no permissions":
            del catalog[b"/Perms"]
    bodies |= {target.root: dictionary(catalog), target.field: dictionary(widget)}
    prepared = append_with_hole(plain, bodies, Hole(number, entries, 100), seed=b"D:20260101000000Z")
    return prepared.fill(b"\x30\x03\x02\x01\x01")


def test_crafted_update_is_written_as_the_signer_writes(own: OwnFiles) -> None:
    """Else the table below would prove nothing."""
    assert prove(crafted(own, "nothing"), own.options) is not None


@pytest.mark.parametrize(
    "change",
    [
        "a further entry",
        "another permission",
        "an opening action",
        "a wider field",
        "another object",
        "a font",
        "no permissions",
    ],
)
def test_update_with_anything_else_in_it_is_left_to_the_scan(own: OwnFiles, change: str) -> None:
    assert prove(crafted(own, change), own.options) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/Subtype /Form", b"/Subtype /Bild"),
        (b"/Resources << ", b"/Resources [< "),
        (b"/Resources <<", b"/Contents  <<"),
        (b"/Filter /FlateDecode", b"/Filter /FlateDe#63ode"),
        (b"/Filter /FlateDecode", b"/Filter /LZWDecode"),
        (b"stream\nx", b"stream\ny"),
        (b"/BBox [0 0 ", b"/BBox [0 1 "),
        (b"/BBox [0 0 ", b"/Bbox [0 0 "),
        (b"/BBox [0 0 ", b"/BBox [0 0 0 "),
    ],
)
def test_picture_must_be_plain_and_closed(own: OwnFiles, old: bytes, new: bytes) -> None:
    """Pictures that the signer never makes, in an update that is right in all else."""
    (found,) = signatures_of(own, "pledger, name as text")
    assert old in found.pictures[0]
    pictures = (found.pictures[0].replace(old, new, 1), *found.pictures[1:])
    again = with_pictures(own, found, pictures)
    assert prove(again, own.options) is None


def test_picture_may_not_refer_to_the_document(own: OwnFiles) -> None:
    (found,) = signatures_of(own, "pledger, name as text")
    first = b"%d 0 R" % (found.number + 2)
    assert prove(with_pictures(own, found, found.pictures), own.options) is not None
    for other in (b"1 0 R", b"%d 0 R" % found.number, b"%d 1 R" % (found.number + 2)):
        pictures = (found.pictures[0].replace(first, other, 1), *found.pictures[1:])
        assert prove(with_pictures(own, found, pictures), own.options) is None


def with_pictures(own: OwnFiles, found: RetracedSignature, pictures: tuple[bytes, ...]) -> bytes:
    plain = PlainPdf.read(own.unsigned)
    (target,) = (target for target in find_targets(plain) if target.name == found.field)
    made = append_signature(plain, target, found.text, len(found.contents), lambda *_: Appearance(pictures))
    return made.fill(b"\x30\x03\x02\x01\x01")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 31},
        {"title": "另一标题"},
        {"form_version": "9"},
        {"template_sha256": "0" * 64},
        {"engine": "compiled/0"},
        {"values": {"pledger_name": "startxref 1 %%EOF"}},
        {"values": {"pledger_name": "甲", "pledge_date": "x"}},
        {"values": {}},
    ],
)
def test_document_must_be_what_its_form_makes(own: OwnFiles, change: dict[str, object]) -> None:
    other = replace(own.document, **change)  # type: ignore[arg-type]
    old, new = own.document.to_json(), other.to_json()
    template = b"/Length %d>>\nstream\n%b"
    changed = own.signed["unit"].replace(template % (len(old), old), template % (len(new), new))
    assert changed != own.signed["unit"]
    assert prove(changed, own.options) is None


def test_signature_after_the_one_that_locks_is_left_to_the_scan(own: OwnFiles) -> None:
    """It is written exactly as the signer writes, but the signer would have refused."""
    locked = own.signed["pledger, name as text"]
    plain = PlainPdf.read(locked)
    (target,) = find_targets(plain)
    text = SignatureText(own.now)
    made = append_signature(plain, target, text, 100, lambda *_: Appearance(()))
    data = made.fill(b"\x30\x03\x02\x01\x01")
    assert prove(data, own.options) is None
    first, second = scan_structure(data, own.options.limits).signatures
    assert (first.changes, second.changes) == (Changes.FORBIDDEN, Changes.NONE)


def test_copied_signature_is_left_to_the_scan(own: OwnFiles) -> None:
    plain = PlainPdf.read(own.signed["unit"])
    (first,) = signatures_of(own, "unit")
    (target,) = find_targets(plain)
    pictures = signatures_of(own, "unit, then pledger")[1].pictures
    made = append_signature(
        plain, target, SignatureText(own.now), len(first.contents), lambda *_: Appearance(pictures)
    )
    assert prove(made.fill(b"\x30\x03\x02\x01\x01"), own.options) is not None
    assert prove(made.fill(first.contents), own.options) is None
