"""A note looks like a note; on certified files its look is what its kind and geometry give, nothing besides.

Whoever certified permitted notes, not text: a square that draws a digit beside an amount is not a square. So
the appearance of a note may hold one shape of its kind, where its entries say, in plain colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agreegen.messages import message
from agreegen.pdf.objects import Stream
from agreegen.pdf.pages import Rectangle, numbers_of, rectangle_of
from agreegen.verification.changes.interface import Finding, NewAnnotation, RevisionStep
from agreegen.verification.changes.painted_boxes import looks_of
from agreegen.verification.changes.rules.note_rule import is_note_annotation

_TOKEN = re.compile(
    rb"[\x00\t\n\x0c\r ]*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))|(?P<name>/[A-Za-z0-9_.+-]+)"
    rb"|(?P<word>[A-Za-z]+\*?)|[\[\]])"
)
_OPERANDS = {
    "q": 0, "Q": 0, "w": 1, "J": 1, "j": 1, "M": 1, "i": 1, "gs": 1,
    "g": 1, "G": 1, "rg": 3, "RG": 3, "k": 4, "K": 4,
    "m": 2, "l": 2, "c": 6, "v": 4, "y": 4, "re": 4, "h": 0,
    "S": 0, "s": 0, "f": 0, "F": 0, "f*": 0, "B": 0, "B*": 0, "b": 0, "b*": 0, "n": 0,
}  # fmt: skip
"""Operators (ISO 32000-1, annex A) that draw a plain shape: no text, images, patterns, shadings, clips."""
_DRAWING = frozenset({"m", "l", "c", "v", "y", "re"})
_PLAIN_STATE = frozenset({"Type", "CA", "ca", "BM", "AIS", "LW", "LC", "LJ", "ML"})
_PLAIN_FORM = frozenset(
    {
        "Type", "Subtype", "FormType", "Name", "BBox", "Matrix", "Resources", "Length", "Filter",
        "DecodeParms", "Group",
    }
)  # fmt: skip
_STATES = frozenset({"ExtGState", "ProcSet"})
_NEAR = 3.0
_SHAPES = {
    "Square": ("re",),
    "Circle": ("m", "c", "h"),
    "Line": ("m", "l"),
    "Polygon": ("m", "l", "h"),
    "PolyLine": ("m", "l"),
    "Ink": ("m", "l", "c", "v", "y"),
    "Highlight": ("m", "l", "c", "h", "re"),
    "Underline": ("m", "l"),
    "StrikeOut": ("m", "l"),
}
_WHOLE_SHAPES = {"Square": ((), ("re",)), "Circle": ((), ("m", "c", "c", "c", "c"))}
"""One rectangle, or one closed curve of four arcs: nobody reads anything else in it."""
_POINTS = {"Line": "L", "Polygon": "Vertices", "PolyLine": "Vertices", "Ink": "InkList"}
Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Step:
    """One drawing operator with its operands."""

    operator: str
    numbers: tuple[float, ...]


def check_looks(step: RevisionStep) -> Iterator[Finding]:
    """Look at the appearance of every note that came."""
    for note in step.comparison.new_annotations:
        if not is_note_annotation(step, note):
            continue
        looks = list(looks_of(step.new, note.value))
        where = message("verification.annotation-on-page-2", note=note.page_index + 1)
        if not all(_is_plain(step, look) for look in looks) or _has_words(step, note):
            yield Finding(
                "covering",
                message("verification.shows-text-or-pictures-own-nobody", where=where),
            )
        elif step.permissions.certified and not all(_is_own(step, note, look) for look in looks):
            yield Finding("covering", message("verification.shows-something-else-than-kind-on", where=where))


def _has_words(step: RevisionStep, note: NewAnnotation) -> bool:
    """A line may carry its text as a caption, which readers draw on the page."""
    return step.new.resolve(note.value.get("Cap")) is True


def _is_plain(step: RevisionStep, look: Stream) -> bool:
    """Tell whether an appearance consists of lines and areas in plain colours."""
    if look.dictionary.keys() - _PLAIN_FORM:
        return False
    content = step.new.file.expand(step.new.resolved_filters(look))
    return _steps(content) is not None and _has_plain_resources(step, look)


def _is_own(step: RevisionStep, note: NewAnnotation, look: Stream) -> bool:
    """Tell whether an appearance draws one shape of its kind, where the annotation's entries put it."""
    kind = str(step.new.resolve(note.value.get("Subtype")))
    allowed = _SHAPES.get(kind)
    drawn = _steps(step.new.file.expand(step.new.resolved_filters(look)))
    shift, points = _shift(step, note.value, look), _geometry(step, kind, note.value)
    if allowed is None or drawn is None or shift is None or points is None:
        return False
    operators = tuple(item.operator for item in drawn if item.operator in _DRAWING)
    if kind in _WHOLE_SHAPES and operators not in _WHOLE_SHAPES[kind]:
        return False
    ends = [(x + shift[0], y + shift[1]) for item in drawn for x, y in _ends(item)]
    return set(operators) <= set(allowed) and all(_is_near(end, points) for end in ends)


