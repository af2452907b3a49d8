"""Folds, streaks of a scanner, edges of sheets: straight thin lines across the page, interrupted by print."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agreegen.scanning.comparing.ink import Stroke
from agreegen.scanning.comparing.references import PX_PER_MM

_PIECE_MM, _WIDTH_MM = 2.5, 0.9
_LENGTH_MM = 60.0
_INKED_SHARE = 0.3
_STRAIGHT_MM = 1.2
_MOST_PIECES = 400


def without_folds(strokes: Sequence[Stroke]) -> list[Stroke]:
    """Return the strokes that do not belong to a straight line across the page."""
    pieces = sorted((s for s in strokes if _is_piece(s)), key=lambda s: -s.length)[:_MOST_PIECES]
    folded: set[int] = set()
    for longest in pieces:
        if id(longest) in folded:
            continue
        line = [piece for piece in pieces if _lies_on(piece, longest)]
        span = _span(line)
        if span >= _LENGTH_MM * PX_PER_MM and sum(piece.length for piece in line) >= span * _INKED_SHARE:
            folded.update(id(piece) for piece in line)
    return [stroke for stroke in strokes if id(stroke) not in folded]


def _is_piece(stroke: Stroke) -> bool:
    return stroke.length >= _PIECE_MM * PX_PER_MM and stroke.thickness <= _WIDTH_MM * PX_PER_MM


def _lies_on(piece: Stroke, longest: Stroke) -> bool:
    """Whether both ends of a piece lie on the line through the ends of a longer one."""
    (x1, y1), (x2, y2) = longest.ends
    length = math.hypot(x2 - x1, y2 - y1)
    if length == 0:
        return False
    return all(
        abs((x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)) / length
        <= _STRAIGHT_MM * PX_PER_MM * max(1.0, math.hypot(x - x1, y - y1) / length / 4)
        for x, y in piece.ends
    )


def _span(line: Sequence[Stroke]) -> float:
    """Return how far the pieces of a line reach from end to end."""
    points = [end for piece in line for end in piece.ends]
    return max(math.dist(a, b) for a in points for b in points)
