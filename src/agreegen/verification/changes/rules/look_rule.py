"""A note looks like a note; on certified files its look is what its kind and geometry give, nothing besides.

Whoever certified permitted notes, not text: a square that draws a digit beside an amount is not a square. So
the appearance of a note may hold one shape of its kind, where its entries say, in plain colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agreegen.pdf.objects import Stream
from agreegen.pdf.pages import Rectangle, numbers_of, rectangle_of
from agreegen.verification.changes.interface import Finding, NewAnnotation, RevisionStep
from agreegen.verification.changes.painted_boxes import looks_of
from agreegen.verification.changes.rules.note_rule import is_note

_TOKEN = re.compile(
    rb"[\x00\t\n\x0c\r ]*(?:([+-]?(?:\d+\.?\d*|\.\d+))|(/[A-Za-z0-9_.+-]+)|([A-Za-z]+\*?)|(\[)|(\]))"
)
_OPERANDS = {
    "q": 0, "Q": 0, "w": 1, "J": 1, "j": 1, "M": 1, "i": 1, "d": 1, "gs": 1,
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
_CURVES_OF_A_CIRCLE = 4
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
        if not is_note(step, note):
            continue
        looks = list(looks_of(step.new, note.value))
        where = f"an annotation on page {note.page_index + 1}"
        if not all(_is_plain(step, look) for look in looks) or _has_words(step, note):
            yield Finding(
                "covering",
                f"{where} shows text or pictures of its own, which nobody tells from what was signed",
            )
        elif step.permissions.certified and not all(_is_own(step, note, look) for look in looks):
            yield Finding("covering", f"{where} shows something else than its kind on the certified document")


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
    kind = step.new.resolve(note.value.get("Subtype"))
    allowed = _SHAPES.get(str(kind))
    if allowed is None:
        return False
    drawn = _steps(step.new.file.expand(step.new.resolved_filters(look)))
    if drawn is None or any(item.operator in _DRAWING and item.operator not in allowed for item in drawn):
        return False
    shift = _shift(step, note.value, look)
    points = _geometry(step, str(kind), note.value)
    if shift is None or points is None:
        return False
    if kind in ("Square", "Circle"):
        return _is_one_shape(drawn, str(kind))
    ends = [(x + shift[0], y + shift[1]) for item in drawn for x, y in _ends(item)]
    return all(any(abs(x - a) <= _NEAR and abs(y - b) <= _NEAR for a, b in points) for x, y in ends)


def _has_plain_resources(step: RevisionStep, look: Stream) -> bool:
    resources = step.new.dictionary(look.dictionary.get("Resources"))
    if any(step.new.resolve(value) for key, value in resources.items() if key not in _STATES):
        return False
    states = step.new.dictionary(resources.get("ExtGState"))
    return all(not step.new.dictionary(state).keys() - _PLAIN_STATE for state in states.values())


def _steps(content: bytes) -> list[_Step] | None:
    """Return the operators of a content stream; None where there is one that does not draw a plain shape."""
    found: list[_Step] = []
    numbers: list[float] = []
    names = depth = position = 0
    content = content.rstrip(b"\x00\t\n\x0c\r ")
    while position < len(content):
        token = _TOKEN.match(content, position)
        if token is None:
            return None
        position = token.end()
        number, name, word, opens, closes = token.groups()
        if word is not None:
            operator = word.decode("ascii")
            wanted = _OPERANDS.get(operator)
            if wanted is None or (wanted != len(numbers) + names and operator != "d"):
                return None
            found.append(_Step(operator, tuple(numbers)))
            numbers, names = [], 0
        elif number is not None and depth == 0:
            numbers.append(float(number))
        elif name is not None:
            names += 1
        depth += (opens is not None) - (closes is not None)
    return found if not numbers and depth == 0 else None


def _is_one_shape(drawn: list[_Step], kind: str) -> bool:
    """One rectangle, or one closed curve of four arcs: nobody reads anything else in it."""
    count = [item.operator for item in drawn if item.operator in _DRAWING]
    if kind == "Square":
        return count in ([], ["re"])
    return count in ([], ["m", *["c"] * _CURVES_OF_A_CIRCLE])


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
    if kind in ("Square", "Circle"):
        return []
    key = _POINTS.get(kind, "QuadPoints")
    value = annotation.get(key)
    found: list[float] = []
    for item in step.new.array(value) if key == "InkList" else [value]:
        numbers = numbers_of(item, step.new)
        if numbers is None or len(numbers) % 2:
            return None
        found += numbers
    return list(zip(found[::2], found[1::2], strict=True))