def _is_near(end: tuple[float, float], points: Points) -> bool:
    return any(abs(end[0] - x) <= _NEAR and abs(end[1] - y) <= _NEAR for x, y in points)


def _has_plain_resources(step: RevisionStep, look: Stream) -> bool:
    resources = step.new.dictionary(look.dictionary.get("Resources"))
    if any(step.new.resolve(value) for key, value in resources.items() if key not in _STATES):
        return False
    states = step.new.dictionary(resources.get("ExtGState"))
    return all(not step.new.dictionary(state).keys() - _PLAIN_STATE for state in states.values())


def _steps(content: bytes) -> list[_Step] | None:
    """Return the operators of a content stream; None where there is one that does not draw a plain shape."""
    found: list[_Step] = []
    operands: list[re.Match[bytes]] = []
    content, position = content.rstrip(b"\x00\t\n\x0c\r "), 0
    while position < len(content):
        token = _TOKEN.match(content, position)
        if token is None:
            return None
        position = token.end()
        if token["word"] is None:
            operands.append(token)
            continue
        step = _step(token["word"].decode("ascii"), operands)
        if step is None:
            return None
        found.append(step)
        operands = []
    return None if operands else found


def _step(operator: str, operands: list[re.Match[bytes]]) -> _Step | None:
    if operator == "d":
        return _Step(operator, ())
    numbers = tuple(float(item["number"]) for item in operands if item["number"] is not None)
    names = sum(item["name"] is not None for item in operands)
    fits = _OPERANDS.get(operator) == len(operands) == len(numbers) + names
    return _Step(operator, numbers) if fits and (names == 0) == (operator != "gs") else None


def _ends(item: _Step) -> Points:
    if item.operator == "re":
        x, y, width, height = item.numbers
        return [(x, y), (x + width, y + height)]
    return [(item.numbers[-2], item.numbers[-1])] if item.operator in _DRAWING else []


def _shift(step: RevisionStep, annotation: dict[str, Any], look: Stream) -> tuple[float, float] | None:
    """Return how far an appearance is moved into its rectangle; None where it is scaled or turned, too."""
    box = rectangle_of(look.dictionary.get("BBox"), step.new)
    corners = rectangle_of(annotation.get("Rect"), step.new)
    matrix = numbers_of(look.dictionary.get("Matrix", [1, 0, 0, 1, 0, 0]), step.new)
    if box is None or corners is None or matrix is None or matrix[:4] != [1, 0, 0, 1]:
        return None
    if not _same_size(box, corners):
        return None
    # The matrix moves box and content alike, so that it does not count (12.5.5, algorithm 8.1).
    return corners[0] - box[0], corners[1] - box[1]


def _same_size(one: Rectangle, two: Rectangle) -> bool:
    return abs(one[2] - one[0] - two[2] + two[0]) < 1 and abs(one[3] - one[1] - two[3] + two[1]) < 1


def _geometry(step: RevisionStep, kind: str, annotation: dict[str, Any]) -> Points | None:
    """Return the points that an annotation's entries name; None where they are not points."""
    if kind in _WHOLE_SHAPES:
        return _frame(step, kind, annotation)
    key = _POINTS.get(kind, "QuadPoints")
    value = annotation.get(key)
    found: list[float] = []
    for item in step.new.array(value) if key == "InkList" else [value]:
        numbers = numbers_of(item, step.new)
        if numbers is None or len(numbers) % 2:
            return None
        found += numbers
    return list(zip(found[::2], found[1::2], strict=True))


def _frame(step: RevisionStep, kind: str, annotation: dict[str, Any]) -> Points | None:
    """Return the corners of a square, the ends of the arcs of a circle."""
    corners = rectangle_of(annotation.get("Rect"), step.new)
    inner = numbers_of(annotation.get("RD", [0, 0, 0, 0]), step.new)
    if corners is None or inner is None or len(inner) != len(corners):
        return None
    left, bottom, right, top = (
        corners[0] + inner[0], corners[1] + inner[1], corners[2] - inner[2], corners[3] - inner[3]
    )  # fmt: skip
    if kind == "Square":
        return [(left, bottom), (right, bottom), (right, top), (left, top)]
    across, up = (left + right) / 2, (bottom + top) / 2
    return [(left, up), (right, up), (across, bottom), (across, top)]
