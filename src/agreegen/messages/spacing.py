"""Filling Chinese sentences: a space parts Chinese from Latin letters, nothing parts Chinese from Chinese.

A name may be written in either, so the entry of a sentence cannot know: `由 {name} 签名`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

_FORMATTER = string.Formatter()
_FILE = re.compile(r"[./\\]")
"""Names of files stay apart: where one ends is part of what a sentence says."""


def fill(entry: str, values: Mapping[str, object]) -> str:
    """Fill a sentence with values, which may be in Chinese or in Latin letters.

    Args:
        entry: The sentence, with placeholders as `str.format` takes them.
        values: What is filled in, each in words.

    Raises:
        KeyError: The entry names a value that is not there.
    """
    filled, before = "", ""
    for literal, name, spec, conversion in _FORMATTER.parse(entry):
        filled = _joined(filled, literal, prose=bool(before) and not _FILE.search(before))
        if name is None:
            before = ""
            continue
        value, _ = _FORMATTER.get_field(name, (), values)
        before = _FORMATTER.format_field(_FORMATTER.convert_field(value, conversion), spec or "")
        filled = _joined(filled, before, prose=not _FILE.search(before))
    return filled


def _joined(first: str, rest: str, *, prose: bool) -> str:
    """Put two texts side by side.

    Args:
        first: What stands there, perhaps with a space at its end.
        rest: What follows, perhaps with a space at its beginning.
        prose: Whether the value on one of the sides is part of the sentence, and no file's name.
    """
    if prose and first[-1:] == " " and _is_han(first[-2:-1]) and (_is_han(rest[:1]) or rest[:1] == "“"):
        return first[:-1] + rest
    if prose and rest[:1] == " " and (_is_han(first[-1:]) or first[-1:] == "”") and _is_han(rest[1:2]):
        return first + rest[1:]
    before, behind = first[-1:], rest[:1]
    meet = (_is_han(before) and _is_latin(behind)) or (_is_latin(before) and _is_han(behind))
    return f"{first} {rest}" if meet else first + rest


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
