"""The fonts that a filled template is really set in: the first of each chain, and an office's own ones."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from agreegen.forms.fonts import find_chain
from agreegen.forms.styles import Styles, W
from agreegen.model.form import FontUse, Form
from agreegen.rendering.fallback import DOCUMENT, parse_part, serialise, set_font

_NAMING = re.compile(r"word/(document|styles|numbering|header\d*|footer\d*|theme/theme\d*)\.xml\Z")
_NAME = rb'(\b(?:w:ascii|w:hAnsi|w:eastAsia|w:cs|typeface)=")%b(?=")'

FontChains = tuple[tuple[str, tuple[str, ...]], ...]


def page_chains(form: Form) -> FontChains:
    """Return the chain of every font name that a filled template holds after `set_typefaces`.

    Raises:
        MissingProgramError: A chain has no font that is there.
    """
    chains = dict(form.font_chains)
    chains |= {first: chains[name] for name, first in _renamed(form).items()}
    text = next(iter(chains.values()), ())
    chains |= {font.family: (font.family, *text) for font in form.own_fonts if font.use is FontUse.TITLE}
    return tuple(chains.items())


def set_typefaces(parts: Mapping[str, bytes], form: Form) -> dict[str, bytes]:
    """Name the fonts that the page is to be set in.

    The office takes a font by its name where that is installed, whatever stands before it in its chain. So a
    chain that begins with another font than the template names has that one written into the template.

    Args:
        parts: The parts of a filled template by name.
        form: The form with its font chains.

    Returns:
        The parts, those with names of fonts rewritten.

    Raises:
        MissingProgramError: A chain has no font that is there.
    """
    renamed = _renamed(form)
    titles = [font.family for font in form.own_fonts if font.use is FontUse.TITLE]
    changed = dict(parts)
    for name, part in parts.items():
        if renamed and _NAMING.match(name):
            changed[name] = _rename(part, renamed)
    if titles:
        changed[DOCUMENT] = _with_title(changed, titles[0])
    return changed


def _renamed(form: Form) -> dict[str, str]:
    """Return font name of the template → the first font of its chain, where that is another one."""
    first = {name: find_chain(chain, form.own_fonts)[0].family for name, chain in form.font_chains}
    return {
        name: family
        for name, family in first.items()
        if family != name and name in dict(form.font_chains)[name]
    }


def _rename(part: bytes, renamed: Mapping[str, str]) -> bytes:
    for name, family in renamed.items():
        written = re.escape(_attribute(name))
        replacement = _attribute(family).replace(b"\\", b"\\\\")
        part = re.sub(_NAME % written, b"\\g<1>" + replacement, part)
    return part


def _attribute(text: str) -> bytes:
    return html.escape(text, quote=False).replace('"', "&quot;").encode()


def _with_title(parts: Mapping[str, bytes], family: str) -> bytes:
    root = parse_part(parts[DOCUMENT])
    styles = Styles.from_parts(lambda name: parse_part(parts[name]) if name in parts else None)
    for paragraph in root.iter(f"{W}p"):
        if styles.is_title(paragraph):
            for run in paragraph.iter(f"{W}r"):
                set_font(_properties(run), family)
    return serialise(root)


def _properties(run: Any) -> Any:
    found = run.find(f"{W}rPr")
    if found is None:
        found = run.makeelement(f"{W}rPr")
        run.insert(0, found)
    return found
