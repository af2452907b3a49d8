"""The blanks of an ordinary Word document: where somebody would write, and what the words before call it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agreegen.forms.drafting.form_words import date_words, signing_words
from agreegen.forms.styles import W

_RULED = r"(?:[_＿]{2,}|[\ue000]+)"
"""Low lines, or spaces that are underlined (put in the place of a private sign)."""

_WORDS = re.compile(r"([A-Za-z][A-Za-z .'-]*|[\u3400-\u9fff（）()/]+)\s*[:：]?\s*\Z")
_UNDERLINED_SPACES = 2
_LONGEST_SIGNING_LINE = 60
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@functools.cache
def _blank() -> re.Pattern[str]:
    date = r"\s*".join(rf"{_RULED}\s*{word}" for word in date_words())
    return re.compile(rf"(?P<date>{date})|【(?P<named>[^【】]{{0,30}})】|(?P<ruled>{_RULED})")


@functools.cache
def _signing() -> re.Pattern[str]:
    words = "|".join(sorted(frozenset[str]().union(*signing_words())))
    return re.compile(rf"(?P<before>[\u3400-\u9fff]*)\s*[（(]?\s*(?P<how>{words})")


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank.

    Attributes:
        label: The words that say what goes into it; empty where there are none.
        is_date: Whether it is the blanks of year, month and day.
        start: Where it begins in the text of its paragraph.
        end: Where it ends.
    """

    label: str
    is_date: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SigningPlace:
    """A line on which somebody signs or seals.

    Attributes:
        label: The words of the line.
        seal: Whether a seal is asked for rather than a signature.
    """

    label: str
    seal: bool


def find_blanks(paragraph: Any) -> list[Blank]:
    """Return the blanks of a paragraph (`w:p`) in order: `____`, 【…】, underlined spaces, whole dates."""
    text = _marked_text(paragraph)
    blanks, last = [], 0
    for match in _blank().finditer(text):
        words = _WORDS.search(text[last : match.start()].rstrip("“\"'"))
        label = match["named"] if match["named"] is not None else words[1] if words else ""
        blanks.append(Blank(_without_brackets(label), match["date"] is not None, *match.span()))
        last = match.end()
    return blanks


def _without_brackets(label: str) -> str:
    """Return what stands in brackets, or behind the last one that is open, or all: 甲方（盖章）."""
    label = _behind_bracket(label).strip().lstrip("）)").rstrip("（(").strip()
    inside = label[1:-1]
    return inside.strip() if label[:1] in ("（", "(") and not {*inside} & {*"（）()"} else label


def _behind_bracket(label: str) -> str:
    opened: list[int] = []
    for place, sign in enumerate(label):
        if sign in "（(":
            opened.append(place)
        elif sign in "）)" and opened:
            opened.pop()
    behind = label[opened[-1] + 1 :] if opened else label
    return behind if behind.strip() else label


def find_signing_place(paragraph: Any) -> SigningPlace | None:
    """Return what a line such as 承诺人（签字）： asks for, if it does; a sentence about signing is none."""
    text = "".join(node.text or "" for node in _text_nodes(paragraph)).strip()
    found = _signing().search(text)
    if found is None or "。" in text or len(text) > _LONGEST_SIGNING_LINE:
        return None
    return SigningPlace(found["before"] or found["how"], found["how"] in signing_words()[1])


def fill_blank(paragraph: Any, blank: Blank, tag: str) -> None:
    """Put a tag in the place of a blank; the runs around it keep their look."""
    position = 0
    for node in _text_nodes(paragraph):
        text = node.text or ""
        start, end = max(blank.start - position, 0), min(blank.end - position, len(text))
        if start < end:
            node.text = text[:start] + tag + text[end:]
            node.set(_SPACE, "preserve")
            tag = ""
        position += len(text)


def _text_nodes(paragraph: Any) -> list[Any]:
    return [node for run in paragraph.iter(f"{W}r") for node in run.iterchildren(f"{W}t")]


def _marked_text(paragraph: Any) -> str:
    """Return a paragraph's text with underlined spaces replaced, sign by sign."""
    return "".join(_marked(node) for node in _text_nodes(paragraph))


def _marked(node: Any) -> str:
    text = str(node.text or "")
    underline = node.getparent().find(f"{W}rPr/{W}u")
    ruled = underline is not None and underline.get(f"{W}val") not in {"none", None}
    return "\ue000" * len(text) if ruled and len(text) >= _UNDERLINED_SPACES and text.isspace() else text


def paragraphs_of(body: Any) -> Iterator[Any]:
    """Yield the paragraphs of a document's body in order, those of tables, too."""
    yield from body.iter(f"{W}p")
