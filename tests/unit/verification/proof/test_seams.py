"""Slices of seals over the edges of pages: made again, and every other drawing noticed."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pikepdf import Name, Pdf

from agreegen.model.document import Document, canonical_json
from agreegen.model.form import Form
from agreegen.model.report import PadesLevel
from agreegen.pdf.limits import Limits
from agreegen.pipeline.seams import Seams, read_seams
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import SigningRequest
from agreegen.verification.document_checks import BLOCKING
from agreegen.verification.examination import examine
from agreegen.verification.proof.rebuilding import prove
from agreegen.verification.proof.seams import check_seams
from tests.unit.sealed_agreements import agreement_form, draw_seal, make_agreement
from tests.unit.verification.authority import Authority, sign
from tests.unit.verification.own_files import OwnFiles, sign_with
from tests.unit.verification.proof.test_lies import attach

_A, _B = "party_a_seal", "party_b_seal"

Change = Callable[[Pdf], None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An agreement with seams, and what it is made of."""

    form: Form
    seams: Seams
    document: Document
    pdf: bytes
    pictures: dict[str, Path]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    folder = tmp_path_factory.mktemp("seals")
    colours = ((_A, "red"), (_B, "#c00020"))
    pictures = {name: draw_seal(folder / f"{name}.png", colour) for name, colour in colours}
    form = agreement_form()
    seams = read_seams(form, pictures)
    made = make_agreement(seams)
    return Sealed(form, seams, made.document, made.pdf, pictures)


def changed(pdf: bytes, change: Change, **how: Any) -> bytes:
    target = io.BytesIO()
    with Pdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        opened.save(target, fix_metadata_version=False, **how)
    return target.getvalue()


def signed_as(own: OwnFiles, pdf: bytes, picture: Path | None) -> bytes:
    credential = load_credential(own.pki.credential("party-a-seal"))
    try:
        return sign_with(credential, SigningRequest(_A, PadesLevel.B_B, own.now, own.trust), pdf, picture)
    finally:
        credential.close()


def alarms_of(own: OwnFiles, pdf: bytes) -> set[str]:
    """Let a stranger sign with another program, and say which alarms keep the file from valid."""
    authority = Authority.root()
    data = sign(pdf, authority.issue("A stranger"), authority.holder, field_name=_A)
    return {alarm.code for alarm in examine("x.pdf", data, own.options).alarms} & BLOCKING


def test_a_document_with_seams_is_made_again_byte_for_byte(own: OwnFiles, sealed: Sealed) -> None:
    data = signed_as(own, sealed.pdf, sealed.pictures[_A])
    proved = prove(data, own.options)
    assert proved is not None
    assert proved.document.seams == sealed.seams.seals
    assert not {alarm.code for alarm in examine("x.pdf", data, own.options).alarms} & BLOCKING


def test_looked_at_without_rebuilding_it_is_right_too(own: OwnFiles, sealed: Sealed) -> None:
    data = signed_as(own, sealed.pdf, sealed.pictures[_A])
    report = examine("x.pdf", data, own.options, rebuild=False)
    assert not {alarm.code for alarm in report.alarms} & BLOCKING


def test_another_program_may_pack_it_otherwise(own: OwnFiles, sealed: Sealed) -> None:
    assert "seam-differs" not in alarms_of(own, changed(sealed.pdf, lambda pdf: None, recompress_flate=True))


def slice_moved(pdf: Pdf) -> None:
    stream = pdf.pages[1].Contents[-1]
    stream.write(stream.read_bytes().replace(b" re W n", b" re W* n", 1))


def slice_missing(pdf: Pdf) -> None:
    del pdf.pages[2].Contents[-1]


def opened_otherwise(pdf: Pdf) -> None:
    pdf.pages[0].Contents[0].write(b"q 2 0 0 2 0 0 cm")


def picture_replaced(pdf: Pdf) -> None:
    image = pdf.pages[0].Resources.XObject.Seam1
    image.write(b"\x00\xff\x00" * (int(image.Width) * int(image.Height)))


def picture_made_clear(pdf: Pdf) -> None:
    mask = pdf.pages[0].Resources.XObject.Seam1.SMask
    mask.write(b"\x00" * (int(mask.Width) * int(mask.Height)))


def pictures_swapped(pdf: Pdf) -> None:
    for page in pdf.pages:
        named = page.Resources.XObject
        named.Seam1, named.Seam2 = named.Seam2, named.Seam1


