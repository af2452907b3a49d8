"""Rare characters in runs of their own, set in the font that has them.

Left alone, LibreOffice falls back glyph by glyph and writes the fallen-back glyphs after the rest of the run:
the page looks right, but what is copied from it or searched in it is in the wrong order.
"""

from __future__ import annotations

import copy
import functools
import itertools
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from agreegen.forms.fonts import FontFile, covered_characters
from agreegen.forms.run_fonts import RunFonts
from agreegen.forms.styles import Styles, W

DOCUMENT = "word/document.xml"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def split_rare_characters(parts: Mapping[str, bytes], chains: Mapping[str, tuple[FontFile, ...]]) -> bytes:
    """Give each character that the first font of its chain lacks a run set in the next font that has it.

    Args:
        parts: The parts of a filled template by name.
        chains: Each font name of the template → the fonts of its chain that are there.

    Returns:
        The part `word/document.xml`, unchanged where the first fonts have everything.
    """
    document_xml = parts[DOCUMENT]
    text = {ord(character) for character in document_xml.decode("utf-8")}
    if all(text <= _covered(chain[0]) for chain in chains.values()):
        return document_xml
    root = parse_part(document_xml)
    styles = Styles.from_parts(lambda name: parse_part(parts[name]) if name in parts else None)
    for paragraph in list(root.iter(f"{W}p")):
        for run in list(paragraph.iter(f"{W}r")):
            _split_run(run, _Choice(styles.fonts_of_run(paragraph, run), chains))
    return serialise(root)


def parse_part(part: bytes) -> Any:
    """Parse a part of a filled template."""
    # The parts are our own rendering, made from a template that was parsed without entities.
    return etree.fromstring(part, etree.XMLParser(resolve_entities=False, no_network=True))


def serialise(root: Any) -> bytes:
    """Write a part of a filled template."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


@functools.cache
def _covered(font: FontFile) -> frozenset[int]:
    # White space has no glyph and needs none.
    return covered_characters(font) | {0x09, 0x0A, 0x0D, 0x20}


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which font a character of one run needs.

    Attributes:
        fonts: The fonts of the run.
        chains: Font name → fonts in turn.
    """

    fonts: RunFonts
    chains: Mapping[str, tuple[FontFile, ...]]

    def family(self, character: str) -> str | None:
        """Return the font that a character has to be set in; None where the run's own has it."""
        names = sorted(self.fonts.of(character) & self.chains.keys(), key=self._latin_last)
        chains = [self.chains[name] for name in names]
        if all(ord(character) in _covered(chain[0]) for chain in chains):
            return None
        fonts = (font for chain in chains for font in chain)
        return next((font.family for font in fonts if ord(character) in covered_characters(font)), None)

    def _latin_last(self, name: str) -> bool:
        return name != self.fonts.east_asian


def _split_run(run: Any, choice: _Choice) -> None:
    content = [node for node in run if node.tag != f"{W}rPr"]
    pieces = [piece for node in content for piece in _pieces(node, choice)]
    if all(family is None for family, _ in pieces):
        return
    properties = run.find(f"{W}rPr")
    for family, node in pieces:
        part = etree.Element(f"{W}r")
        own = etree.Element(f"{W}rPr") if properties is None else copy.deepcopy(properties)
        if family is not None:
            set_font(own, family)
        if len(own):
            part.append(own)
        part.append(node)
        run.addprevious(part)
    run.getparent().remove(run)


def _pieces(node: Any, choice: _Choice) -> list[tuple[str | None, Any]]:
    """Part a run's child into pieces of one font each; None stands for the run's own font."""
    if node.tag != f"{W}t":
        return [(None, node)]
    pieces: list[tuple[str | None, Any]] = []
    for family, characters in itertools.groupby(_families(node.text or "", choice), key=lambda pair: pair[0]):
        text = etree.Element(f"{W}t")
        text.set(_SPACE, "preserve")
        text.text = "".join(character for _, character in characters)
        pieces.append((family, text))
    return pieces


def _families(text: str, choice: _Choice) -> list[tuple[str | None, str]]:
    pairs: list[tuple[str | None, str]] = []
    for character in text:
        marks = bool(pairs) and unicodedata.category(character).startswith("M")
        # A mark stays with the character that it belongs to.
        pairs.append((pairs[-1][0] if marks else choice.family(character), character))
    return pairs


def set_font(properties: Any, family: str) -> None:
    """Name one font for all kinds of characters in the properties of a run."""
    for old in properties.findall(f"{W}rFonts"):
        properties.remove(old)
    fonts = etree.Element(f"{W}rFonts")
    for key in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(f"{W}{key}", family)
    # In w:rPr only w:rStyle comes before w:rFonts (ECMA-376 part 1, 17.3.2.28).
    properties.insert(1 if properties.find(f"{W}rStyle") is not None else 0, fonts)
