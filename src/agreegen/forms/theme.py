"""The fonts of a document's theme, by the names with which styles refer to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SCRIPTS = {"zh-tw": "Hant", "zh-hk": "Hant", "zh-mo": "Hant", "ja": "Jpan", "ko": "Hang"}
"""Language of the document's Chinese text → the script whose font a theme names; else simplified Chinese."""


def theme_fonts(root: Any, language: str) -> Mapping[str, str]:
    """Return a theme's fonts by reference, e.g. `minorEastAsia` (ECMA-376 part 1, 17.18.96 and 20.1.4.1).

    Args:
        root: The root of `theme1.xml`; None where there is none.
        language: `w:themeFontLang/@w:eastAsia` of the settings, empty where it is not given.

    Returns:
        Reference → font name; a reference that the theme leaves empty is not in it.
    """
    fonts: dict[str, str] = {}
    for prefix in ("major", "minor") if root is not None else ():
        scheme = root.find(f".//{A}{prefix}Font")
        if scheme is None:
            continue
        latin, asian = (_typeface(scheme, name) for name in ("latin", "ea"))
        fonts |= {f"{prefix}{kind}": latin for kind in ("Ascii", "HAnsi") if latin}
        asian = asian or _of_script(scheme, language)
        if asian:
            fonts[f"{prefix}EastAsia"] = asian
    return fonts


def _typeface(scheme: Any, name: str) -> str:
    node = scheme.find(f"{A}{name}")
    return "" if node is None else str(node.get("typeface") or "")


def _of_script(scheme: Any, language: str) -> str:
    lower = language.lower()
    script = _SCRIPTS.get(lower) or _SCRIPTS.get(lower.split("-")[0]) or "Hans"
    found = (
        str(font.get("typeface") or "")
        for font in scheme.iterfind(f"{A}font")
        if font.get("script") == script
    )
    return next(found, "")
