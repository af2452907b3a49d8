"""Page breaks: two lines on either page, kept neighbours, whole tables."""

from __future__ import annotations

import pytest

from agreegen.conversion.compiled.description import Align
from agreegen.conversion.flowing.breaking import BrokenLine
from agreegen.conversion.flowing.description import PageSize, Paragraph, Style
from agreegen.conversion.flowing.paging import Item, SetParagraph, SetRow, SetTable, lay_out
from agreegen.conversion.interface import DoesNotFit

PITCH = 100
STYLE = Style("Noto Serif SC", 16, PITCH, 0, 0, Align.LEFT, 80)
TEN_LINES = PageSize("[ 0 0 595 842 ]", "842", 0, 10 * PITCH, 0, 1000)


def paragraph(lines: int, *, keep_next: bool = False, keep_lines: bool = False) -> SetParagraph:
    return SetParagraph(
        Paragraph("x", 0, keep_next, keep_lines), STYLE, (BrokenLine("x", ()),) * lines, ((),) * lines
    )


def table(lines: int) -> SetTable:
    return SetTable((SetRow(lines * PITCH, ()),))


def pages(*items: Item) -> list[tuple[int, int, int]]:
    """Return item, page and first line of each portion."""
    return [(one.item, one.page, one.first) for one in lay_out(items, TEN_LINES)]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((paragraph(10),), [(0, 0, 0)]),
        ((paragraph(8), paragraph(4)), [(0, 0, 0), (1, 0, 0), (1, 1, 2)]),
        ((paragraph(9), paragraph(4)), [(0, 0, 0), (1, 1, 0)]),
        ((paragraph(7), paragraph(4)), [(0, 0, 0), (1, 0, 0), (1, 1, 2)]),
        ((paragraph(8), paragraph(3)), [(0, 0, 0), (1, 1, 0)]),
        ((paragraph(8), paragraph(4, keep_lines=True)), [(0, 0, 0), (1, 1, 0)]),
        ((paragraph(25),), [(0, 0, 0), (0, 1, 10), (0, 2, 20)]),
        ((paragraph(11),), [(0, 0, 0), (0, 1, 9)]),
        ((paragraph(9), paragraph(1, keep_next=True), paragraph(1)), [(0, 0, 0), (1, 1, 0), (2, 1, 0)]),
        ((paragraph(8), paragraph(1, keep_next=True), paragraph(1)), [(0, 0, 0), (1, 0, 0), (2, 0, 0)]),
        ((paragraph(6), table(5)), [(0, 0, 0), (1, 1, 0)]),
        ((paragraph(4), paragraph(2, keep_next=True), table(5)), [(0, 0, 0), (1, 1, 0), (2, 1, 0)]),
    ],
)
def test_pages_end_where_libreoffice_ends_them(
    items: tuple[Item, ...], expected: list[tuple[int, int, int]]
) -> None:
    assert pages(*items) == expected


@pytest.mark.parametrize(
    "items",
    [
        (table(11),),
        (paragraph(6, keep_next=True), table(5)),
        (paragraph(11, keep_lines=True),),
        (paragraph(4, keep_next=True), paragraph(1)),
    ],
)
def test_what_was_not_measured_is_left_to_libreoffice(items: tuple[Item, ...]) -> None:
    with pytest.raises(DoesNotFit):
        pages(*items)
