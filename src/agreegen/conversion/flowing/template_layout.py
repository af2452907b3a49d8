"""Reading how a template is laid out; what its layout engine would have to know beyond that is refused.

WordprocessingML (ECMA-376 part 1, clause 17). Only what was measured against LibreOffice may stand in a
template that is compiled: exact line pitch, whole twips that are even, one font, tables of fixed columns.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from agreegen.conversion.compiled.description import Align
from agreegen.conversion.flowing.description import LEFT_OFFSET, Block, Cell, Paragraph, Row, Style
from agreegen.conversion.flowing.unmeasured import refuse, refuse_words, require_even, unknown_setting
from agreegen.forms.styles import Styles, W
from agreegen.forms.template import Template
from agreegen.messages import message

_RISE = (4, 5)
"""Part of an exact line pitch that lies above the baseline."""

_ALIGNS = {
    "left": Align.LEFT,
    "start": Align.LEFT,
    "center": Align.CENTRE,
    "right": Align.RIGHT,
    "end": Align.RIGHT,
}
_PARAGRAPH = frozenset(
    {"pStyle", "widowControl", "snapToGrid", "spacing", "ind", "jc", "keepNext", "keepLines"}
)
_RUN = frozenset({"rFonts", "sz", "szCs", "lang"})
_SECTION = frozenset({"footerReference", "pgSz", "pgMar", "cols"})
_TABLE = frozenset({"tblW", "tblLayout", "tblCellMar"})
_ROW = frozenset({"cantSplit", "trHeight"})
_OFF = frozenset({"0", "false", "off"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How a template is laid out.

    Attributes:
        top: Where the text begins, in twips.
        bottom: Where it ends.
        left: Where lines begin.
        width: Of a line.
        styles: By number.
        blocks: In reading order.
    """

    top: int
    bottom: int
    left: int
    width: int
    styles: tuple[Style, ...]
    blocks: tuple[Block, ...]


def read_layout(data: bytes, template: Template) -> Layout:
    """Read a template's layout.

    Args:
        data: The Word file.
        template: Its text, as `parse_template` read it.

    Raises:
        ConversionError: It holds something whose layout was not measured.
    """
    reader = _Reader(data, template)
    try:
        return reader.read()
    except (TypeError, ValueError, AttributeError) as exc:  # a number that is none, or is missing
        raise unknown_setting(reader.place) from exc


