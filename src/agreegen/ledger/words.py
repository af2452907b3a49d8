"""The words of `words.yaml`: what offices call kinds, labels and columns, read and written."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from agreegen.yaml_text import load_typed


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a closed set, or one column of a table that is read.

    Attributes:
        code: What the program calls it.
        zh: What offices call it; the first is written, all are read.
        en: The same in English.
        type: Type of a column's values.
        required: Whether a column must be there.
    """

    code: str
    zh: tuple[str, ...]
    en: str
    type: str = "text"
    required: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export.

    Attributes:
        field: What stands in it.
        zh: Its header.
        en: The same in English.
        width: In characters.
    """

    field: str
    zh: str
    en: str
    width: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of an export.

    Attributes:
        code: What the program calls it.
        zh: Its title.
        en: The same in English.
        kinds: Kinds of the movements that it lists; empty for sheets of something else.
        columns: Its columns.
    """

    code: str
    zh: str
    en: str
    kinds: frozenset[str]
    columns: tuple[Column, ...]


@cache
def _data() -> dict[str, Any]:
    text = files("agreegen.ledger").joinpath("words.yaml").read_text(encoding="utf-8")
    return dict(load_typed(text))


@cache
def group(name: str) -> tuple[Word, ...]:
    """Return the words of a group, e.g. `kinds`."""
    return tuple(Word(code, tuple(map(str, each.pop("zh"))), **each) for code, each in _copied(name))


def _copied(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(str(code), dict(each)) for code, each in _data()[name].items()]


@cache
def sheets() -> tuple[Sheet, ...]:
    """Return the sheets of an export, in their order."""
    return tuple(
        Sheet(
            str(code),
            each["zh"],
            each["en"],
            frozenset(each.get("kinds", ())),
            tuple(Column(*column) for column in each["columns"]),
        )
        for code, each in _data()["sheets"].items()
    )


@cache
def inspection_points() -> tuple[tuple[str, int], ...]:
    """Return content and points of the sheet that the notice asks for."""
    return tuple((str(content), int(points)) for content, points in _data()["self_inspection"])


def without_unit(text: str, name: str) -> str:
    """Return a number as it is entered without the word of what it counts, `copies` or `points`."""
    return text.removesuffix(str(_data()["units"][name])).strip()


def read_word(name: str, text: str) -> str | None:
    """Return the code that a text means in a group, or None."""
    wanted = _folded(text)
    for word in group(name):
        if wanted in {_folded(each) for each in (word.code, word.en, *word.zh)}:
            return word.code
    return None


def name_of(name: str, code: str, language: str) -> str:
    """Return what people call a code of a group; the code itself where it is none of them."""
    for word in group(name):
        if word.code == code:
            return word.zh[0] if language == "zh" else word.en
    return code


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
