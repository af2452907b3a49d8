"""Telephone numbers that stay on one line.

In Chinese text LibreOffice breaks a line between any two digits, as it does between any two Han characters.
A number gets a run of its own in English, in which it breaks at hyphens only, and a word joiner behind those.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection
from typing import Any

from lxml import etree

from agreegen.forms.styles import W
from agreegen.model.text import WORD_JOINER

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_HYPHEN = re.compile(r"-(?=.)")


def keep_numbers_whole(document_xml: bytes, numbers: Collection[str]) -> bytes:
    """Set telephone numbers so that no line breaks inside of them.

    Args:
        document_xml: The part `word/document.xml` of a filled template.
        numbers: The numbers as they are printed.

    Returns:
        The part, unchanged where none of them stands in it.
    """
    known = [number for number in numbers if "-" in number and number.encode() in document_xml]
    if not known:
        return document_xml
    # The part is our own rendering, made from a template that was parsed without entities.
    root = etree.fromstring(document_xml, etree.XMLParser(resolve_entities=False, no_network=True))
    pattern = re.compile("(" + "|".join(map(re.escape, sorted(known, key=len, reverse=True))) + ")")
    for text in list(root.iter(f"{W}t")):
        pieces = pattern.split(text.text or "")
        if len(pieces) > 1 and text.getparent().tag == f"{W}r":
            _part_run(text.getparent(), text, pieces)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def _part_run(run: Any, text: Any, pieces: list[str]) -> None:
    """Put a run for each piece of a text in the place of that text; every second one is a number."""
    properties, behind = run.find(f"{W}rPr"), list(text.itersiblings())
    parts = [_run_of(properties, piece, whole=bool(n % 2)) for n, piece in enumerate(pieces) if piece]
    if behind:
        parts.append(_run_of(properties, "", whole=False))
        parts[-1].extend(behind)
    run.remove(text)
    for part in reversed(parts):
        run.addnext(part)


def _run_of(properties: Any, text: str, *, whole: bool) -> Any:
    part = etree.Element(f"{W}r")
    own = etree.Element(f"{W}rPr") if properties is None else copy.deepcopy(properties)
    if whole:
        for language in own.findall(f"{W}lang"):
            own.remove(language)
        # Nothing that a template's run has comes after w:lang (ECMA-376 part 1, 17.3.2.28).
        etree.SubElement(own, f"{W}lang").set(f"{W}val", "en-US")
    if len(own):
        part.append(own)
    if text:
        node = etree.SubElement(part, f"{W}t")
        node.set(_SPACE, "preserve")
        node.text = _HYPHEN.sub(f"-{WORD_JOINER}", text) if whole else text
    return part
