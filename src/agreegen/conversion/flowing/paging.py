"""Putting broken paragraphs on pages as LibreOffice 7.4 does: exact pitch, whole tables, kept neighbours.

- A paragraph of two or three lines is never parted; a longer one leaves two lines on either page.
- A paragraph that keeps with the next goes to the next page with it where the next cannot begin on this page.
- A table stays whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agreegen.conversion.compiled.layout import Piece
from agreegen.conversion.flowing.breaking import BrokenLine
from agreegen.conversion.flowing.description import PageSize, Paragraph, Style
from agreegen.conversion.interface import DoesNotFit
from agreegen.messages import message

_LEAST_LINES = 2
"""Lines that a parted paragraph leaves on either page."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of a line, without its baseline.

    Attributes:
        x: As written, points from the left.
        operators: What shows it; empty where it needs glyphs of the document's own.
        piece: The glyphs.
    """

    x: str
    operators: str
    piece: Piece


@dataclass(frozen=True, slots=True)
class SetParagraph:
    """A paragraph with its lines.

    Attributes:
        paragraph: Of the template.
        style: Its style.
        lines: Its lines; an empty paragraph has one without text.
        shown: The pieces of each line.
        glyphs: Indices of all its glyphs.
    """

    paragraph: Paragraph
    style: Style
    lines: tuple[BrokenLine, ...]
    shown: tuple[tuple[Shown, ...], ...]
    glyphs: frozenset[int] = frozenset()

    @property
    def paragraphs(self) -> tuple[SetParagraph, ...]:
        """Itself, as a table has those of its cells."""
        return (self,)

    @property
    def height(self) -> int:
        """From its top to the end of its last line."""
        return len(self.lines) * self.style.pitch


@dataclass(frozen=True, slots=True)
class SetCell:
    """A cell: where its lines begin, and its paragraphs."""

    left: int
    paragraphs: tuple[SetParagraph, ...]


@dataclass(frozen=True, slots=True)
class SetRow:
    """A row that is as high as its highest cell."""

    height: int
    cells: tuple[SetCell, ...]


@dataclass(frozen=True, slots=True)
class SetTable:
    """A table that stays whole."""

    rows: tuple[SetRow, ...]

    @property
    def paragraphs(self) -> tuple[SetParagraph, ...]:
        """Of all cells, in reading order."""
        return tuple(one for row in self.rows for cell in row.cells for one in cell.paragraphs)

    @property
    def height(self) -> int:
        """Of all rows."""
        return sum(row.height for row in self.rows)


Item = SetParagraph | SetTable


@dataclass(frozen=True, slots=True)
class Portion:
    """Lines of one item on one page.

    Attributes:
        item: Number of the item.
        page: Number of the page, from 0.
        top: Where the first line, or the table, begins.
        first: Number of the first line.
        last: Number of the line behind the last; 0 for a table.
    """

    item: int
    page: int
    top: int
    first: int = 0
    last: int = 0


def lay_out(items: Sequence[Item], size: PageSize) -> list[Portion]:
    """Put items on pages.

    Raises:
        DoesNotFit: What stays together is higher than a page, or parts in a way that was not measured.
    """
    portions: list[Portion] = []
    page, top = 0, size.top
    for number, item in enumerate(items):
        if top > size.top and not _begins(items, number, size.bottom - top):
            page, top = page + 1, size.top
        if top == size.top and not _begins(items, number, size.bottom - top):
            raise DoesNotFit(message("conversion.value-needs-more-lines-than-compiled"))
        if isinstance(item, SetTable):
            portions.append(Portion(number, page, top))
            top += item.height
            continue
        first = 0
        while (fitting := _fitting(item, first, size.bottom - top)) < len(item.lines):
            portions.append(Portion(number, page, top, first, fitting))
            first, page, top = fitting, page + 1, size.top
        portions.append(Portion(number, page, top, first, fitting))
        top += (fitting - first) * item.style.pitch + item.style.after
    return portions


def _begins(items: Sequence[Item], number: int, room: int) -> bool:
    """Tell whether an item can begin where so much room is left, with all that it keeps with."""
    item = items[number]
    if isinstance(item, SetTable):
        return item.height <= room
    if not item.paragraph.keep_next:
        return _fitting(item, 0, room) > 0
    if len(item.lines) >= 2 * _LEAST_LINES and not item.paragraph.keep_lines:
        raise DoesNotFit(message("conversion.value-needs-more-lines-than-compiled"))
    if item.height > room:
        return False
    left = room - item.height - item.style.after
    return number + 1 == len(items) or _begins(items, number + 1, left)


def _fitting(item: SetParagraph, first: int, room: int) -> int:
    """Return the number of the line behind the last that fits; `first` where none may stand here."""
    total = len(item.lines)
    if (total - first) * item.style.pitch <= room:
        return total
    fitting = min(first + room // item.style.pitch, total - _LEAST_LINES)
    if item.paragraph.keep_lines or fitting - first < _LEAST_LINES:
        return first
    return fitting
