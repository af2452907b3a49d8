"""What a field holds, as text: the same words may be written in several ways."""

from __future__ import annotations

import json
import re

from agreegen.pdf.document import View
from agreegen.pdf.fields import certain_text, text_of
from agreegen.pdf.objects import Name, Stream, Value

_NOTHING = (None, b"", b"\xfe\xff", Name("Off"))
"""What an empty field holds; a box that is not ticked may say `/Off` or nothing, while `(Off)` is a word."""


_WITH_ITS_BYTES = re.compile(r" <[0-9A-F]*>\Z")
_NOT_PLAIN = re.compile(r'[",]')


def value_text(view: View, value: Value) -> str:
    """Return a value as text, whatever its encoding, in a string or in a stream (ISO 32000-1, 7.9.2).

    Two values have the same text only where every reader shows the same: what readers decode in different
    ways is told with its bytes. A list of choices holds strings; what else stands in one is told as it is
    written.
    """
    found = view.resolve(value)
    if isinstance(found, list):
        items = (_one_text(view, view.resolve(item)) for item in found)
        return ", ".join(
            json.dumps(item, ensure_ascii=False) if _NOT_PLAIN.search(item) else item for item in items
        )
    return _one_text(view, found)


def _one_text(view: View, found: Value) -> str:
    if isinstance(found, Stream):
        found = view.file.expand(view.resolved_filters(found))
    if isinstance(found, bytes):
        text = certain_text(found)
        if text is None or _WITH_ITS_BYTES.search(text):
            return f"{text_of(found)} <{found.hex().upper()}>"
        return text
    return "" if found is None else str(found)


def says_the_same(old: View, one: Value, new: View, two: Value) -> bool:
    """Tell whether two values of a field say the same."""
    before, after = old.resolve(one), new.resolve(two)
    if before in _NOTHING and after in _NOTHING:
        return True
    return value_text(old, before) == value_text(new, after)


def is_of_another_kind(old: View, one: Value, new: View, two: Value) -> bool:
    """Tell whether a value is another thing than it was, a number or a list in place of a text, say.

    Readers that look for a text show nothing in its place.
    """
    return _kinds(old, one) != _kinds(new, two)


def is_nested(view: View, value: Value) -> bool:
    """Tell whether a list stands within a list, or a dictionary: neither is a choice of texts."""
    found = view.resolve(value)
    return isinstance(found, list) and any(isinstance(view.resolve(item), list | dict) for item in found)


def _kinds(view: View, value: Value) -> tuple[type | None, ...]:
    found = view.resolve(value)
    if found in _NOTHING:
        return (None,)
    if isinstance(found, list):
        return (list, *(type(view.resolve(item)) for item in found))
    return (type(found),)
