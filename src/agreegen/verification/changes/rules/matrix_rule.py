"""An appearance is placed by a matrix that can be undone: where it cannot, readers paint anywhere.

poppler's Cairo output (Evince uses it) leaves a singular matrix out and goes on, so that a field of one
line paints over the whole page; other readers paint nothing (ISO 32000-1, clause 12.5.5, algorithm 8.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import message
from agreegen.pdf.objects import Stream
from agreegen.pdf.pages import numbers_of, rectangle_of
from agreegen.verification.changes.interface import Finding, RevisionStep

_LEAST, _MOST = 1e-6, 1e9
"""Bounds of a determinant; a factor of a thousand in both directions is more than any writer uses."""
_THINNEST, _WIDEST = 1e-3, 1e6
"""Bounds of a box's side in points, if it is not empty."""


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
