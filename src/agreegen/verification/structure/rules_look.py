"""What an annotation shows, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.objects import Stream, Value
from agreegen.verification.structure.step import Step

_HIDDEN, _PRINT, _NO_VIEW = 2, 4, 32
_EVERYWHERE = (-1e5, -1e5, 1e5, 1e5)
_TELLING = re.compile(rb"(?<![A-Za-z0-9/])(?:Tj|TJ|'|\"|Do|BI|sh)(?![A-Za-z0-9])")
_STATES = ("N", "R", "D")

Rectangle = tuple[float, float, float, float]


def visible_rectangle(step: Step, widget: dict[str, Any]) -> Rectangle | None:
    """Return where an annotation paints in the new view, None where it paints nothing."""
    corners = rectangle_of(step.new.resolve(widget.get("Rect")), step.new)
    if corners is None or corners[0] == corners[2] or corners[1] == corners[3]:
        return None
    flags = step.new.resolve(widget.get("F"))
    if type(flags) is int and (flags & _HIDDEN or flags & (_NO_VIEW | _PRINT) == _NO_VIEW):
        return None
    streams = list(_looks(step, widget))
    if not streams and widget.get("Subtype") == "Widget":
        drawn = step.new.dictionary(widget.get("MK")).keys() & {"BG", "BC", "CA", "I"}
        return corners if drawn else None
    boxes = [rectangle_of(step.new.resolve(s.dictionary.get("BBox")), step.new) for s in streams]
    shown = [box for box, s in zip(boxes, streams, strict=True) if _paints(step, s, box)]
    if streams and not shown:
        return None
    # Without a box nothing clips the appearance or moves it into the rectangle.
    return _EVERYWHERE if None in shown else corners


def _looks(step: Step, widget: dict[str, Any]) -> Iterator[Stream]:
    """Yield every appearance, of every state, also those that wait for the mouse."""
    appearance = step.new.dictionary(widget.get("AP"))
    for key in _STATES:
        entry = step.new.resolve(appearance.get(key))
        for item in entry.values() if isinstance(entry, dict) else [entry]:
            found = step.new.resolve(item)
            if isinstance(found, Stream):
                yield found


def _paints(step: Step, stream: Stream, box: Rectangle | None) -> bool:
    if box is not None and (box[0] == box[2] or box[1] == box[3]):
        return False
    content = step.new.file.expand(step.new.resolved_filters(stream))
    return any(token not in (b"q", b"Q") for token in content.split())


def shows_text(step: Step, annotation: dict[str, Any]) -> bool:
    """Tell whether an annotation's appearance draws letters, pictures or other forms."""
    for stream in _looks(step, annotation):
        if _TELLING.search(step.new.file.expand(step.new.resolved_filters(stream))):
            return True
    return False


def rectangle_of(value: Value, view: View) -> Rectangle | None:
    """Return a rectangle as left, bottom, right, top; None where it is not one."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    numbers = [view.resolve(number) for number in value]
    if not all(isinstance(number, int | float) for number in numbers):
        return None
    left, right = sorted((float(numbers[0]), float(numbers[2])))
    bottom, top = sorted((float(numbers[1]), float(numbers[3])))
    return left, bottom, right, top
