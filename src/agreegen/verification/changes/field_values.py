"""What a field holds, as text: the same words may be written in several ways."""

from __future__ import annotations

from agreegen.pdf.document import View
from agreegen.pdf.fields import text_of
from agreegen.pdf.objects import Stream, Value

_MOST_CHOICES = 50
NOTHING = frozenset({"", "Off"})
"""What an empty field says; a box that is not ticked may say `/Off` or nothing."""


def value_text(view: View, value: Value) -> str:
    """Return a value as text, whatever its encoding, in a string or in a stream (ISO 32000-1, 7.9.2)."""
    found = view.resolve(value)
    if isinstance(found, Stream):
        found = view.file.expand(view.resolved_filters(found))
    if isinstance(found, bytes):
        return text_of(found)
    if isinstance(found, list):
        return ", ".join(value_text(view, item) for item in found[:_MOST_CHOICES])
    return "" if found is None else str(found)


def says_the_same(old: View, one: Value, new: View, two: Value) -> bool:
    """Tell whether two values of a field say the same."""
    before, after = value_text(old, one), value_text(new, two)
    return before == after or {before, after} <= NOTHING
