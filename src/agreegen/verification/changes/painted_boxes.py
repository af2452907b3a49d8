"""Where annotations paint: asked of what paints, never of `/Rect` alone (ISO 32000-1, clause 12.5.6).

Readers draw lines, ink and polygons where their points are, highlights where their quadrilaterals are, icons
in their own size, and fields without an appearance from their value. What cannot be placed covers the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.objects import Stream
from agreegen.pdf.pages import Rectangle, numbers_of, rectangle_of

EVERYWHERE: Rectangle = (-1e5, -1e5, 1e5, 1e5)
HIDDEN, PRINT, NO_ZOOM, NO_ROTATE, NO_VIEW = 2, 4, 8, 16, 32
_MAX_DEPTH = 60
_STATES = ("N", "R", "D")
_POINTS = {
    "Line": ("L",),
    "Polygon": ("Vertices",),
    "PolyLine": ("Vertices",),
    "Highlight": ("QuadPoints",),
    "Underline": ("QuadPoints",),
    "Squiggly": ("QuadPoints",),
    "StrikeOut": ("QuadPoints",),
    "FreeText": ("CL",),
    "Link": ("QuadPoints",),
    "Redact": ("QuadPoints",),
    "Ink": ("InkList",),
}
_ICONS = frozenset({"Text", "Caret", "FileAttachment", "Sound"})
_ICON = 34.0
"""Notes without an appearance are drawn as icons of 18 to 32 points, whatever their rectangle says."""
_LINE_END = 12.0
"""The largest line ending (an arrow) that a reader draws, in widths of the line."""
_DRAWN_WITHOUT_LOOK = frozenset({"BG", "BC", "CA", "I"})


def painted_box(
    view: View, annotation: dict[str, Any], *, turned: bool = True, on_paper_only: bool = False
) -> Rectangle | None:
    """Return where an annotation paints in a view, None where it paints nothing.

    Args:
        view: The view that the annotation is in.
        annotation: Its dictionary.
        turned: Whether its page is, by `/Rotate`, or may be: icons stay upright there.
        on_paper_only: Leave out what is only waiting, such as fields without value.
    """
    if is_hidden(view, annotation):
        return None
    kind = view.resolve(annotation.get("Subtype"))
    corners = rectangle_of(annotation.get("Rect"), view)
    streams = list(looks_of(view, annotation))
    if kind == "Popup" and not streams:
        return corners if view.resolve(annotation.get("Open")) is True else None
    if kind == "Widget":
        field = with_inherited(view, annotation)
        return _widget_box(view, field, corners, streams, on_paper_only=on_paper_only)
    if kind == "Link" and not streams and not _border(view, annotation, 1.0):
        return None
    if kind not in _ICONS and _keeps_its_size(view, annotation):
        return EVERYWHERE
    own = _own_box(view, str(kind), annotation, corners, has_normal_look(view, annotation))
    if turned and kind in _ICONS and corners is not None:
        own = _upright_box(corners)
    found = list(filter(None, (_look_box(view, streams, corners), own)))
    return union(found) if found else None


def looks_of(view: View, annotation: dict[str, Any]) -> Iterator[Stream]:
    """Yield every appearance, of every state, also those that wait for the mouse."""
    appearance = view.dictionary(annotation.get("AP"))
    for key in _STATES:
        entry = view.resolve(appearance.get(key))
        for item in entry.values() if isinstance(entry, dict) else [entry]:
            found = view.resolve(item)
            if isinstance(found, Stream):
                yield found


def has_normal_look(view: View, annotation: dict[str, Any]) -> bool:
    """Tell whether an annotation has an appearance that readers show at once."""
    entry = view.resolve(view.dictionary(annotation.get("AP")).get("N"))
    return isinstance(entry, Stream | dict)


def is_hidden(view: View, annotation: dict[str, Any]) -> bool:
    """Tell whether an annotation is shown neither on screen nor on paper."""
    flags = view.resolve(annotation.get("F"))
    return type(flags) is int and bool(flags & HIDDEN or flags & (NO_VIEW | PRINT) == NO_VIEW)


def _keeps_its_size(view: View, annotation: dict[str, Any]) -> bool:
    """Tell whether an annotation keeps its size or direction when the page is zoomed or turned.

    It then covers more of the page the smaller the page is shown (12.5.3, NoZoom and NoRotate).
    """
    flags = view.resolve(annotation.get("F"))
    return type(flags) is int and bool(flags & (NO_ZOOM | NO_ROTATE))


def _widget_box(
    view: View,
    widget: dict[str, Any],
    corners: Rectangle | None,
    streams: list[Stream],
    *,
    on_paper_only: bool,
) -> Rectangle | None:
    if corners is None:
        return EVERYWHERE if streams else None
    is_empty = _has_no_area(corners)
    # MuPDF draws a line and a mark into a signature field that nobody has signed, whatever its look.
    waits = widget.get("V") is None and not on_paper_only
    if streams and (is_empty or not waits):
        box = _look_box(view, streams, corners)
        return EVERYWHERE if box and _keeps_its_size(view, widget) else box
    drawn = waits or _is_drawn(view, widget, on_paper_only=on_paper_only)
    return corners if drawn and not is_empty else None


def _is_drawn(view: View, widget: dict[str, Any], *, on_paper_only: bool) -> bool:
    """Tell whether readers draw a widget that has no look: its frame, or its value."""
    if view.dictionary(widget.get("MK")).keys() & _DRAWN_WITHOUT_LOOK:
        return True
    valued = view.resolve(widget.get("V")) not in (None, b"") or not on_paper_only
    return valued and bool(view.resolve(widget.get("FT")) != "Sig")


def _look_box(view: View, streams: list[Stream], corners: Rectangle | None) -> Rectangle | None:
    """An appearance is moved and scaled into the rectangle and clipped to its box (12.5.5, algorithm 8.1)."""
    boxes = [rectangle_of(s.dictionary.get("BBox"), view) for s in streams]
    shown = [box for box, s in zip(boxes, streams, strict=True) if _paints(view, s, box)]
    if not shown:
        return None
    # Without a box nothing clips the appearance or moves it into the rectangle.
    if None in shown or corners is None:
        return EVERYWHERE
    return None if corners[0] == corners[2] and corners[1] == corners[3] else corners


def _has_no_area(box: Rectangle) -> bool:
    return box[0] == box[2] or box[1] == box[3]


def _paints(view: View, stream: Stream, box: Rectangle | None) -> bool:
    if box is not None and _has_no_area(box):
        return False
    content = view.file.expand(view.resolved_filters(stream))
    return any(token not in (b"q", b"Q") for token in content.split())


def _own_box(
    view: View, kind: str, annotation: dict[str, Any], corners: Rectangle | None, has_look: bool
) -> Rectangle | None:
    """Return where readers draw an annotation from its own entries."""
    placed = corners is not None and has_look
    if kind in _ICONS:
        return None if placed else _icon_box(corners)
    keys = _POINTS.get(kind, ())
    points = _points(view, annotation, keys)
    # Without points nothing says where it is.
    if points is None or (keys and not (points or placed)):
        return EVERYWHERE
    points += [] if has_look or corners is None else [*corners]
    if not points:
        return EVERYWHERE if corners is None else None
    return _spread(points, _edge(view, kind, annotation, points))


def _edge(view: View, kind: str, annotation: dict[str, Any], points: list[float]) -> float | None:
    edge = _margin(view, kind, annotation)
    return edge + _rounding(points) if edge is not None and kind == "Highlight" else edge


def _rounding(points: list[float]) -> float:
    """Return how far poppler's highlights bulge at their ends: less than a quarter of a line's height."""
    lines = [points[at : at + 8] for at in range(0, len(points) - 7, 8)]
    heights = (min(max(line[0::2]) - min(line[0::2]), max(line[1::2]) - min(line[1::2])) for line in lines)
    return max(heights, default=0.0) / 4


def _spread(points: list[float], edge: float | None) -> Rectangle:
    if edge is None:
        return EVERYWHERE
    xs, ys = points[::2], points[1::2]
    return min(xs) - edge, min(ys) - edge, max(xs) + edge, max(ys) + edge


def _icon_box(corners: Rectangle | None) -> Rectangle:
    if corners is None:
        return EVERYWHERE
    left, bottom, right, top = corners
    return (
        min(left, right - _ICON),
        min(bottom, top - _ICON),
        max(right, left + _ICON),
        max(top, bottom + _ICON),
    )


def _upright_box(corners: Rectangle) -> Rectangle:
    """Return where an icon may stand on a turned page: round its upper left corner, with a look too."""
    left, bottom, right, top = corners
    reach = max(_ICON, right - left, top - bottom)
    return left - reach, top - reach, left + reach, top + reach


def _points(view: View, annotation: dict[str, Any], keys: tuple[str, ...]) -> list[float] | None:
    found: list[float] = []
    for key in keys:
        value = view.resolve(annotation.get(key))
        if value is None:
            continue
        lists = view.array(value) if key == "InkList" else [value]
        for item in lists:
            numbers = numbers_of(item, view)
            if numbers is None or len(numbers) % 2:
                return None
            found += numbers
    return found


def _border(view: View, annotation: dict[str, Any], default: float) -> float | None:
    """Return the width of the border or line, None where it cannot be told."""
    style = view.resolve(annotation.get("BS"))
    width = view.resolve(style.get("W")) if isinstance(style, dict) else None
    if width is None:
        border = view.resolve(annotation.get("Border"))
        if isinstance(border, list):
            width = view.resolve(border[2]) if len(border) > 2 else default
    if width is None:
        return default
    return abs(float(width)) if isinstance(width, int | float) else None


def _margin(view: View, kind: str, annotation: dict[str, Any]) -> float | None:
    """Return how far beyond its points an annotation paints; None where that cannot be told."""
    width = _border(view, annotation, 1.0)
    inner = numbers_of(annotation.get("RD", []), view)
    # Differences below zero draw the shape larger than its rectangle.
    if width is None or inner is None or any(number < 0 for number in inner):
        return None
    parts: list[float | None] = [max(width, 1.0), _clouds(view, annotation)]
    if kind in ("Line", "PolyLine", "Polygon", "FreeText"):
        parts.append(_LINE_END * max(width, 1.0))
    if kind == "Line":
        parts += _leaders(view, annotation)
    lengths = [part for part in parts if part is not None]
    return sum(lengths) if len(lengths) == len(parts) else None


def _clouds(view: View, annotation: dict[str, Any]) -> float:
    effect = view.resolve(annotation.get("BE"))
    if not isinstance(effect, dict):
        return 0.0
    intensity = view.resolve(effect.get("I"))
    return 10.0 * abs(float(intensity)) if isinstance(intensity, int | float) else 20.0


def _leaders(view: View, annotation: dict[str, Any]) -> list[float | None]:
    """Return the lengths of a line's leaders; None for what is no number, and for a caption."""
    found: list[float | None] = []
    for key in ("LL", "LLE", "LLO"):
        length = view.resolve(annotation.get(key, 0))
        found.append(abs(float(length)) if isinstance(length, int | float) else None)
    return [*found, None] if view.resolve(annotation.get("Cap")) is True else found


def with_inherited(view: View, widget: dict[str, Any]) -> dict[str, Any]:
    """Return a widget with the value, style and kind that it has from the fields above it."""
    found, holder = widget, widget
    for _ in range(_MAX_DEPTH):
        holder = view.dictionary(holder.get("Parent"))
        if not holder:
            break
        found = {**{key: holder[key] for key in ("V", "DA", "FT") if key in holder}, **found}
    return found


def union(boxes: list[Rectangle]) -> Rectangle:
    """Return the smallest rectangle around some rectangles."""
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip
