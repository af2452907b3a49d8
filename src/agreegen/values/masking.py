"""Masking: messages and logs show just enough of a number to find it again."""

from __future__ import annotations

import re
import unicodedata

_LONG_NUMBER = re.compile(r"\d(?:[\s\-_.]{0,2}\d){9,}[\s\-]?[Xx]?")
_LONG_CODE = re.compile(r"(?<![0-9A-Za-z])(?=[0-9A-Za-z]*\d{4})[0-9A-Za-z]{15,}(?![0-9A-Za-z])")
_QUOTED_LENGTH = 40


def mask(value: object) -> str:
    """Hide all but the ends of an identifying value.

    Eighteen characters keep the first four and the last two; short values keep the first only.
    """
    text = str(value)
    if len(text) >= 12:
        head, tail = 4, 2
    elif len(text) >= 7:
        head, tail = 2, 1
    else:
        head, tail = min(1, max(len(text) - 1, 0)), 0
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


def quote(raw: object) -> str:
    """Quote a raw value for a message: on one line, shortened, long numbers masked wherever they stand.

    People write an ID number into the wrong column; so every run of ten digits or more is masked, not only
    those in the fields that are known to be identifying.
    """
    text = unicodedata.normalize("NFKC", str(raw))
    text = "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in text)
    text = mask_numbers(text)
    if len(text) > _QUOTED_LENGTH:
        text = text[:_QUOTED_LENGTH] + "…"
    return f"“{text}”"


def mask_numbers(text: str) -> str:
    """Mask every run of ten digits or more, and every long code, within a text."""
    text = _LONG_NUMBER.sub(lambda match: mask(match.group()), text)
    return _LONG_CODE.sub(lambda match: mask(match.group()), text)
