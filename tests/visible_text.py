"""What a person reads on a page, and whether it is in her language."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SENTENCE = re.compile(r"\b[A-Za-z][A-Za-z'’-]*(?:[ ,;:]+[A-Za-z][A-Za-z'’-]*){3,}")
_SHOWN = {"alt", "aria-label", "placeholder", "title"}
_UNSEEN = {"script", "style", "head", "datalist"}
_EMPTY = {"meta", "link", "input", "img", "br", "use", "hr"}


class _Reader(HTMLParser):
    """Collects the text of a page that is in the page's own language."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Enter an element; what is marked as of another language is left out."""
        hidden = tag in _UNSEEN or (tag != "html" and any(name == "lang" for name, _ in attributes))
        if not hidden and not any(self._open):
            self.text += [value or "" for name, value in attributes if name in _SHOWN]
        if tag not in _EMPTY:
            self._open.append(hidden)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag not in _EMPTY and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not any(self._open):
            self.text.append(data)


def visible_text(html: str) -> str:
    """Return the text of a page, an element a line."""
    reader = _Reader()
    reader.feed(html)
    return "\n".join(" ".join(each.split()) for each in reader.text if each.strip())


def english_sentences(text: str, names: tuple[str, ...] = ()) -> list[str]:
    """Return four English words or more that follow each other.

    Args:
        text: What a page shows.
        names: Names that are English in every language.
    """
    for name in names:
        text = text.replace(name, " · ")
    return [found[0] for line in text.splitlines() for found in _SENTENCE.finditer(line)]
