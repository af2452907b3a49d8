"""What is known of a form whose text flows: its paragraphs, their geometry, and the feet of its pages.

All lengths are twips (1/20 pt) from the page's top or left edge; they are even, as LibreOffice halves them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agreegen.conversion.compiled.description import ENGINE, FLOWING, Align, write_description
from agreegen.errors import ConversionError
from agreegen.messages import message

LEFT_OFFSET = 3
"""Twips that LibreOffice 7.4 puts text further right than the margin says; bookmarks stand at the margin."""

BASE_NAME = "compiled.pdf"


@dataclass(frozen=True, slots=True)
class Style:
    """How a paragraph is set.

    Attributes:
        font: Font name in the template.
        size: Font size in points.
        pitch: From line to line.
        after: Below the last line.
        first: Where the first line begins, further in than the others.
        align: Which side of a line stays.
        rise: From the top of a line to its baseline.
    """

    font: str
    size: float
    pitch: int
    after: int
    first: int
    align: Align
    rise: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the template.

    Attributes:
        source: Its text with tags; a paragraph that is a tag alone prints nothing itself.
        style: Number of its style.
        keep_next: Whether it stays on one page with what follows.
        keep_lines: Whether its lines stay on one page.
        bookmarks: Those that stand at its start.
    """

    source: str
    style: int
    keep_next: bool = False
    keep_lines: bool = False
    bookmarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A table cell: where its text begins, how wide it may be, and its paragraphs."""

    left: int
    width: int
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A table row, at least as high as stated."""

    height: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of the page, or a table that stays on one page."""

    paragraph: Paragraph | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class FootRun:
    """A run of text at a page's foot.

    Attributes:
        x: Tenths of a point from the left.
        y: Baseline as written.
        size: Font size in points.
        text: What it says.
        adjustments: Glyph number and the adjustment after it.
    """

    x: int
    y: str
    size: float
    text: str
    adjustments: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PageSize:
    """The page.

    Attributes:
        box: `/MediaBox`, as written.
        height: Points that baselines are counted down from.
        top: Where the text begins.
        bottom: Where it ends.
        left: Where lines begin.
        width: Of a line.
    """

    box: str
    height: str
    top: int
    bottom: int
    left: int
    width: int


@dataclass(frozen=True, slots=True)
class FlowingDescription:
    """A form whose text flows.

    Attributes:
        template_sha256: The template that it was made from.
        description_sha256: The `form.yaml` that it was made from.
        fonts: Font name in the template → SHA-256 of its font file.
        base_sha256: Of the base PDF, which holds the colour profile.
        page: The page.
        styles: By number.
        blocks: In reading order.
        feet: What stands at the foot of each page; there are no more pages.
        proved: How many documents were compared with LibreOffice's.
    """

    template_sha256: str
    description_sha256: str
    fonts: Mapping[str, str]
    base_sha256: str
    page: PageSize
    styles: tuple[Style, ...]
    blocks: tuple[Block, ...]
    feet: tuple[tuple[FootRun, ...], ...]
    proved: int

    def to_yaml(self) -> bytes:
        """Write the description."""
        raw = {"format": 1, "engine": ENGINE, "kind": FLOWING, **_plain(self)}
        return write_description(raw)

    @classmethod
    def from_raw(cls, raw: Mapping[str, Any]) -> FlowingDescription:
        """Take a description from what `read_description` returns.

        Raises:
            ConversionError: It is no such description.
        """
        try:
            return cls(
                template_sha256=str(raw["template_sha256"]),
                description_sha256=str(raw["description_sha256"]),
                fonts={str(name): str(value) for name, value in raw["fonts"].items()},
                base_sha256=str(raw["base_sha256"]),
                page=PageSize(**raw["page"]),
                styles=tuple(Style(**{**one, "align": Align(one["align"])}) for one in raw["styles"]),
                blocks=tuple(_block(one) for one in raw["blocks"]),
                feet=tuple(tuple(_foot(run) for run in foot) for foot in raw["feet"]),
                proved=int(raw["proved"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ConversionError(message("conversion.not-description-compiled-form", exc=exc)) from exc


def _plain(value: Any) -> Any:
    """Turn dataclasses and tuples into what YAML has; what is as by default is left out."""
    if dataclasses.is_dataclass(value):
        entries = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: _plain(entry) for field, entry in entries if entry != field.default}
    if isinstance(value, Align):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return dict(value) if isinstance(value, Mapping) else value


def _block(raw: dict[str, Any]) -> Block:
    if "rows" in raw:
        return Block(rows=tuple(_row(one) for one in raw["rows"]))
    return Block(_paragraph(raw["paragraph"]))


def _row(raw: dict[str, Any]) -> Row:
    cells = (
        Cell(one["left"], one["width"], tuple(map(_paragraph, one["paragraphs"]))) for one in raw["cells"]
    )
    return Row(int(raw["height"]), tuple(cells))


def _paragraph(raw: dict[str, Any]) -> Paragraph:
    return Paragraph(**{**raw, "bookmarks": tuple(raw.get("bookmarks", ()))})


def _foot(raw: dict[str, Any]) -> FootRun:
    pairs = tuple((int(number), int(by)) for number, by in raw.get("adjustments", ()))
    return FootRun(**{**raw, "adjustments": pairs})
