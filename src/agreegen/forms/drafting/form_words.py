"""The words of `forms/words.yaml`: by them an ordinary Word document is read as a form."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from agreegen.model.form import FieldType
from agreegen.packaged_data import data_folder
from agreegen.yaml_text import read_yaml_text


@functools.cache
def _words() -> Any:
    path = data_folder("forms") / "words.yaml"
    return read_yaml_text(path.read_bytes(), path)


@functools.cache
def known_words() -> Mapping[str, tuple[str, FieldType]]:
    """Return what the words before a blank ask for.

    Returns:
        Words → name and type of the field.
    """
    return {
        word: (entry["name"], FieldType(entry["type"]))
        for entry in _words()["blanks"]
        for word in entry["words"]
    }


def usual_label(name: str) -> str:
    """Return the first of the words that ask for a known field, empty for others."""
    return next((word for word, (asked, _) in known_words().items() if asked == name), "")


def nameless() -> str:
    """Return what a blank is called that no words stand before; a number follows."""
    return str(_words()["nameless"])


def date_words() -> tuple[str, str, str]:
    """Return what stands behind the blanks of year, month and day."""
    year, month, day = _words()["date"]
    return year, month, day


def signing_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of a line on which somebody signs, and of one for a seal."""
    signing = _words()["signing"]
    return frozenset(signing["signature"]), frozenset(signing["seal"])


def lone_signer() -> str:
    """Return the label of the role of a document that has no line for a signature."""
    return str(_words()["signing"]["nobody"])


def is_gothic(font: str) -> bool:
    """Say whether a font's name is that of one without serifs."""
    return any(part in font.upper() for part in _words()["gothic"])
