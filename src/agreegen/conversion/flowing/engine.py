"""The engine for forms whose text flows: broken, put on pages and written without an office."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import jinja2

from agreegen.conversion.compiled.description import ENGINE
from agreegen.conversion.compiled.metrics import FontChain
from agreegen.conversion.flowing.breaking import break_paragraph, glyphs_of
from agreegen.conversion.flowing.content import Pages, PageWriter, SharedFont
from agreegen.conversion.flowing.description import Block, FlowingDescription, Paragraph
from agreegen.conversion.flowing.paging import Item, SetCell, SetParagraph, SetRow, SetTable, lay_out
from agreegen.conversion.flowing.writing import ColourProfile, FileWriter
from agreegen.conversion.interface import DoesNotFit
from agreegen.forms.fonts import find_first_font
from agreegen.forms.language import TemplateEnvironment
from agreegen.messages import message
from agreegen.model.document import Document
from agreegen.model.form import Field, FieldType, Form
from agreegen.values.printed import DATE_BLANK

Printed = Mapping[str, str | bool | list[str]]
"""Values as they are printed, by field name: `rendering.context.template_context`."""

_NUMBER, _TEXT = "\x1c", "\x1d"
"""Stand before the number of a paragraph and before its text; no value holds them."""

_BLOCK_TAG = re.compile(r"\s*\{%[^%]*%\}\s*")
_TAG = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_KEPT = 512
"""Paragraphs that are kept as they were set."""
_OFTEN = f"0123456789.，。；：（）、{DATE_BLANK}"
"""Characters of nearly every document; the shared font has them, too."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a paragraph of the template stands.

    Attributes:
        paragraph: The paragraph.
        block: Number of its block.
        row: Number of its row, -1 outside of tables.
        column: Number of its column, -1 outside of tables.
        left: Where its lines begin.
        width: How wide they may be.
    """

    paragraph: Paragraph
    block: int
    row: int
    column: int
    left: int
    width: int

    @property
    def prints(self) -> bool:
        """Whether it is more than a tag that opens or closes a clause or a list."""
        return not _BLOCK_TAG.fullmatch(self.paragraph.source)

    @property
    def is_fixed(self) -> bool:
        """Whether all documents have the same text here."""
        return self.prints and not _TAG.search(self.paragraph.source)


class FlowingForm:
    """A form whose text flows, ready to make documents; holds its font and fixed lines in memory.

    Args:
        form: The form.
        description: Its paragraphs and their geometry.
        profile: The colour profile of its base.

    Raises:
        ConversionError: The form's own text cannot be set.
    """

    def __init__(self, form: Form, description: FlowingDescription, profile: ColourProfile) -> None:
        self.form = form
        self._description = description
        self._size = description.page
        (font,) = {style.font for style in description.styles}
        # One font alone: how LibreOffice orders and places what a fallback has was not measured.
        self._chain = FontChain(find_first_font(dict(form.font_chains)[font]))
        self._places = tuple(_places(description))
        sources = (_marked(number, place) for number, place in enumerate(self._places))
        self._template = TemplateEnvironment(autoescape=False).from_string("".join(sources))
        shared = self._shared_font()
        feet = [[self._chain.shape(run.text, latin=False) for run in foot] for foot in description.feet]
        self._writer = PageWriter(self._size, shared, feet)
        # Many documents of a run have the same parties and dates.
        self._set = functools.lru_cache(maxsize=_KEPT)(self._set_paragraph)
        self._fixed = {
            number: self._set_paragraph(number, place.paragraph.source, ())
            for number, place in enumerate(self._places)
            if place.is_fixed
        }
        self._feet = [self._writer.foot(*pair) for pair in zip(description.feet, feet, strict=True)]
        self._file = FileWriter(form, self._size, shared, profile)

    def fits(self, document: Document, printed: Printed) -> None:
        """Check that a document's values can be set and laid out here.

        Args:
            document: The document.
            printed: Its values as they are printed.

        Raises:
            DoesNotFit: They cannot; the LibreOffice engine can lay the document out.
        """
        del document
        self._pages(printed)

    def produce(self, document: Document, printed: Printed, moment: datetime) -> bytes:
        """Make a document: PDF/A-3b with its fields and `agreegen.json`; equal inputs give equal bytes.

        The caller still owes the text gate.

        Args:
            document: What is filled in; its engine becomes this one.
            printed: Its values as they are printed.
            moment: Creation time, with a time zone.

        Raises:
            DoesNotFit: The values do not fit; the LibreOffice engine can lay the document out.
        """
        pages = self._pages(printed)
        own = self._chain.first.subset(pages.own) if pages.own else None
        return self._file.write(replace(document, engine=ENGINE), moment, pages, self._feet, own)

    def loose_fonts(self, pdf: bytes) -> tuple[str, ...]:
        """Return the fonts in a document that are not pinned by their hash: there are none."""
        del pdf
        return ()

    def _pages(self, printed: Printed) -> Pages:
        items = self._items(printed)
        portions = lay_out(items, self._size)
        if portions[-1].page >= len(self._feet):
            raise DoesNotFit(message("conversion.value-needs-more-lines-than-compiled"))
        return self._writer.write(items, portions)

    def _items(self, printed: Printed) -> list[Item]:
        """Set all paragraphs of a document, in reading order."""
        try:
            rendered = self._template.render(printed)
        except jinja2.TemplateError as exc:
            raise DoesNotFit(message("conversion.not-description-compiled-form", exc=exc)) from exc
        phones = (str(printed[field.name]) for field in self.form.fields if self._is_phone(field))
        numbers = tuple(number for number in phones if "-" in number)
        found = []
        for piece in rendered.split(_NUMBER)[1:]:
            digits, _, text = piece.partition(_TEXT)
            number = int(digits)
            one = self._fixed.get(number) or self._set(number, text, numbers)
            found.append((self._places[number], one))
        items: list[Item] = []
        for (_, in_table), group in itertools.groupby(found, lambda one: (one[0].block, one[0].row >= 0)):
            members = list(group)
            items += [_table(self._description.blocks, members)] if in_table else [one for _, one in members]
        return items

    @staticmethod
    def _is_phone(field: Field) -> bool:
        return field.printed and field.type is FieldType.PHONE

    def _set_paragraph(self, number: int, text: str, numbers: tuple[str, ...]) -> SetParagraph:
        place = self._places[number]
        style = self._description.styles[place.paragraph.style]
        widths = (place.width - style.first, place.width)
        lines = tuple(
            break_paragraph(text, self._chain, style.size, widths, in_table=place.row >= 0, numbers=numbers)
        )
        shown = tuple(
            self._writer.show(line, style, place.left, place.width, first=not number)
            for number, line in enumerate(lines)
        )
        glyphs = frozenset(glyph.index for line in lines for run in line.runs for glyph in run.glyphs)
        return SetParagraph(place.paragraph, style, lines, shown, glyphs)

    def _shared_font(self) -> SharedFont:
        """Make the font of the form's own text: what stands outside of tags, and in the feet."""
        texts = [_TAG.sub("", place.paragraph.source) for place in self._places]
        texts += [
            text for place in self._places for text in re.findall(r"%\}([^{]*)\{%", place.paragraph.source)
        ]
        glyphs = {glyph.index: glyph for text in (*texts, _OFTEN) for glyph in glyphs_of(text, self._chain)}
        feet = "".join(run.text for foot in self._description.feet for run in foot)
        glyphs |= {glyph.index: glyph for glyph in self._chain.shape(feet, latin=False)}
        font = self._chain.first
        return SharedFont(font, glyphs, font.subset(glyphs))