def other_picture_on_one_page(pdf: Pdf) -> None:
    pdf.pages[3].Resources.XObject.Seam1 = pdf.pages[3].Resources.XObject.Seam2


def turned_upside_down(pdf: Pdf) -> None:
    pdf.pages[0].Resources.XObject.Seam1.Decode = [1, 0, 1, 0, 1, 0]


def opaque(pdf: Pdf) -> None:
    pdf.pages[0].Resources.ExtGState.SeamInk.BM = Name.Normal


def turned(pdf: Pdf) -> None:
    pdf.pages[1].Rotate = 90


def no_longer_claimed(pdf: Pdf) -> None:
    stated = json.loads(pdf.Root.AF[0].EF.F.read_bytes())
    del stated["seam"]
    attach(pdf, canonical_json(stated))


def claimed_of_one(pdf: Pdf) -> None:
    stated = json.loads(pdf.Root.AF[0].EF.F.read_bytes())
    stated["seam"].pop()
    attach(pdf, canonical_json(stated))


CHANGES: dict[str, Change] = {
    change.__name__: change
    for change in (
        *(slice_moved, slice_missing, opened_otherwise, picture_replaced, picture_made_clear),
        *(pictures_swapped, other_picture_on_one_page, turned_upside_down, opaque),
        *(no_longer_claimed, claimed_of_one, turned),
    )
}


@pytest.mark.parametrize("name", CHANGES)
def test_no_other_drawing_passes(own: OwnFiles, sealed: Sealed, name: str) -> None:
    assert "seam-differs" in alarms_of(own, changed(sealed.pdf, CHANGES[name]))


def test_claimed_and_not_drawn_is_noticed(own: OwnFiles, sealed: Sealed) -> None:
    pdf = make_agreement().pdf
    claimed = changed(pdf, lambda opened: attach(opened, sealed.document.to_json()))
    assert "seam-differs" in alarms_of(own, claimed)


@pytest.mark.parametrize("picture", ["none", "its own", "another"])
def test_the_slices_are_of_the_seal_that_the_role_signed_with(
    own: OwnFiles, sealed: Sealed, picture: str
) -> None:
    image = {"none": None, "its own": sealed.pictures[_A], "another": sealed.pictures[_B]}[picture]
    report = examine("x.pdf", signed_as(own, sealed.pdf, image), own.options)
    assert report.unaltered is True
    found = {alarm.code for alarm in report.alarms} & BLOCKING
    assert found == ({"seam-differs"} if picture == "another" else set())


@pytest.mark.parametrize("lie", ["too wide", "too narrow", "out of order", "twice", "no seal"])
def test_claims_are_those_of_the_form(sealed: Sealed, lie: str) -> None:
    first, second = sealed.document.seams
    told = {
        "too wide": (replace(first, width_um=90_000), second),
        "too narrow": (replace(first, width_um=900), second),
        "out of order": (second, first),
        "twice": (first, first),
        "no seal": (replace(first, role="party_a_representative"), second),
    }[lie]
    document = replace(sealed.document, seams=told)
    files = (sealed.pdf, sealed.pdf)
    alarms = check_seams(document, sealed.form, files, Limits(), proved=True)
    assert [alarm.code for alarm in alarms] == ["seam-differs"]
    truth = check_seams(sealed.document, sealed.form, files, Limits(), proved=False)
    assert list(truth) == []


def test_a_picture_that_unpacks_to_more_than_it_says_is_none(sealed: Sealed) -> None:
    first = sealed.seams.pictures[0]
    for colours in (zlib.compress(b"\0" * 100), b"no stream", first.colours + b"x"):
        with pytest.raises(ValueError, match="picture"):
            assert replace(first, colours=colours).sha256


def test_a_picture_that_looks_like_a_file_is_left_to_the_scan(own: OwnFiles, sealed: Sealed) -> None:
    packed = zlib.compressobj(0)
    pixels = b"\n9 0 obj\n<</Type/Catalog>>\nendobj\n".ljust(3 * 496 * 496, b"\xff")
    picture = replace(sealed.seams.pictures[0], colours=packed.compress(pixels) + packed.flush())
    seams = (replace(sealed.document.seams[0], picture_sha256=picture.sha256),)
    pdf = make_agreement(Seams(seams, (picture,), 26.0)).pdf
    assert b"/Type/Catalog>>" in pdf
    assert prove(signed_as(own, pdf, None), own.options) is None
