"""Names of persons and organisations; never NFKC or NFC, which would change compatibility ideographs."""

from __future__ import annotations

import re
import unicodedata

from agreegen.messages import message
from agreegen.model.form import Field
from agreegen.model.text import name_character
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.scripts import refuse_deceiving, refuse_mixed_words
from agreegen.values.text import (
    drop_han_spaces,
    general_category,
    is_common_han,
    is_han,
    plain_text,
    refuse_characters,
    refuse_length,
)

MIDDLE_DOT = "\u00b7"
"""The separator in names of minorities and foreigners, as identity cards print it (U+00B7)."""

_DOTS = dict.fromkeys(map(ord, "\u2022\u2027\u30fb\uff65\u0387\u2219\u22c5\u25cf\u2024\u16eb"), MIDDLE_DOT)
_AROUND_DOT = re.compile(rf"\s*{MIDDLE_DOT}\s*")
_BLANKS = re.compile(r"\s+")
_NAME_SIGNS = frozenset(f"{MIDDLE_DOT} -'\u2019")


def parse_person_name(field: Field, raw: RawValue) -> str:
    """Parse a person's name.

    The separator becomes U+00B7, spaces between Han characters go, blanks between Latin words become one.

    Raises:
        ValueProblem: A character cannot be part of a name or is of another script, or the name is too short
            or too long.
    """
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raise ValueProblem(message("values.number-not-name"), message("values.enter-name"))
    text = _AROUND_DOT.sub(MIDDLE_DOT, plain_text(raw).translate(_DOTS))
    text = _BLANKS.sub(" ", drop_han_spaces(text))
    refuse_characters(text)
    if not is_common_han(text):
        _refuse_signs(text)
    if not text or not general_category(text[0]).startswith(("L", "N")) or text.endswith((MIDDLE_DOT, "-")):
        raise ValueProblem(
            message("values.name-begins-ends-letter-or-character"), message("values.enter-whole-name")
        )
    if f"{MIDDLE_DOT}{MIDDLE_DOT}" in text:
        raise ValueProblem(
            message("values.two-separators-stand-side-side"),
            message("values.put-one-between-parts", middle_dot=MIDDLE_DOT),
        )
    refuse_deceiving(text)
    refuse_length(field, text)
    return text


def parse_organisation_name(field: Field, raw: RawValue) -> str:
    """Parse the name of an organisation; spaces between Han characters go.

    Raises:
        ValueProblem: There is no letter in it, a forbidden character, or it is too short or too long.
    """
    text = _BLANKS.sub(" ", drop_han_spaces(plain_text(raw)))
    refuse_characters(text)
    if len(text) < 2 or not any(char.isalpha() for char in text):
        raise ValueProblem(
            message("values.not-name-organisation"), message("values.enter-full-registered-name")
        )
    refuse_mixed_words(text)
    refuse_length(field, text)
    return text


def _may_stand_in_name(text: str, position: int) -> bool:
    char = text[position]
    if char in _NAME_SIGNS or char == "\u3007":
        return True
    if char == ".":  # an initial, as in J. Smith
        return position > 0 and text[position - 1].isascii() and text[position - 1].isalpha()
    return general_category(char)[0] in "LM"


def _refuse_signs(text: str) -> None:
    for position, char in enumerate(text):
        if not _may_stand_in_name(text, position):
            raise _foreign_character(char)


def _foreign_character(char: str) -> ValueProblem:
    shown = name_character(char)
    folded = unicodedata.normalize("NFKC", char)
    if char in ".．。":
        return ValueProblem(
            message("values.not-separator-names", shown=shown),
            message("values.use-u-00b7", middle_dot=MIDDLE_DOT),
        )
    if folded != char and len(folded) == 1 and is_han(folded):
        return ValueProblem(
            message("values.radical-not-character", shown=shown),
            message("values.enter-u", folded=folded, value=ord(folded)),
        )
    return ValueProblem(
        message("values.cannot-part-name", shown=shown), message("values.enter-name-identity-card-shows")
    )