def _places(description: FlowingDescription) -> Iterator[_Place]:
    size = description.page
    for number, block in enumerate(description.blocks):
        if block.paragraph is not None:
            yield _Place(block.paragraph, number, -1, -1, size.left, size.width)
        for row, line in enumerate(block.rows):
            for column, cell in enumerate(line.cells):
                for paragraph in cell.paragraphs:
                    yield _Place(paragraph, number, row, column, cell.left, cell.width)


def _marked(number: int, place: _Place) -> str:
    source = place.paragraph.source
    return f"{_NUMBER}{number}{_TEXT}{source}" if place.prints else source


def _table(blocks: Sequence[Block], found: Sequence[tuple[_Place, SetParagraph]]) -> SetTable:
    rows = blocks[found[0][0].block].rows
    if len(found) != sum(len(cell.paragraphs) for row in rows for cell in row.cells):
        raise DoesNotFit(message("conversion.value-needs-more-lines-than-compiled"))
    made = []
    for number, row in enumerate(rows):
        cells = [
            SetCell(
                cell.left, tuple(one for place, one in found if (place.row, place.column) == (number, column))
            )
            for column, cell in enumerate(row.cells)
        ]
        heights = (sum(one.height + one.style.after for one in cell.paragraphs) for cell in cells)
        made.append(SetRow(max(row.height, *heights), tuple(cells)))
    return SetTable(tuple(made))
