"""Text: cleaning, forbidden characters, plain text fields."""

from __future__ import annotations

import functools
import re
import unicodedata
from datetime import date, datetime
from typing import TYPE_CHECKING

from agreegen.messages import message
from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem

if TYPE_CHECKING:
    from agreegen.model.form import Field

SPREADSHEET_DIGITS = 15
"""Significant digits that a spreadsheet keeps; a longer number has lost its end (IEEE 754 double)."""

GB18030_2022 = {
    0xE7C7: 0x1E3F,
    0xE78D: 0xFE10,
    0xE78E: 0xFE12,
    0xE78F: 0xFE11,
    0xE790: 0xFE13,
    0xE791: 0xFE14,
    0xE792: 0xFE15,
    0xE793: 0xFE16,
    0xE794: 0xFE17,
    0xE795: 0xFE18,
    0xE796: 0xFE19,
    0xE81E: 0x9FB4,
    0xE826: 0x9FB5,
    0xE82B: 0x9FB6,
    0xE82C: 0x9FB7,
    0xE832: 0x9FB8,
    0xE843: 0x9FB9,
    0xE854: 0x9FBA,
    0xE864: 0x9FBB,
}
"""Private-use code points of older editions of GB 18030 → those of the 2022 edition (and A8BC, from 2005)."""

_STILL_PRIVATE = {
    0xE816: 0x20087,
    0xE817: 0x20089,
    0xE818: 0x200CC,
    0xE831: 0x215D7,
    0xE83B: 0x2298F,
    0xE855: 0x241FE,
}
"""The six two-byte codes that GB 18030-2022 leaves in the private use area → the characters they picture."""

_HAN = "\u3007\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK = _HAN + "\u3000-\u303f\uff00-\uffef\u00b7"
# These take long to compile, and most values need none of them: `re` does it at the first use.
_HAN_SPACES = rf"(?<=[{_HAN}])\s+(?=[{_HAN}])"
_CJK_SPACES = rf"(?<=[{_CJK}])\s+|\s+(?=[{_CJK}])"
_CJK_LINE_ENDS = rf"(?<=[{_CJK}])[ \t\u3000]*[\r\n]+\s*(?=[{_CJK}])"
_HAN_CHARACTER = rf"[{_HAN}]"
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{2,3}\Z")
_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA", "#SPILL!"}
)

_MOST_STROKE = 10
_GUARDS = "'`´‘’ʹ′＇｀"
"""Signs that people put before a number so that a spreadsheet takes it for text."""


def is_empty(raw: RawValue) -> bool:
    """Tell whether a raw value stands for nothing: no value, only blanks, an empty list."""
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, tuple):
        return all(not item.strip() for item in raw)
    return raw is None


def is_stroke(text: str) -> bool:
    """Tell whether a text is one of the strokes with which people fill a cell that they leave open."""
    return len(text) < _MOST_STROKE and fold_width(text).strip() in _strokes()


@functools.cache
def _strokes() -> frozenset[str]:
    from agreegen.yaml_text import packaged_words  # noqa: PLC0415 - who only reads tables needs no YAML

    return frozenset(packaged_words("agreegen.values")["strokes"])


def is_han(char: str) -> bool:
    """Tell whether a character is a Han character (ideograph, compatibility ideograph, radical, 〇)."""
    return re.match(_HAN_CHARACTER, char) is not None


def is_common_han(text: str) -> bool:
    """Tell whether a text is of ordinary ideographs alone (U+4E00 to U+9FEF), as nearly all names are.

    Each is a letter, of script Han, its own normal form, and the like of nothing but ideographs.
    """
    return bool(text) and min(text) >= "\u4e00" and max(text) <= "\u9fef"


def general_category(char: str) -> str:
    """Return a character's general category; ideographs newer than the interpreter's tables are letters.

    Planes 2 and 3 hold ideographs only (UAX #45), and rare names use them as soon as Unicode has them.
    """
    category = unicodedata.category(char)
    return "Lo" if category == "Cn" and 0x20000 <= ord(char) <= 0x3FFFD else category


def drop_han_spaces(text: str) -> str:
    """Drop the spaces between Han characters, which only align them."""
    return re.sub(_HAN_SPACES, "", text) if _may_hold_spaces(text) else text


def drop_cjk_spaces(text: str) -> str:
    """Drop the spaces beside Chinese characters and punctuation that folding a long line puts there."""
    return re.sub(_CJK_SPACES, "", text) if _may_hold_spaces(text) else text


