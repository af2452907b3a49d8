"""A look is painted in its place: on one that has width and height, by a matrix that can be undone.

What has no place on a page shows nothing; to draw it there is a matrix that cannot be undone, and readers
differ in what they do (ISO 32000-1, clause 12.5.5, algorithm 8.1): PDFium draws it in a corner of the page,
others leave it out. poppler's Cairo output (Evince uses it) leaves a singular matrix out and goes on, so
that a field of one line paints over the whole page; other readers paint nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agreegen.messages import message
from agreegen.pdf.document import View
from agreegen.pdf.objects import Stream
from agreegen.pdf.pages import numbers_of, rectangle_of
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.painted_boxes import looks_of

_COMMENT = re.compile(rb"%[^\r\n]*")
_WORD = re.compile(rb"(?<![A-Za-z0-9/])(?:[A-Za-z]+\*?|['\"])")
_PAINTING = frozenset(b"S s f F f* B B* b b* sh BI Tj TJ ' \"".split())
_MAX_DEPTH = 8
_LEAST, _MOST = 1e-6, 1e9
"""Bounds of a determinant; a factor of a thousand in both directions is more than any writer uses."""
_THINNEST, _WIDEST = 1e-3, 1e6
"""Bounds of a box's side in points, if it is not empty."""


def check_nowhere(step: RevisionStep) -> Iterator[Finding]:
    """Look at every annotation that came or was changed."""
    for number in sorted(step.changed):
        value = step.new.value(number)
        if not isinstance(value, dict) or "Rect" not in value or "AP" not in value:
            continue
        if is_nowhere(step.new, value) and any(
            _paints(step.new, look, 0) for look in looks_of(step.new, value)
        ):
            yield Finding("covering", message("verification.object-no-place-on-page-shows", number=number))


def is_nowhere(view: View, annotation: dict[str, Any]) -> bool:
    """Tell whether the rectangle of an annotation has no width or no height."""
    box = rectangle_of(annotation.get("Rect"), view)
    return box is not None and (box[0] == box[2] or box[1] == box[3])


def _paints(view: View, form: Stream, depth: int) -> bool:
    """Tell whether a form paints, itself or by what it draws; signers leave empty forms within forms."""
    box = rectangle_of(form.dictionary.get("BBox"), view)
    if box is not None and (box[0] == box[2] or box[1] == box[3]):
        return False
    content = view.file.expand(view.resolved_filters(form))
    # What looks like a comment in a string is none.
    words = set(_WORD.findall(content if b"(" in content else _COMMENT.sub(b"", content)))
    if _PAINTING & words:
        return True
    if b"Do" not in words:
        return False
    drawn = view.dictionary(view.dictionary(form.dictionary.get("Resources")).get("XObject")).values()
    found = [view.resolve(item) for item in drawn]
    return depth >= _MAX_DEPTH or any(_is_drawn(view, item, depth) for item in found)


def _is_drawn(view: View, item: Any, depth: int) -> bool:
    if not isinstance(item, Stream) or view.resolve(item.dictionary.get("Subtype")) != "Form":
        return True
    return _paints(view, item, depth + 1)


def check_matrices(step: RevisionStep) -> Iterator[Finding]:
    """Look at every form XObject that came or was changed, whatever it is used for."""
    for number in sorted(step.changed):
        form = step.new.value(number)
        if not isinstance(form, Stream) or not form.dictionary.keys() & {"BBox", "Matrix"}:
            continue
        if not (_is_regular(step, form) and _is_measurable(step, form)):
            reason = message("verification.object-drawn-by-matrix-or-box", number=number)
            yield Finding("covering", reason)


def _is_regular(step: RevisionStep, form: Stream) -> bool:
    matrix = numbers_of(form.dictionary.get("Matrix", [1, 0, 0, 1, 0, 0]), step.new)
    if matrix is None or len(matrix) != 6:
        return False
    return _LEAST <= abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]) <= _MOST


def _is_measurable(step: RevisionStep, form: Stream) -> bool:
    box = rectangle_of(form.dictionary.get("BBox"), step.new)
    if box is None:
        return "BBox" not in form.dictionary
    sides = abs(box[2] - box[0]), abs(box[3] - box[1])
    return all(side == 0 or _THINNEST <= side <= _WIDEST for side in sides)
