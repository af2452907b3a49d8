"""Line breaks in Chinese text: what may begin and end a line, what hangs, and what is left to LibreOffice."""

from __future__ import annotations

import pytest

from agreegen.conversion.compiled.metrics import FontChain
from agreegen.conversion.flowing.breaking import break_paragraph, scripts_of
from agreegen.conversion.interface import DoesNotFit
from agreegen.forms.fonts import find_first_font

CHAIN = FontChain(find_first_font(("Noto Serif SC",)))
EM = 320
"""One em of a 16 pt font in twips."""
ROOM = (5 * EM + 120, 5 * EM + 120)
"""A line of five Han characters, with room to spare that none of them fits in."""


def lines(text: str, *, in_table: bool = False, numbers: tuple[str, ...] = ()) -> list[str]:
    broken = break_paragraph(text, CHAIN, 16, ROOM, in_table=in_table, numbers=numbers)
    return [line.text for line in broken]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("一二三四五", ["一二三四五"]),
        ("一二三四五六七", ["一二三四五", "六七"]),
        ("一二三四五，七", ["一二三四五，", "七"]),
        ("一二三四五）七", ["一二三四", "五）七"]),
        ("一二三四（六", ["一二三四", "（六"]),
        ("一二三（《六七", ["一二三", "（《六七"]),
        ("一二三四五。）七", ["一二三四", "五。）七"]),
        ("一二三四20185", ["一二三四20", "185"]),
        ('一二三四五"七', ["一二三四", '五"七']),
        ("一二三四五))七", ["一二三四", "五))七"]),
        ("一二三(A)五六七", ["一二三(A)", "五六七"]),
        ("一二三四“五六", ["一二三四", "“五六"]),
        ("“一”二三四五", ["“一”二三", "四五"]),
        ("一二三四五 六七", ["一二三四五 ", "六七"]),
        ("一二三四A 五六", ["一二三四A ", "五六"]),
    ],
)
def test_lines_end_where_libreoffice_ends_them(text: str, expected: list[str]) -> None:
    assert lines(text) == expected


def test_nothing_hangs_in_a_table() -> None:
    assert lines("一二三四五，七", in_table=True) == ["一二三四", "五，七"]


def test_the_first_line_may_be_shorter() -> None:
    broken = break_paragraph("一二三四五六七八", CHAIN, 16, (3 * EM + 100, 5 * EM + 100))
    assert [line.text for line in broken] == ["一二三", "四五六七八"]


def test_a_hanging_mark_is_a_run_of_its_own() -> None:
    (first, _) = break_paragraph("一二三四五，七", CHAIN, 16, ROOM)
    assert [len(run.glyphs) for run in first.runs] == [5, 1]


@pytest.mark.parametrize(
    "text",
    [
        "一二三四五  七",  # more than one blank at the end of a line
        "一二三四五， 七",
        "一二三四offl五",  # letters that join
        "）））））））",  # nothing may end the line
        "（（（（（（（",
    ],
)
def test_a_break_that_was_not_measured_is_left_to_libreoffice(text: str) -> None:
    with pytest.raises(DoesNotFit):
        lines(text)


def test_a_line_that_ends_at_the_margin_within_a_twip_is_left_to_libreoffice() -> None:
    for room in (5 * EM - 1, 5 * EM, 5 * EM + 1):
        with pytest.raises(DoesNotFit):
            break_paragraph("一二三四五六", CHAIN, 16, (room, room))


@pytest.mark.parametrize("character", "\u3000々〝〆ー…—℃あ\u302a\ufe00é\n")
def test_a_character_that_was_not_measured_is_left_to_libreoffice(character: str) -> None:
    with pytest.raises(DoesNotFit):
        scripts_of(f"国{character}家")


@pytest.mark.parametrize("text", ['"', "2018''", "“1”", '1. "、"；'])
def test_quotation_marks_without_any_letter_are_left_to_libreoffice(text: str) -> None:
    # Without a letter LibreOffice knows no script to shape them in, and sets them narrower.
    with pytest.raises(DoesNotFit):
        scripts_of(text)
    assert scripts_of(f"{text}国")


def test_curly_quotation_marks_follow_their_neighbour() -> None:
    asian, latin = scripts_of("国A")
    assert scripts_of("“国”A’国") == [asian, asian, asian, latin, latin, asian]
    assert scripts_of("‘“A") == [latin, latin, latin]


def test_a_telephone_number_is_not_parted() -> None:
    number = "03711-66"
    assert [len(line) for line in lines(f"一二三{number}")] == [7, 4], "as other text"
    with pytest.raises(DoesNotFit):
        lines(f"一二三{number}", numbers=(number,))
    assert lines(f"话{number}", numbers=(number,)) == [f"话{number}"]
    with pytest.raises(DoesNotFit):
        lines(f"话A{number}", numbers=(number,))
