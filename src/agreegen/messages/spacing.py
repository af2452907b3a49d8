"""Filling Chinese sentences: a space parts Chinese from Latin letters, nothing parts Chinese from Chinese.

A name may be written in either, so the entry of a sentence cannot know: `由 {name} 签名`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

_FORMATTER = string.Formatter()
_MEETING = re.compile("[\u3400-\u9fff][A-Za-z]|[A-Za-z][\u3400-\u9fff]")
_PARTED_BEFORE = re.compile("[\u3400-\u9fff] [\u3400-\u9fff“]")
_PARTED_BEHIND = re.compile("[\u3400-\u9fff”] [\u3400-\u9fff]")
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
    if prose and _PARTED_BEFORE.fullmatch(first[-2:] + rest[:1]):
        return first[:-1] + rest
    if prose and _PARTED_BEHIND.fullmatch(first[-1:] + rest[:2]):
        return first + rest[1:]
    return f"{first} {rest}" if _MEETING.fullmatch(first[-1:] + rest[:1]) else first + rest
