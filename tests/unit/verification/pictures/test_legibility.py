"""What became of text under a seal, measured on pictures made for it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pictures
from PIL import ImageDraw

from agreegen.verification.pictures.comparison import Image, find_difference, find_lightened
from agreegen.verification.pictures.interface import Reading
from agreegen.verification.pictures.legibility import read_under

RED, PAPER, BLACK = (230, 20, 20), (255, 255, 255), (0, 0, 0)


def text(colour: tuple[int, int, int] = BLACK, *, background: tuple[int, int, int] = PAPER) -> Image:
    """Return a line of text, 20 pixels high."""
    picture = Pictures.new("RGB", (200, 60), background)
    ImageDraw.Draw(picture).text((20, 15), "Amount 100", fill=colour, font_size=20)
    return np.array(picture)


def ring(before: Image, colour: tuple[int, int, int], *, multiply: bool) -> Image:
    """Draw a thick ring over a picture, as ink on paper or opaque."""
    picture = Pictures.new("RGB", (before.shape[1], before.shape[0]), PAPER)
    ImageDraw.Draw(picture).ellipse((30, 5, 150, 55), outline=colour, width=9)
    seal = np.array(picture)
    if multiply:
        return np.array(before.astype(np.uint16) * seal // 255, dtype=np.uint8)
    return np.array(np.where(np.any(seal != 255, axis=2, keepdims=True), seal, before), dtype=np.uint8)


def veiled(before: Image, share: float, colour: tuple[int, int, int] = PAPER) -> Image:
    """Lay a half-transparent sheet over a picture."""
    return np.array(before * (1 - share) + np.array(colour) * share, dtype=np.uint8)


def test_nothing_stood_on_an_even_place() -> None:
    for background in (PAPER, (240, 240, 200)):
        blank = np.full((60, 200, 3), background, np.uint8)
        assert read_under(blank, ring(blank, RED, multiply=False)) is Reading.NOTHING


@pytest.mark.parametrize(
    ("before", "after", "reading"),
    [
        (text(), text(), Reading.LEGIBLE),
        (text(), ring(text(), RED, multiply=True), Reading.LEGIBLE),
        (text(), veiled(text(), 0.1), Reading.LEGIBLE),
        (text(), ring(text(), RED, multiply=False), Reading.COVERED),
        (text(), ring(text(), BLACK, multiply=True), Reading.COVERED),
        (text(), np.zeros_like(text()), Reading.COVERED),
        (text(), veiled(text(), 0.3), Reading.COVERED),
        (text(PAPER, background=BLACK), np.zeros_like(text()), Reading.COVERED),
        (text(RED), ring(text(RED), RED, multiply=False), Reading.COVERED),
        (text(), np.full_like(text(), 255), Reading.ERASED),
        (text(), veiled(text(), 0.7), Reading.ERASED),
        (text(), veiled(text(), 0.8, (255, 255, 190)), Reading.ERASED),
        (text(RED), np.full_like(text(), 255), Reading.ERASED),
        (text((150, 150, 150)), np.full_like(text(), 255), Reading.ERASED),
    ],
)
def test_reading(before: Image, after: Image, reading: Reading) -> None:
    assert read_under(before, after) is reading


def test_one_wiped_digit_is_enough() -> None:
    before = text()
    after = before.copy()
    after[:, 100:112] = 255
    assert read_under(before, after) is Reading.ERASED


def test_soft_edges_of_black_text_are_not_coloured_ink() -> None:
    before = text()
    assert len(np.unique(before)) > 20, "the text has soft edges"
    assert read_under(before, ring(before, (255, 0, 0), multiply=True)) is Reading.LEGIBLE


def test_differences_outside_masks_have_no_tolerance() -> None:
    before = text()
    after = before.copy()
    assert find_difference(before, after, ()) is None
    after[30, 40, 1] ^= 1
    assert find_difference(before, after, ()) == (40, 30, 41, 31)
    assert find_difference(before, after, [(39, 29, 42, 32)]) is None
    assert find_difference(before, after[:-1], ()) == (0, 0, 200, 59)


def test_ink_that_became_lighter_is_found_and_other_ink_is_not() -> None:
    before = text()
    box = (0, 0, 200, 60)
    assert find_lightened(before, ring(before, (0, 0, 255), multiply=False), box) is None
    assert find_lightened(before, veiled(before, 0.2), box) is not None
    assert find_lightened(before, veiled(before, 0.2), (0, 0, 10, 10)) is None
