"""The style sheet of a Word document: alignment, numbering and fonts of text, with inheritance resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agreegen.forms.run_fonts import DEFAULT_FONT, RunFonts
from agreegen.forms.theme import theme_fonts

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAX_STYLE_DEPTH = 20
_TITLES = frozenset({"title", "form title"})
"""Names of styles for a document's title; Word writes its built-in names in English in every language."""


class Styles:
    """The style sheet, with inheritance by `basedOn` resolved.

    Args:
        root: The root element of `word/styles.xml`; None for a file without one.
        theme: The theme's fonts by reference.
    """

    def __init__(self, root: Any, theme: Mapping[str, str]) -> None:
        self._theme = theme
        self.by_id: dict[str, Any] = {}
        self.default: str | None = None
        self.root = root
        for style in root.iter(f"{W}style") if root is not None else ():
            self.by_id[str(style.get(f"{W}styleId"))] = style
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in {"1", "true"}:
                self.default = str(style.get(f"{W}styleId"))

    @classmethod
    def from_parts(cls, read: Callable[[str], Any]) -> Styles:
        """Read the style sheet with the theme's fonts; a document need have neither.

        Args:
            read: Returns the root element of a part by its name, None where there is no such part.
        """
        settings = read("word/settings.xml")
        language = None if settings is None else settings.find(f"{W}themeFontLang")
        asian = "" if language is None else str(language.get(f"{W}eastAsia", ""))
        return cls(read("word/styles.xml"), theme_fonts(read("word/theme/theme1.xml"), asian))

    def chain(self, style_id: str | None) -> Iterator[Any]:
        seen: set[str | None] = set()
        while style_id in self.by_id and style_id not in seen and len(seen) < _MAX_STYLE_DEPTH:
            seen.add(style_id)
            style = self.by_id[style_id]
            yield style
            based = style.find(f"{W}basedOn")
            style_id = None if based is None else based.get(f"{W}val")

    def _layers(self, node: Any) -> Iterator[Any]:
        """The paragraph itself, its style, the styles below it, the document defaults."""
        yield node
        style = node.find(f"{W}pPr/{W}pStyle")
        yield from self.chain(self.default if style is None else style.get(f"{W}val"))
        if self.root is not None:
            yield from self.root.iterfind(f"{W}docDefaults/{W}pPrDefault")

    def justified(self, node: Any) -> bool:
        for layer in self._layers(node):
            jc = layer.find(f"{W}pPr/{W}jc")
            if jc is not None:
                return str(jc.get(f"{W}val")) not in {"left", "start", "center", "right", "end"}
        return False

    def is_title(self, node: Any) -> bool:
        """Say whether a paragraph is the document's title, by the name of its style or of one below it."""
        style = node.find(f"{W}pPr/{W}pStyle")
        names = (
            each.find(f"{W}name") for each in self.chain(None if style is None else style.get(f"{W}val"))
        )
        return any(name is not None and str(name.get(f"{W}val")).casefold() in _TITLES for name in names)

    def numbered(self, node: Any) -> bool:
        return any(layer.find(f"{W}pPr/{W}numPr") is not None for layer in self._layers(node))

    def fonts_of_run(self, node: Any, run: Any) -> RunFonts:
        """Return the fonts that a run of a paragraph is set in, each kind of character by itself."""
        layers = list(self._font_layers(node, run))
        latin = {self._find(layers, key) or DEFAULT_FONT for key in ("ascii", "hAnsi")}
        return RunFonts(frozenset(latin), self._find(layers, "eastAsia") or DEFAULT_FONT)

    def _font_layers(self, node: Any, run: Any) -> Iterator[Any]:
        """Yield each `w:rFonts` from the run itself to the document's defaults."""
        properties = run.find(f"{W}rPr")
        holders = [] if properties is None else [properties]
        style = None if properties is None else properties.find(f"{W}rStyle")
        layers = list(self.chain(None if style is None else style.get(f"{W}val")))
        layers += list(self._layers(node))[1:]
        defaults = [] if self.root is None else self.root.findall(f"{W}docDefaults/{W}rPrDefault")
        holders += [layer.find(f"{W}rPr") for layer in (*layers, *defaults)]
        for holder in holders:
            fonts = None if holder is None else holder.find(f"{W}rFonts")
            if fonts is not None:
                yield fonts

    def _find(self, layers: list[Any], key: str) -> str | None:
        """Return the first name for a kind of character; a theme's font goes before a name beside it."""
        for fonts in layers:
            name = self._theme.get(str(fonts.get(f"{W}{key}Theme"))) or fonts.get(f"{W}{key}")
            if name:
                return str(name)
        return None