def _may_hold_spaces(text: str) -> bool:
    return " " in text or not text.isprintable()  # of all white space, only this one is printable


def fold_width(text: str) -> str:
    """Turn full-width letters, digits and signs into ASCII (NFKC); for codes and numbers, never names."""
    return unicodedata.normalize("NFKC", text)


def plain_text(raw: RawValue) -> str:
    """Return a raw value as trimmed text.

    Raises:
        ValueProblem: It is a date, a boolean, a list, a spreadsheet's error, or a number that lost digits.
    """
    if isinstance(raw, tuple):
        raise ValueProblem(message("values.list"), message("values.write-one-value"))
    if isinstance(raw, bool):
        raise ValueProblem(
            message("values.not-text", raw=quote(str(raw).upper())), message("values.enter-text")
        )
    if isinstance(raw, date | datetime):
        raise ValueProblem(
            message("values.cell-holds-date-not-text", isoformat=raw.isoformat()[:10]),
            message("values.format-column-text-enter-again"),
        )
    if isinstance(raw, int | float):
        return _number_text(raw)
    text = ("" if raw is None else raw).strip()
    if text.startswith("#") and text.upper() in _SPREADSHEET_ERRORS:
        raise shown_error(text)
    return text


def shown_error(text: str) -> ValueProblem:
    """Return what to say of a cell that shows a spreadsheet's error."""
    return ValueProblem(
        message("values.cell-shows-error", text=text),
        message("values.mend-formula-or-enter-value-itself"),
    )


def code_text(raw: RawValue) -> str:
    """Return a raw value as the text of a number or code, without the sign that kept it text.

    Raises:
        ValueProblem: It is no text, or a number that lost digits.
    """
    text = plain_text(raw).lstrip(_GUARDS).lstrip()
    refuse_lost_digits(text)
    return text


def refuse_lost_digits(text: str) -> None:
    """Refuse text in scientific notation, which a spreadsheet made of a long number.

    Raises:
        ValueProblem: The text is such a number.
    """
    if _SCIENTIFIC.match(text):
        raise _lost_digits()


def refuse_characters(text: str) -> None:
    """Refuse characters that cannot be printed or read back: control, format, private-use, unassigned.

    Raises:
        ValueProblem: Names the first such character by its code point, and the right one where that is known.
    """
    if text.isprintable() and "\ufffd" not in text:
        return
    for char in text:
        category = general_category(char)
        if category == "Co":
            raise _private_use(char)
        if char == "\ufffd":
            raise ValueProblem(
                message("values.character-was-lost-before-u-fffd"),
                message("values.enter-right-character-its-place"),
            )
        if category in {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}:
            raise ValueProblem(
                message("values.holds-invisible-or-unassigned-character-u", char=ord(char)),
                message("values.delete-character"),
            )


def parse_text(field: Field, raw: RawValue) -> str:
    """Parse plain text; line ends become blanks, or nothing between Chinese characters.

    Raises:
        ValueProblem: The text is too long or holds a forbidden character.
    """
    text = plain_text(raw)
    if not text.isprintable():  # as all text with line ends or tabs
        text = re.sub(r"\s*[\r\n\t]+\s*", " ", re.sub(_CJK_LINE_ENDS, "", text))
    refuse_characters(text)
    refuse_length(field, text)
    return text


def refuse_length(field: Field, text: str) -> None:
    """Refuse text beyond the field's greatest length.

    Raises:
        ValueProblem: The text is longer.
    """
    if len(text) > field.max_length:
        raise ValueProblem(
            message("values.has-characters", count=len(text)),
            message("values.most-fit-2", max_length=field.max_length),
        )


def _number_text(raw: int | float) -> str:
    if isinstance(raw, float) and not raw.is_integer():
        return repr(raw)
    if abs(raw) >= 10**SPREADSHEET_DIGITS:
        raise _lost_digits()
    return str(int(raw))


def _lost_digits() -> ValueProblem:
    return ValueProblem(
        message("values.stored-number-has-lost-its-last"),
        message("values.format-column-text-enter-all-digits"),
    )


def _private_use(char: str) -> ValueProblem:
    code = ord(char)
    meant = GB18030_2022.get(code) or _STILL_PRIVATE.get(code)
    remedy = (
        message("values.enter-instead", character=chr(meant), number=meant)
        if meant
        else message("values.shows-only-where-its-font-installed")
    )
    return ValueProblem(message("values.holds-private-use-character-u", code_=code), remedy)
