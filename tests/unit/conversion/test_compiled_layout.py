"""Layout of a line: scripts, gaps, rounding, line breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.conversion.compiled.layout import break_lines, line_width, place_runs, split_runs
from agreegen.conversion.compiled.metrics import FontChain
from agreegen.conversion.interface import DoesNotFit
from agreegen.forms.fonts import FontFile, find_first_font

CHAIN = FontChain(find_first_font(("Noto Serif SC",)))
EM = 320
"""One em of a 16 pt font in twips."""
GAP = EM // 5


def test_han_characters_are_one_em_each() -> None:
    assert line_width(split_runs("承诺人：张伟", CHAIN, 16)) == 6 * EM


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        ("张伟", [0]),
        ("张A伟", [0, GAP, GAP]),
        ("2018年5月", [0, GAP, GAP, GAP]),
        ("张·伟", [0, 0, 0]),
        ("张·A", [0, 0]),
        ("：A（", [0, 0, 0]),
        ("__年", [0, 0]),
    ],
)
def test_gaps_stand_between_han_and_latin_letters_only(text: str, gaps: list[int]) -> None:
    assert [run.gap for run in split_runs(text, CHAIN, 16)] == gaps


@pytest.mark.parametrize(
    ("text", "adjustments"),
    [
        # What LibreOffice 7.4 wrote for these lines, set in Noto Serif SC at 16 pt.
        ("63170669", [2, 1, 2, 0, 1, -4, 2, 0]),
        ("484751350", [0, 2, 0, 0, 2, 2, 1, 2, 0]),
        ("John Smith", [3, -3, 1, 5, 0, -1, 0, 1, -1, 0]),
        ("ABC", [0, 1, 0]),
        ("def·", [4, -2, 1, 0]),
    ],
)
def test_glyphs_stand_where_libreoffice_puts_them(text: str, adjustments: list[int]) -> None:
    (piece,) = place_runs(split_runs(text, CHAIN, 16), 1591, 16)
    assert list(piece.adjustments) == adjustments
    assert piece.x == 795


def test_ligatures_keep_their_text() -> None:
    (run,) = split_runs("office", CHAIN, 16)
    assert "".join(glyph.text for glyph in run.glyphs) == "office"
    assert len(run.glyphs) < len("office")


@pytest.mark.parametrize("text", ["张-伟", "Ünal", "张 伟", "👍", "-A", "𠀀A", "\u4dc0", "O'Neil"])
def test_what_is_not_known_is_left_to_libreoffice(text: str) -> None:
    with pytest.raises(DoesNotFit):
        split_runs(text, CHAIN, 16)


def test_a_character_that_no_font_has_is_named() -> None:
    with pytest.raises(DoesNotFit, match=r"U\+32345"):
        split_runs("\U00032345", CHAIN, 16)


def test_a_paragraph_breaks_after_the_last_character_that_fits() -> None:
    text = "承诺人：" + "国" * 20
    lines = break_lines(text, CHAIN, 16, fits=19 * EM, breaks=19 * EM + 1)
    assert lines == [text[:19], text[19:]]


@pytest.mark.parametrize(
    ("text", "first"), [("国国国）国", "国国"), ("国国（国国", "国国"), ("国国国国国", "国国国")]
)
def test_punctuation_is_not_torn_off(text: str, first: str) -> None:
    assert break_lines(text, CHAIN, 16, fits=3 * EM, breaks=3 * EM + 1)[0] == first


@pytest.mark.parametrize(
    ("text", "fits", "breaks"),
    [
        ("国" * 9, 4 * EM, 4 * EM + 1),  # three lines
        ("国国Smith", 3 * EM, 3 * EM + 1),  # inside a word
        ("国" * 4, 3 * EM, 5 * EM),  # between what is known to fit and what is known not to
    ],
)
def test_breaks_that_may_not_be_libreoffices_are_left_to_it(text: str, fits: int, breaks: int) -> None:
    with pytest.raises(DoesNotFit):
        break_lines(text, CHAIN, 16, fits=fits, breaks=breaks)


def test_other_fonts_are_looked_for_when_a_character_needs_them() -> None:
    asked: list[str] = []
    chain = FontChain(find_first_font(("Noto Serif SC",)), lambda: asked.append("now") or ())  # type: ignore[func-returns-value]
    split_runs("王小丽（2018）Li", chain, 16)
    assert asked == []
    with pytest.raises(DoesNotFit):
        split_runs("\U00032345", chain, 16)
    assert asked == ["now"]


def test_a_collection_is_no_fallback_and_is_not_even_opened(tmp_path: Path) -> None:
    missing = FontFile(tmp_path / "not-there.ttc", 2, "Noto Serif CJK SC")
    chain = FontChain(find_first_font(("Noto Serif SC",)), lambda: [missing])
    with pytest.raises(DoesNotFit, match=r"U\+32345"):
        split_runs("\U00032345", chain, 16)
