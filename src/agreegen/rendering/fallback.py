"""Rare characters in runs of their own, set in the font that has them.

Left alone, LibreOffice falls back glyph by glyph and writes the fallen-back glyphs after the rest of the run:
the page looks right, but what is copied from it or searched in it is in the wrong order.
"""

from __future__ import annotations

import copy
import functools
import itertools
import unicodedata
from typing import Any

from lxml import etree

from agreegen.forms.fonts import covered_characters, find_chain
from agreegen.forms.template import Styles, W
from agreegen.model.form import Form

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def split_rare_characters(document_xml: bytes, styles_xml: bytes, form: Form) -> bytes:
    """Give each character that the first font of its chain lacks a run set in the next font that has it.

    Args:
        document_xml: The part `word/document.xml` of a filled template.
        styles_xml: The part `word/styles.xml`.
        form: The form with its font chains.

    Returns:
        The document part, unchanged where the first fonts have everything.

    Raises:
        MissingProgramError: A chain has no font that is there.
    """
    chains = dict(form.font_chains)
    text = {ord(character) for character in document_xml.decode("utf-8")}
    if all(text <= _first_covers(chain) for chain in chains.values()):
        return document_xml
    # The parts are our own rendering, made from a template that was parsed without entities.
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.fromstring(document_xml, parser)
    styles = Styles(etree.fromstring(styles_xml, parser))
    for paragraph in list(root.iter(f"{W}p")):
        for run in list(paragraph.iter(f"{W}r")):
            chain = next(
                (chains[name] for name in styles.fonts_of_run(paragraph, run) if name in chains), None
            )
            if chain is not None:
                _split_run(run, chain)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


@functools.cache
def _first_covers(chain: tuple[str, ...]) -> frozenset[int]:
    # White space has no glyph and needs none.
    return covered_characters(find_chain(chain)[0]) | {0x09, 0x0A, 0x0D, 0x20}


def _split_run(run: Any, chain: tuple[str, ...]) -> None:
    content = [node for node in run if node.tag != f"{W}rPr"]
    pieces = [piece for node in content for piece in _pieces(node, chain)]
    if all(family is None for family, _ in pieces):
        return
    properties = run.find(f"{W}rPr")
    for family, node in pieces:
        part = etree.Element(f"{W}r")
        own = etree.Element(f"{W}rPr") if properties is None else copy.deepcopy(properties)
        if family is not None:
            _set_font(own, family)
        if len(own):
            part.append(own)
        part.append(node)
        run.addprevious(part)
    run.getparent().remove(run)


def _pieces(node: Any, chain: tuple[str, ...]) -> list[tuple[str | None, Any]]:
    """Part a run's child into pieces of one font each; None stands for the run's own font."""
    if node.tag != f"{W}t":
        return [(None, node)]
    pieces: list[tuple[str | None, Any]] = []
    for family, characters in itertools.groupby(_families(node.text or "", chain), key=lambda pair: pair[0]):
        text = etree.Element(f"{W}t")
        text.set(_SPACE, "preserve")
        text.text = "".join(character for _, character in characters)
        pieces.append((family, text))
    return pieces


def _families(text: str, chain: tuple[str, ...]) -> list[tuple[str | None, str]]:
    fonts = find_chain(chain)
    pairs: list[tuple[str | None, str]] = []
    for character in text:
        family = None
        if pairs and unicodedata.category(character).startswith("M"):
            family = pairs[-1][0]  # a mark stays with the character that it belongs to
        elif ord(character) not in _first_covers(chain):
            family = next((f.family for f in fonts[1:] if ord(character) in covered_characters(f)), None)
        pairs.append((family, character))
    return pairs


def _set_font(properties: Any, family: str) -> None:
    for old in properties.findall(f"{W}rFonts"):
        properties.remove(old)
    fonts = etree.Element(f"{W}rFonts")
    for key in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(f"{W}{key}", family)
    # In w:rPr only w:rStyle comes before w:rFonts (ECMA-376 part 1, 17.3.2.28).
    properties.insert(1 if properties.find(f"{W}rStyle") is not None else 0, fonts)
