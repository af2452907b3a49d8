"""Page content: fonts as LibreOffice parts them, glyphs that only the values need, marks and feet."""

from __future__ import annotations

import re

import pytest

from agreegen.conversion.compiled.description import Align
from agreegen.conversion.compiled.layout import Piece
from agreegen.conversion.compiled.metrics import FontChain, Glyph
from agreegen.conversion.flowing.breaking import break_paragraph, glyphs_of
from agreegen.conversion.flowing.content import Pages, PageWriter, SharedFont, finish_content
from agreegen.conversion.flowing.description import FootRun, PageSize, Paragraph, Style
from agreegen.conversion.flowing.paging import Portion, SetCell, SetParagraph, SetRow, SetTable
from agreegen.forms.fonts import find_first_font

CHAIN = FontChain(find_first_font(("Noto Serif SC",)))
SIZE = PageSize("[ 0 0 595.3 841.9 ]", "841.9", 2000, 14000, 1590, 9000)
LEFT = Style("Noto Serif SC", 16, 560, 0, 640, Align.LEFT, 448)
SHARED_TEXT = "一二三四五，。"


def shared() -> SharedFont:
    glyphs = {glyph.index: glyph for glyph in glyphs_of(SHARED_TEXT, CHAIN)}
    return SharedFont(CHAIN.first, glyphs, CHAIN.first.subset(glyphs))


def writer(feet: list[list[list[Glyph]]] | None = None) -> PageWriter:
    return PageWriter(SIZE, shared(), feet or [[], []])


def paragraph(text: str, style: Style = LEFT, *bookmarks: str) -> SetParagraph:
    widths = (SIZE.width - style.first, SIZE.width)
    lines = tuple(break_paragraph(text, CHAIN, style.size, widths))
    shown = tuple(
        writer().show(line, style, SIZE.left, SIZE.width, first=not number)
        for number, line in enumerate(lines)
    )
    glyphs = frozenset(glyph.index for line in lines for run in line.runs for glyph in run.glyphs)
    return SetParagraph(Paragraph(text, 0, bookmarks=bookmarks), style, lines, shown, glyphs)


def content_of(pages: Pages, page: int = 0) -> str:
    own = CHAIN.first.subset(pages.own) if pages.own else None
    return finish_content(pages.content[page], own).decode("latin-1")


@pytest.mark.parametrize(
    ("align", "x"),
    [(Align.LEFT, 1590 + 640), (Align.CENTRE, 1590 + 9000 // 2 - 320), (Align.RIGHT, 1590 + 9000 - 640)],
)
def test_a_line_stands_on_its_side(align: Align, x: int) -> None:
    style = Style("Noto Serif SC", 16, 560, 0, 640, align, 448)
    ((shown,),) = paragraph("一二", style).shown
    assert float(shown.x) * 20 == x


def test_text_of_the_form_is_shown_at_once_and_other_glyphs_in_a_font_of_their_own() -> None:
    pages = writer().write(
        [paragraph("一二"), paragraph("一张")], [Portion(0, 0, 2000, 0, 1), Portion(1, 0, 2560, 0, 1)]
    )
    assert [glyph.text for glyph in pages.own.values()] == ["一", "张"]
    found = re.findall(r"BT\n\S+ (\S+) Td /(\S+) 16 Tf", content_of(pages))
    # A baseline is 448 twips below the top of its line: (2000 + 448) / 20 below the page's top.
    assert found == [("719.5", "F"), ("691.5", "V")]
    assert pages.marks == [2]
    assert [element.marks for element in pages.elements] == [((0, 0),), ((0, 1),)]


def test_a_parted_paragraph_is_one_element_with_a_mark_on_either_page() -> None:
    item = paragraph("一二三四五" * 20)
    assert len(item.lines) == 4
    pages = writer().write([item], [Portion(0, 0, 2000, 0, 2), Portion(0, 1, 2000, 2, 4)])
    (element,) = pages.elements
    assert element.marks == ((0, 0), (1, 0))
    assert content_of(pages, 0).count("BT\n") == content_of(pages, 1).count("BT\n") == 2


def test_a_bookmark_is_where_its_paragraph_begins_or_in_its_cell() -> None:
    plain = paragraph("一", LEFT, "here")
    table = SetTable(
        (SetRow(560, (SetCell(1590, (paragraph("二"),)), SetCell(6000, (paragraph("三", LEFT, "there"),)))),)
    )
    pages = writer().write([plain, table], [Portion(0, 0, 2000, 0, 1), Portion(1, 0, 2560)])
    assert pages.destinations == {"here": (0, 1590, 2000), "there": (0, 6000, 2560)}
    assert [element.cell for element in pages.elements] == [(), (1, 0, 0), (1, 0, 1)]


def test_an_empty_paragraph_has_no_mark() -> None:
    pages = writer().write(
        [paragraph("一"), paragraph("")], [Portion(0, 0, 2000, 0, 1), Portion(1, 0, 2560, 0, 1)]
    )
    assert pages.marks == [1]
    assert [element.marks for element in pages.elements] == [((0, 0),), ()]


def test_a_piece_is_parted_where_libreoffice_takes_its_next_font() -> None:
    glyphs = tuple(Glyph(0, number, "x", 1.0, 1000) for number in range(600))
    pages = Pages()
    parts = pages.parts(Piece(0, 0, glyphs, (0,) * 600))
    assert [(part.start, part.stop) for part in parts] == [(0, 255), (255, 510), (510, 600)]
    again = pages.parts(Piece(0, 0, glyphs[250:260], (0,) * 10))
    assert [(part.start, part.stop) for part in again] == [(0, 5), (5, 10)]


def test_feet_of_the_pages_before_take_numbers_first() -> None:
    pages = Pages()
    pages.turn_to(0, [[7, 8], [9]])
    assert pages.numbers == {}
    pages.turn_to(2, [[7, 8], [9]])
    assert pages.numbers == {7: 0, 8: 1, 9: 2}


def test_more_glyphs_than_a_font_of_libreoffice_holds_are_placed_anew() -> None:
    few, many = "一二三四五" * 4, "".join(chr(0x4E00 + number) for number in range(300))
    text = paragraph(many)
    portions = [Portion(0, 0, 2000, 0, len(text.lines))]
    assert content_of(writer().write([text], portions)).count("BT\n") == len(text.lines) + 1
    short = paragraph(few)
    assert content_of(writer().write([short], [Portion(0, 0, 2000, 0, len(short.lines))])).count(
        "BT\n"
    ) == len(short.lines)


def test_a_foot_is_an_artifact_with_its_adjustments() -> None:
    run = FootRun(2870, "50.1", 14, "一二", ((1, 40),))
    glyphs = [list(CHAIN.shape("一二", latin=False))]
    codes = shared().subset.codes
    first, second = (f"{codes[glyph.index]:04X}" for glyph in glyphs[0])
    assert writer().foot((run,), glyphs) == (
        f"/Artifact BMC\nq 0 0 0 rg\nBT\n287 50.1 Td /F 14 Tf[<{first}>40<{second}>]TJ\nET\nQ\nEMC\n"
    )
