"""Lettering on printed copies and cover sheets: one set of font subsets for a whole stack of paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agreegen.conversion.compiled.embedding import font_objects, font_tables
from agreegen.conversion.compiled.metrics import Font, FontSubset, Glyph, open_font
from agreegen.forms.fonts import FontFile

LETTERING_FONTS = (
    "Noto Serif SC",
    "LXGW WenKai",
    "HanaMinA",
    "HanaMinB",
    "Noto Serif CJK SC",
    "BabelStone Han",
)
_MISSING = "〓"
"""The mark of Chinese typesetters for a character that is not at hand."""
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Lettered:
    """A line of text, ready for a content stream.

    Attributes:
        operators: Text operators without `BT`, position and `ET`.
        width: Width in points.
    """

    operators: bytes
    width: float


class Lettering:
    """The characters of a stack of paper: each from the first font that has it.

    Args:
        fonts: Tried in order; at least one.
        texts: All that will be set.
    """

    def __init__(self, fonts: Iterable[FontFile], texts: Iterable[str]) -> None:
        self._fonts = tuple(open_font(file) for file in fonts)
        self._glyphs: dict[str, tuple[int, Glyph]] = {}
        for character in sorted({_MISSING, _ELLIPSIS, *(c for text in texts for c in text)}):
            self._glyphs[character] = self._find(character)
        self._subsets = tuple(self._subset(number) for number in range(len(self._fonts)))

    def set(self, text: str, size: float) -> Lettered:
        """Set a line.

        Args:
            text: Of characters that were announced.
            size: In points.
        """
        parts: list[str] = []
        width, last = 0.0, -1
        for character in text:
            number, glyph = self._glyphs[character]
            subset = self._subsets[number]
            assert subset is not None
            if number != last:
                parts.append(f"{'>Tj' if parts else ''}/P{number} {size:g} Tf<")
                last = number
            parts.append(f"{subset.codes[glyph.index]:04X}")
            width += glyph.width
        return Lettered(("".join(parts) + (">Tj" if parts else "")).encode(), width * size / 1000)

    def fit(self, text: str, size: float, width: float) -> str:
        """Return as much of a text as fits into a width, with an ellipsis where some is left out."""
        if self.set(text, size).width <= width:
            return text
        kept, taken = 0, 0.0
        for character in text:
            taken += self._glyphs[character][1].width
            if taken * size / 1000 > width - size:
                break
            kept += 1
        return text[:kept] + _ELLIPSIS

    def objects(self, first: int) -> tuple[dict[str, int], list[tuple[int, bytes]]]:
        """Return the object number of each font by its resource name, and the objects themselves.

        Args:
            first: Number of the first object.
        """
        names: dict[str, int] = {}
        made: list[tuple[int, bytes]] = []
        for number, (font, subset) in enumerate(zip(self._fonts, self._subsets, strict=True)):
            if subset is None:
                continue
            names[f"P{number}"] = first + len(made)
            made += font_objects(first + len(made), font.facts, subset, *self._tables(number, subset))
        return names, made

    def _tables(self, number: int, subset: FontSubset) -> tuple[bytes, bytes]:
        # Two characters may share a glyph, e.g. compatibility ideographs; on paper they look the same.
        glyphs = {glyph.index: glyph for home, glyph in self._glyphs.values() if home == number}
        return font_tables(list(glyphs.values()), subset)

    def _find(self, character: str) -> tuple[int, Glyph]:
        for number, font in enumerate(self._fonts):
            if font.has(character):
                return number, _glyph(font, character)
        if character == _MISSING:
            return 0, _glyph(self._fonts[0], character)
        return self._find(_MISSING)

    def _subset(self, number: int) -> FontSubset | None:
        indices = {glyph.index for home, glyph in self._glyphs.values() if home == number}
        return self._fonts[number].subset(indices) if indices else None


def _glyph(font: Font, character: str) -> Glyph:
    (glyph,) = font.shape(character, 0, latin=False)
    return glyph