class _Reader:
    def __init__(self, data: bytes, template: Template) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())

            def part(name: str) -> Any:
                return etree.fromstring(package.read(name)) if name in names else None

            self._body = part("word/document.xml").find(f"{W}body")
            self._styles = Styles.from_parts(part)
        self._paragraphs = template.paragraphs
        self._next = 0
        self.place = message("conversion.place.page-settings")
        self._found: list[Style] = []
        self._left = self._width = 0

    def read(self) -> Layout:
        *content, section = self._body
        self._only(section, _SECTION)
        size, margin = section.find(f"{W}pgSz"), section.find(f"{W}pgMar")
        self._left = _twips(margin, "left") + LEFT_OFFSET
        self._width = _twips(size, "w") - _twips(margin, "left") - _twips(margin, "right")
        top = require_even(_twips(margin, "top"), self.place)
        bottom = require_even(_twips(size, "h") - _twips(margin, "bottom"), self.place)
        blocks = tuple(self._block(node) for node in content)
        if len({style.font for style in self._found}) != 1:
            refuse("rFonts", message("conversion.place.styles"))
        return Layout(top, bottom, self._left, self._width, tuple(self._found), blocks)

    def _only(self, node: Any, names: frozenset[str]) -> None:
        """Refuse an element that holds others than these, by the first of them."""
        for child in node if node is not None else ():
            if isinstance(child.tag, str) and child.tag.removeprefix(W) not in names:
                refuse(child.tag, self.place)

    def _block(self, node: Any) -> Block:
        if self._next < len(self._paragraphs):
            self.place = self._paragraphs[self._next].place
        if node.tag == f"{W}p":
            return Block(self._paragraph(node))
        if node.tag != f"{W}tbl":
            refuse(node.tag, self.place)
        return Block(rows=tuple(self._rows(node)))

    def _rows(self, table: Any) -> Iterator[Row]:
        properties = table.find(f"{W}tblPr")
        self._only(properties, _TABLE)
        self._only(table, frozenset({"tblPr", "tblGrid", "tr"}))
        if properties.find(f"{W}tblLayout[@{W}type='fixed']") is None:
            refuse("tblLayout", self.place)
        sides = properties.iterfind(f"{W}tblCellMar/*")
        margins = {side.tag.removeprefix(W): _twips(side, "w") for side in sides}
        right = margins.pop("right", 0)
        if set(margins) != {"top", "left", "bottom"} or any(margins.values()):
            refuse("tblCellMar", self.place)
        columns = [_twips(column, "w") for column in table.find(f"{W}tblGrid")]
        for row in table.findall(f"{W}tr"):
            yield self._row(row, columns, right)

    def _row(self, row: Any, columns: list[int], right: int) -> Row:
        properties = row.find(f"{W}trPr")
        self._only(properties, _ROW)
        self._only(row, frozenset({"trPr", "tc"}))
        height = row.find(f"{W}trPr/{W}trHeight")
        if height is not None and height.get(f"{W}hRule", "atLeast") != "atLeast":
            refuse("trHeight", self.place)
        nodes = row.findall(f"{W}tc")
        if len(nodes) != len(columns):
            refuse("gridSpan", self.place)
        cells, left = [], self._left
        for node, width in zip(nodes, columns, strict=True):
            self._only(node, frozenset({"tcPr", "p"}))
            self._only(node.find(f"{W}tcPr"), frozenset({"tcW"}))
            paragraphs = tuple(self._paragraph(one) for one in node.findall(f"{W}p"))
            cells.append(Cell(left, width - right, paragraphs))
            left += width
        return Row(0 if height is None else require_even(_twips(height, "val"), self.place), tuple(cells))

    def _paragraph(self, node: Any) -> Paragraph:
        text = self._paragraphs[self._next]
        self.place, self._next = text.place, self._next + 1
        for oddity in text.oddities:
            refuse_words(oddity, text.place, message("conversion.layout.remove.hint"))
        properties = list(self._properties(node))
        for holder in properties:
            self._only(holder, _PARAGRAPH)
        for run in node.iter(f"{W}r"):
            self._only(run, frozenset({"t", "rPr"}))
            self._only(run.find(f"{W}rPr"), frozenset())
        self._only(node, frozenset({"pPr", "r", "bookmarkStart", "bookmarkEnd", "proofErr"}))
        style = self._style(node, properties)
        if style not in self._found:
            self._found.append(style)
        marks = tuple(str(mark.get(f"{W}name")) for mark in node.iter(f"{W}bookmarkStart"))
        return Paragraph(
            text.source,
            self._found.index(style),
            _flag(properties, "keepNext"),
            _flag(properties, "keepLines"),
            marks,
        )

    def _properties(self, node: Any) -> Iterator[Any]:
        """Yield the paragraph's own properties, then those of its styles."""
        own = node.find(f"{W}pPr")
        if own is not None:
            yield own
        named = None if own is None else own.find(f"{W}pStyle")
        for style in self._styles.chain(self._styles.default if named is None else named.get(f"{W}val")):
            holder = style.find(f"{W}pPr")
            if holder is not None:
                yield holder

    def _style(self, node: Any, properties: list[Any]) -> Style:
        spacing = _merged(properties, "spacing")
        indent = _merged(properties, "ind")
        if spacing.get("lineRule") != "exact" or int(spacing.get("before", 0)):
            refuse("spacing", self.place)
        if any(int(indent.get(key, 0)) for key in ("left", "right", "start", "end", "hanging")):
            refuse("ind", self.place)
        if _merged(properties, "widowControl").get("val") in _OFF:
            refuse("widowControl", self.place)
        pitch = require_even(int(spacing["line"]), self.place)
        align = _merged(properties, "jc").get("val", "left")
        if align not in _ALIGNS:
            refuse("jc", self.place)
        font, half_points = self._run_properties(node)
        first = int(indent.get("firstLine", 0))
        if first and align != "left":
            refuse("ind", self.place)
        rise = require_even(pitch * _RISE[0] // _RISE[1], self.place)
        after = require_even(int(spacing.get("after", 0)), self.place)
        return Style(font, half_points / 2, pitch, after, first, _ALIGNS[align], rise)

    def _run_properties(self, node: Any) -> tuple[str, int]:
        own = node.find(f"{W}pPr/{W}pStyle")
        size: int | None = None
        fonts: set[str] = set()
        for style in self._styles.chain(self._styles.default if own is None else own.get(f"{W}val")):
            holder = style.find(f"{W}rPr")
            if holder is None:
                continue
            self._only(holder, _RUN)
            if size is None and holder.find(f"{W}sz") is not None:
                size = int(holder.find(f"{W}sz").get(f"{W}val"))
            for named in holder.iterfind(f"{W}rFonts"):
                fonts |= {str(named.get(f"{W}{key}")) for key in ("ascii", "hAnsi", "eastAsia")}
        if len(fonts) != 1 or size is None:
            refuse("rFonts", self.place)
        return fonts.pop(), size


def _merged(properties: list[Any], name: str) -> dict[str, str]:
    """Return the attributes of a property, each from the nearest holder that has it."""
    found: dict[str, str] = {}
    for holder in properties:
        for one in holder.iterfind(f"{W}{name}"):
            found = {**{key.removeprefix(W): str(value) for key, value in one.attrib.items()}, **found}
    return found


def _flag(properties: list[Any], name: str) -> bool:
    for holder in properties:
        one = holder.find(f"{W}{name}")
        if one is not None:
            return one.get(f"{W}val", "1") not in _OFF
    return False


def _twips(node: Any, name: str) -> int:
    return int(node.get(f"{W}{name}"))
