"""Slices of seals on pages: together they are the seal, and everything else stays as it was."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from agreegen.conversion.seams import draw_seams
from agreegen.conversion.text import extract_text
from agreegen.errors import ConversionError
from agreegen.pipeline.seams import Seams, read_seams
from tests.unit.sealed_agreements import agreement_form, draw_seal, make_agreement

_A, _B = "party_a_seal", "party_b_seal"
_SCALE = 4


@pytest.fixture(scope="module")
def seams(tmp_path_factory: pytest.TempPathFactory) -> Seams:
    folder = tmp_path_factory.mktemp("seals")
    pictures = {_A: draw_seal(folder / "a.png"), _B: draw_seal(folder / "b.png", "blue")}
    return read_seams(agreement_form(), pictures)


def drawn(pdf: bytes) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(pdf)
    return [document[number].render(scale=_SCALE).to_pil().convert("RGB") for number in range(len(document))]


def ink(picture: Image.Image) -> NDArray[np.bool_]:
    return np.asarray(picture.convert("L")) < 200


def test_pages_laid_fanned_show_the_whole_seal(seams: Seams, tmp_path: Path) -> None:
    pages = drawn(make_agreement(seams).pdf)
    side = round(seams.seals[0].width_um / 25_400 * 72 * _SCALE)
    width, height = pages[0].size
    part, top = side / len(pages), round(height / 3 - side / 2)
    fanned = Image.new("RGB", (side, side), "white")
    for number, page in enumerate(pages):
        fanned.paste(page.crop((round(width - part), top, width, top + side)), (round(number * part), 0))
    with Image.open(draw_seal(tmp_path / "a.png")) as seal:
        whole = Image.new("RGB", seal.size, "white")
        whole.paste(seal, mask=seal.getchannel("A"))
    wanted, found = ink(whole.resize((side, side))), ink(fanned)
    assert wanted.sum() > 1000
    assert (wanted != found).sum() < 0.02 * wanted.size


def test_pages_without_their_edges_stay_as_they_were(seams: Seams) -> None:
    for bare, sealed in zip(drawn(make_agreement().pdf), drawn(make_agreement(seams).pdf), strict=True):
        middle = (0, 0, bare.width - 60 * _SCALE, bare.height)
        assert bare.crop(middle).tobytes() == sealed.crop(middle).tobytes()
        assert bare.tobytes() != sealed.tobytes()


def test_equal_inputs_give_equal_bytes_and_the_same_text(seams: Seams) -> None:
    pdf = make_agreement(seams).pdf
    assert pdf == make_agreement(seams).pdf
    assert extract_text(pdf) == extract_text(make_agreement().pdf)


def test_pages_that_are_turned_cropped_or_drawn_on_already_are_refused(seams: Seams) -> None:
    made = make_agreement(seams)
    for key, value in (("/Rotate", 90), ("/CropBox", [0, 0, 100, 100])):
        target = io.BytesIO()
        with pikepdf.open(io.BytesIO(make_agreement().pdf)) as pdf:
            pdf.pages[1].obj[key] = value
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        with pytest.raises(ConversionError):
            draw_seams(target.getvalue(), made.document, seams.pictures)
    with pytest.raises(ConversionError):
        draw_seams(made.pdf, made.document, seams.pictures)  # drawn twice
