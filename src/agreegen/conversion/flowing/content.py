"""The content of pages: marked text as operators, in the font that all documents share or in their own."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from agreegen.conversion.compiled.description import Align
from agreegen.conversion.compiled.engine import line_start
from agreegen.conversion.compiled.layout import Piece, line_width, place_runs, show_piece
from agreegen.conversion.compiled.metrics import Font, FontSubset, Glyph
from agreegen.conversion.flowing.breaking import BrokenLine
from agreegen.conversion.flowing.description import FootRun, PageSize, Style
from agreegen.conversion.flowing.paging import Item, Portion, SetParagraph, Shown

SHARED, OWN = "F", "V"
"""Names of the two fonts of a page: glyphs of the form's text, and those that only the values need."""

_OFFICE_FONT_GLYPHS = 255
"""Glyphs that LibreOffice puts into one Type 1 font."""

_COLOUR = "q 0 0 0 rg\n"


@dataclass(frozen=True, slots=True)
class SharedFont:
    """The subset for the text that all documents of a form have.

    Attributes:
        font: The whole font.
        glyphs: Its glyphs by index.
        subset: The font program.
    """

    font: Font
    glyphs: dict[int, Glyph]
    subset: FontSubset


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the structure tree that holds text.

    Attributes:
        marks: Page and marked-content identifier of each part.
        cell: Table, row and column; empty outside of tables.
    """

    marks: tuple[tuple[int, int], ...]
    cell: tuple[int, ...] = ()


@dataclass(slots=True)
class Pages:
    """The pages of one document, as they are put together.

    Attributes:
        content: Pieces of each page's content: operators, or what is still to be shown.
        marks: How many marks each page has.
        elements: In reading order.
        destinations: Bookmark → page, left, top.
        own: Glyphs of the document's own, by index.
        page: The page that is being written.
        numbers: Glyph index → its number in order of appearance.
        one_font: Whether LibreOffice has one font for all of them; then nothing is numbered.
    """

    content: list[list[str | tuple[str, Shown, float]]] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    destinations: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    own: dict[int, Glyph] = field(default_factory=dict)
    page: int = 0
    numbers: dict[int, int] = field(default_factory=dict)
    one_font: bool = False

    def turn_to(self, page: int, feet: Sequence[Sequence[int]]) -> None:
        """Go on with a page; the feet of those before it are written then."""
        for number in range(self.page, page):
            for index in feet[number]:
                self.numbers.setdefault(index, len(self.numbers))
        self.page = page

    def parts(self, piece: Piece) -> list[slice]:
        """Return the parts of a piece that LibreOffice sets in one of its fonts each."""
        numbers = [self.numbers.setdefault(glyph.index, len(self.numbers)) for glyph in piece.glyphs]
        parts, first = [], 0
        for _, group in itertools.groupby(numbers, lambda number: number // _OFFICE_FONT_GLYPHS):
            last = first + sum(1 for _ in group)
            parts.append(slice(first, last))
            first = last
        return parts


class PageWriter:
    """Writes the content of pages.

    Args:
        size: The page.
        shared: The font of the form's text.
        feet: Glyphs at the foot of each page.
    """

    def __init__(self, size: PageSize, shared: SharedFont, feet: Sequence[Sequence[Sequence[Glyph]]]) -> None:
        self._size = size
        self._foot_glyphs = [[glyph.index for run in foot for glyph in run] for foot in feet]
        self._shared = shared
        self._height = Decimal(size.height)
        self._baselines: dict[int, str] = {}

    def write(self, items: Sequence[Item], portions: Sequence[Portion]) -> Pages:
        """Write the text of all portions."""
        pages = Pages(one_font=self._has_one_font(items, portions[-1].page + 1))
        for _ in range(portions[-1].page + 1):
            pages.content.append([])
            pages.marks.append(0)
        marks: dict[int, list[tuple[int, int]]] = {}
        for portion in portions:
            item = items[portion.item]
            pages.turn_to(portion.page, self._foot_glyphs)
            if isinstance(item, SetParagraph):
                lines = (portion.first, portion.last)
                marks.setdefault(portion.item, []).extend(self._paragraph(pages, portion, item, lines))
                if portion.last == len(item.lines):
                    pages.elements.append(Element(tuple(marks[portion.item])))
                continue
            self._table(pages, items, portion)
        return pages

    def show(
        self, line: BrokenLine, style: Style, left: int, width: int, *, first: bool
    ) -> tuple[Shown, ...]:
        """Place a line.

        Args:
            line: The line.
            style: How it is set.
            left: Where its paragraph begins.
            width: Room of the paragraph.
            first: Whether it is the paragraph's first.
        """
        anchors = {
            Align.LEFT: left + (style.first if first else 0),
            Align.CENTRE: 2 * left + width,
            Align.RIGHT: left + width,
        }
        start = line_start(style.align, anchors[style.align], line_width(line.runs))
        return tuple(self._shown(piece, style.size) for piece in place_runs(line.runs, start, style.size))

    def foot(self, runs: Sequence[FootRun], glyphs: Sequence[Sequence[Glyph]]) -> str:
        """Write what stands at the foot of a page."""
        parts = []
        for run, shown in zip(runs, glyphs, strict=True):
            by_number = dict(run.adjustments)
            adjustments = tuple(by_number.get(number, 0) for number in range(1, len(shown) + 1))
            operators = show_piece(Piece(0, run.x, tuple(shown), adjustments), self._shared.subset.codes)
            text = f"BT\n{run.x / 10:g} {run.y} Td /{SHARED} {run.size:g} Tf{operators}\nET\n"
            parts.append(f"/Artifact BMC\n{_COLOUR}{text}Q\nEMC\n")
        return "".join(parts)

    def _shown(self, piece: Piece, size: float) -> Shown:
        codes = self._shared.subset.codes
        known = all(glyph.index in self._shared.glyphs for glyph in piece.glyphs)
        operators = f" Td /{SHARED} {size:g} Tf{show_piece(piece, codes)}\nET\n" if known else ""
        return Shown(f"{piece.x / 10:g}", operators, piece)

    def _parted(self, pages: Pages, shown: Shown, size: float) -> Sequence[Shown]:
        """Part a piece where LibreOffice goes on in another font and places the rest anew."""
        if pages.one_font:
            return (shown,)
        piece = shown.piece
        parts = pages.parts(piece)
        if len(parts) == 1:
            return (shown,)
        x, found = piece.x, []
        for part in parts:
            glyphs, adjustments = piece.glyphs[part], piece.adjustments[part]
            found.append(self._shown(Piece(piece.font, x, glyphs, (*adjustments[:-1], 0)), size))
            pairs = zip(glyphs, adjustments, strict=True)
            x += sum(round((glyph.width - by) * size / 100) for glyph, by in pairs)
        return found

    def _has_one_font(self, items: Sequence[Item], pages: int) -> bool:
        found = {index for foot in self._foot_glyphs[:pages] for index in foot}
        for item in items:
            found.update(*(one.glyphs for one in item.paragraphs))
        return len(found) <= _OFFICE_FONT_GLYPHS

    def _table(self, pages: Pages, items: Sequence[Item], portion: Portion) -> None:
        table, top = items[portion.item], portion.top
        assert not isinstance(table, SetParagraph)
        for number, row in enumerate(table.rows):
            for column, cell in enumerate(row.cells):
                below = top
                for item in cell.paragraphs:
                    place = Portion(portion.item, portion.page, below)
                    marks = self._paragraph(pages, place, item, (0, len(item.lines)), cell.left)
                    pages.elements.append(Element(tuple(marks), (portion.item, number, column)))
                    below += item.height + item.style.after
            top += row.height

    def _paragraph(
        self,
        pages: Pages,
        portion: Portion,
        item: SetParagraph,
        lines: tuple[int, int],
        left: int | None = None,
    ) -> list[tuple[int, int]]:
        if not portion.first:
            begin = self._size.left if left is None else left
            for name in item.paragraph.bookmarks:
                pages.destinations[name] = (portion.page, begin, portion.top)
        content = pages.content[portion.page]
        marked = [line for line in range(*lines) if item.shown[line]]
        if not marked:
            return []
        mark = pages.marks[portion.page]
        pages.marks[portion.page] += 1
        content.append(f"/P<</MCID {mark}>>BDC\n{_COLOUR}")
        for line in marked:
            y = self._baseline(portion.top + (line - lines[0]) * item.style.pitch + item.style.rise)
            for shown in item.shown[line]:
                for part in self._parted(pages, shown, item.style.size):
                    if part.operators:
                        content.append(f"BT\n{part.x} {y}{part.operators}")
                    else:
                        content.append((y, part, item.style.size))
                        pages.own.update((glyph.index, glyph) for glyph in part.piece.glyphs)
        content.append("Q\nEMC\n")
        return [(portion.page, mark)]

    def _baseline(self, twips: int) -> str:
        known = self._baselines.get(twips)
        if known is None:
            known = self._baselines[twips] = f"{self._height - Decimal(twips // 2) / 10:f}"
        return known


def finish_content(parts: Sequence[str | tuple[str, Shown, float]], subset: FontSubset | None) -> bytes:
    """Return a page's content with the codes of the document's own font."""
    written = []
    for part in parts:
        if isinstance(part, str):
            written.append(part)
            continue
        y, shown, size = part
        assert subset is not None
        written.append(
            f"BT\n{shown.x} {y} Td /{OWN} {size:g} Tf{show_piece(shown.piece, subset.codes)}\nET\n"
        )
    return "".join(written).encode("latin-1")
