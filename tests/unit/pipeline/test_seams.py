"""Which pictures may stand over the edges of pages, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from agreegen.conversion.interface import EngineChoice
from agreegen.errors import ConversionError, CredentialError, InputError
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import build_document
from agreegen.model.form import Form
from agreegen.pipeline.making import DocumentMaker
from agreegen.pipeline.seams import Seams, read_seams, shows_other_seal
from tests.unit.sealed_agreements import agreement_form, draw_seal, make_agreement

_A, _B = "party_a_seal", "party_b_seal"


@pytest.fixture(scope="module")
def agreement() -> Form:
    return agreement_form()


def credential(folder: Path, picture: str | None) -> Path:
    """Write a credential file; nobody opens its key."""
    look = "" if picture is None else f"appearance: {{seal: {picture}}}\n"
    path = folder / "party-a-seal.yaml"
    path.write_text(f"kind: pkcs12\nfile: none.p12\n{look}", "utf-8")
    return path


def test_seals_come_in_the_order_of_the_form_at_true_size(agreement: Form, tmp_path: Path) -> None:
    draw_seal(tmp_path / "a.png", dpi=300)
    draw_seal(tmp_path / "b.png", size=(708, 472), dpi=400)
    seams = read_seams(agreement, {_B: tmp_path / "b.png", _A: credential(tmp_path, "a.png")})
    assert [seal.role for seal in seams.seals] == [_A, _B]
    assert seams.seals[0].width_um == pytest.approx(42_000, abs=20)
    # 45 mm are more than the field has, in which it stands beside the text.
    assert seams.seals[1].width_um == pytest.approx(42_000, abs=20)
    assert 20 < seams.margin_mm < 40


def test_pixels_count_and_not_how_they_are_packed(agreement: Form, tmp_path: Path) -> None:
    first = draw_seal(tmp_path / "a.png")
    with Image.open(first) as image:
        image.save(tmp_path / "again.png", dpi=(300, 300), compress_level=1)
    one, again = (read_seams(agreement, {_A: path}).seals for path in (first, tmp_path / "again.png"))
    assert one == again
    assert one != read_seams(agreement, {_A: draw_seal(tmp_path / "b.png", "#ee0000")}).seals


def no_seal_of_the_form(folder: Path) -> dict[str, Path]:
    return {"party_a_representative": draw_seal(folder / "a.png")}


def no_picture_in_the_credential(folder: Path) -> dict[str, Path]:
    return {_A: credential(folder, None)}


def no_file(folder: Path) -> dict[str, Path]:
    return {_A: folder / "missing.png"}


def too_wide(folder: Path) -> dict[str, Path]:
    return {_A: draw_seal(folder / "a.png", size=(496, 200))}


def too_small(folder: Path) -> dict[str, Path]:
    return {_A: draw_seal(folder / "a.png", dpi=2000)}


def too_many_pixels(folder: Path) -> dict[str, Path]:
    return {_A: draw_seal(folder / "a.png", size=(2100, 2100))}


def a_page(folder: Path) -> dict[str, Path]:
    Image.new("RGB", (100, 100), "red").save(folder / "a.pdf")
    return {_A: folder / "a.pdf"}


@pytest.mark.parametrize(
    "sources",
    [
        no_seal_of_the_form,
        no_picture_in_the_credential,
        no_file,
        too_wide,
        too_small,
        too_many_pixels,
        a_page,
    ],
)
def test_what_is_no_seal_is_told_with_what_would_be(
    agreement: Form, tmp_path: Path, sources: Callable[[Path], dict[str, Path]]
) -> None:
    with pytest.raises(InputError) as found:
        read_seams(agreement, sources(tmp_path))
    assert found.value.hint


def test_a_hostile_picture_is_refused_by_who_reads_pictures(agreement: Form, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    with pytest.raises(CredentialError):
        read_seams(agreement, {_A: tmp_path / "a.png"})


def test_another_seal_than_the_signer_shows(agreement: Form, tmp_path: Path) -> None:
    (seal,) = read_seams(agreement, {_A: draw_seal(tmp_path / "a.png")}).seals
    draw_seal(tmp_path / "b.png", "blue")
    assert not shows_other_seal(agreement, seal, credential(tmp_path, "a.png"))
    assert not shows_other_seal(agreement, seal, credential(tmp_path, None))
    assert shows_other_seal(agreement, seal, credential(tmp_path, "b.png"))


def test_a_document_of_one_page_says_that_it_has_no_slices(tmp_path: Path) -> None:
    form = find_form("personal-pledge", forms_folder())
    seams = read_seams(form, {"unit": draw_seal(tmp_path / "a.png")})
    document = build_document(form, {"pledger_name": "王秀英", "staff_no": "T1"}, seams=seams.seals)
    with DocumentMaker(form, engine=EngineChoice.COMPILED) as maker:
        made = maker.make(document, seams)
    assert len(made.notes) == 1
    assert b"/Seam1" not in made.pdf


def test_a_slice_keeps_within_the_margin(agreement: Form, tmp_path: Path) -> None:
    seams = read_seams(agreement, {_A: draw_seal(tmp_path / "a.png")})
    narrow = replace(seams, margin_mm=8.0)
    with pytest.raises(ConversionError) as found:
        make_agreement(narrow)
    assert "8.0 mm" in str(found.value)
    assert found.value.hint


def test_seams_enter_the_id_of_a_document(agreement: Form, tmp_path: Path) -> None:
    values = {"party_a_name": "甲", "party_b_name": "乙", "contract_no": "1"}
    seams = [read_seams(agreement, {_A: draw_seal(tmp_path / f"{c}.png", c)}).seals for c in ("red", "blue")]
    ids = {build_document(agreement, values, seams=one).id for one in ((), *seams)}
    assert len(ids) == 3


def test_a_document_is_drawn_with_the_seams_that_it_names(agreement: Form, tmp_path: Path) -> None:
    seams = read_seams(agreement, {_A: draw_seal(tmp_path / "a.png")})
    with pytest.raises(ValueError, match="names"):
        make_agreement(seams, named=Seams())
