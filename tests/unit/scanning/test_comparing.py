"""Comparing: one character, one stroke, one fold."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from agreegen.forms.fonts import find_font
from agreegen.scanning.comparing.alignment import Ink, Placement, Scan, place_by_marks, refine
from agreegen.scanning.comparing.ink import Mask, ink_of, strokes_of
from agreegen.scanning.comparing.references import Character, Place, Reference
from agreegen.scanning.comparing.signing_check import Signing, judge_ink
from agreegen.scanning.comparing.text_comparison import Text, judge_text, score_text

_SIZE = (1240, 1754)
_FIELD = Place(840, 1290, 1075, 1380)
_LINES = ("本人了解有关保密法规制度知悉应当承担的保密义务", "严格遵守国家保密法律法规和规章制度履行保密义务")


def _text_page(lines: tuple[str, ...]) -> tuple[Image.Image, list[Character]]:
    found = find_font("Noto Serif SC")
    assert found is not None
    font = ImageFont.truetype(str(found.path), 33)
    page = Image.new("L", _SIZE, 255)
    pen = ImageDraw.Draw(page)
    characters = []
    for row, line in enumerate(lines * 10):
        for column, text in enumerate(line):
            x, y = 170 + column * 38, 200 + row * 50
            pen.text((x, y), text, font=font, fill=0)
            characters.append(Character(text, Place(x, y + 8, x + 33, y + 44), telling=False))
    return page, characters


def _reference(page: Image.Image, characters: list[Character]) -> Reference:
    ink: Ink = 1 - np.asarray(page).astype(np.float32) / np.float32(255)
    marks = np.array([(70.0, 70.0), (140.0, 70.0), (140.0, 140.0), (70.0, 140.0)])
    return Reference(ink, (), tuple(characters), (marks, marks + 1000), {"pledger": _FIELD}, ())


def test_a_page_is_laid_over_its_rendering() -> None:
    page, characters = _text_page(_LINES)
    reference = _reference(page, characters)
    turned = page.rotate(2.0, Image.Resampling.BICUBIC, fillcolor=255).resize((1600, 2263))
    angle, scale = np.deg2rad(-2.0), 1600 / 1240
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array(_SIZE) / 2
    true = np.column_stack([turn, middle * scale - turn @ middle])
    rough = Placement(true + np.array([[0, 0, 5.0], [0, 0, -4.0]]))
    placed, agreement = refine(Scan(turned), rough, reference.ink)
    assert agreement > 0.9
    assert np.abs(placed.matrix @ [620, 877, 1] - true @ [620, 877, 1]).max() < 1.0


def test_marks_give_turn_size_and_place() -> None:
    square = np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)])
    found = square * 2 + 5
    placed, error = place_by_marks([found], [square])
    assert error < 1e-9
    assert np.allclose(placed.matrix, [[2, 0, 5], [0, 2, 5]])


@pytest.mark.parametrize(
    ("second", "found"),
    [
        (_LINES[1], Text.SAME),
        ("严格遵守国家保密法律法规和规章制度履行保密权利", Text.OTHER),
        ("由某县普查办公室印发各级普查机构参照执行的通知", Text.OTHER),
    ],
)
def test_another_text_is_found(second: str, found: Text) -> None:
    reference = _reference(*_text_page(_LINES))
    other, _ = _text_page((_LINES[0], second))
    grey = np.asarray(other)
    assert judge_text(score_text(grey, ink_of(grey, reference.ink), reference)) is found


def test_one_character_is_for_a_person() -> None:
    page, characters = _text_page(_LINES)
    reference = _reference(page, characters)
    ImageDraw.Draw(page).rectangle((170 + 38 * 5, 200, 170 + 38 * 6, 250), fill=255)
    grey = np.asarray(page)
    assert judge_text(score_text(grey, ink_of(grey, reference.ink), reference)) is Text.DOUBTFUL


def _drawn(draw: str) -> Mask:
    page = Image.new("1", _SIZE, 0)
    pen = ImageDraw.Draw(page)
    left, top, right, bottom = _FIELD.left, _FIELD.top, _FIELD.right, _FIELD.bottom
    if draw in {"signature", "struck"}:
        for step in range(6):
            pen.line((left + 20 + step * 25, top + 10, left + 60 + step * 22, bottom - 10), fill=1, width=3)
    if draw == "struck":
        pen.line(
            (left - 30, top - 36, left + 60, top - 30, left + 90, top - 38, right, top - 32), fill=1, width=3
        )
    if draw == "dot":
        pen.ellipse((left + 50, top + 30, left + 57, top + 37), fill=1)
    if draw == "fold":
        for piece in range(0, 1200, 60):
            pen.line((piece, top + 40 + piece // 60, piece + 50, top + 41 + piece // 60), fill=1, width=2)
    if draw == "blot":
        pen.rectangle((left + 10, top + 10, right - 60, bottom - 10), fill=1)
    if draw == "beside":
        pen.line((200, 1500, 380, 1540), fill=1, width=3)
    return np.asarray(page)


@pytest.mark.parametrize(
    ("draw", "signing", "elsewhere"),
    [
        ("nothing", Signing.EMPTY, False),
        ("signature", Signing.SIGNED, False),
        ("struck", Signing.SIGNED, True),
        ("dot", Signing.DOUBTFUL, False),
        ("fold", Signing.EMPTY, False),
        ("blot", Signing.DOUBTFUL, False),
        ("beside", Signing.EMPTY, True),
    ],
)
def test_ink_that_is_a_signature(draw: str, signing: Signing, elsewhere: bool) -> None:
    reference = _reference(Image.new("L", _SIZE, 255), [])
    found, other = judge_ink(_drawn(draw), reference)
    assert found == (("pledger", signing),)
    assert other is elsewhere


def test_shadows_are_no_ink() -> None:
    rows = np.linspace(90, 250, _SIZE[1])[:, None]
    shadow = np.repeat(rows, _SIZE[0], axis=1).astype(np.uint8)
    ink = ink_of(shadow, np.zeros((_SIZE[1], _SIZE[0]), np.float32))
    assert float(ink.max()) < 0.3


def test_a_page_full_of_ink_says_nothing() -> None:
    assert strokes_of(np.ones((1754, 1240), dtype=np.bool_)) is None
