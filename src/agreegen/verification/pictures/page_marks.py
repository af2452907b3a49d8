"""What is drawn on a page besides rules and frames, and whether new ink comes to stand in or beside it.

Fields stand on lines, dots, boxes, cells and tints, and what is filled in may touch those. Ink that joins
anything else changes what a reader saw: a drawn one becomes a four. All is told by contrast, so that it holds
for ink of any colour on any ground.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from agreegen.verification.pictures.comparison import Box, Image, brightest
from agreegen.verification.pictures.connected_marks import Mark, connected_marks

_CONTRAST = 32
"""Levels from which on a difference between neighbours is something drawn."""
_NEW_INK = 24
_LONG_ACROSS_PT, _LONG_DOWN_PT = 48.0, 72.0
"""Straight edges of this length are rules: no digit of a running text has them."""
_GAP_PT, _THIN_PT = 3.0, 3.5
"""Dots and dashes with such gaps, no higher than this, are a rule if they go on for long enough."""
_MEETS_PT = 2.0
_AROUND_PT = 40.0
"""How far around a field marks are followed to see what they belong to."""
_INNER_PT = 1.0
_FEWEST_PIXELS = 40
_SPECK = 12

Plane: TypeAlias = NDArray[np.bool_]
_Kind = TypeVar("_Kind", np.bool_, np.uint8)


@dataclass(frozen=True, slots=True)
class PageMarks:
    """What is drawn on a page and is no rule.

    Attributes:
        plane: Where.
        scale: Pixels a point.
    """

    plane: Plane
    scale: float

    @classmethod
    def of(cls, page: Image, scale: float) -> PageMarks:
        """Find the marks of a page.

        Args:
            page: The page without what is asked about.
            scale: Pixels a point.
        """
        drawn = _spread(page) >= _CONTRAST
        return cls(drawn & ~_rules(page, drawn, scale), scale)

    def is_joined(self, before: Image, after: Image, box: Box) -> bool:
        """Tell whether what came in a box joins marks of the page, or stands among them.

        1. What came is what changed in the box; where nothing did, nothing joins anything.
        2. Marks within a point of it, and those inside the box, are followed to see what they are.
        3. Frames to be ticked, crooked rules and specks do not count; rings count where they are touched.

        Args:
            before: The page as it was.
            after: The page as it is.
            box: Where something came.
        """
        came = np.zeros(self.plane.shape, dtype=np.bool_)
        came[_slices(box)] = _new_ink(before[_slices(box)], after[_slices(box)])
        inner = np.zeros(self.plane.shape, dtype=np.bool_)
        inner[_slices(_widened(box, -self._pixels(_INNER_PT), self.plane.shape))] = True
        window = _slices(_widened(box, self._pixels(_AROUND_PT), self.plane.shape))
        plane, came, inner = self.plane[window], came[window], inner[window]
        near, within = plane & _grown(came, 1, 1), plane & inner
        if not came.any() or not (near.any() or int(within.sum()) >= _FEWEST_PIXELS):
            return False
        return any(self._counts(mark, near, inner) for mark in connected_marks(plane, near | within))

    def says_more_than(self, other: PageMarks, box: Box) -> bool:
        """Tell whether there are marks in a box that another picture of the page does not have.

        Args:
            other: The marks of the other picture.
            box: Where to look.
        """
        own = np.zeros(self.plane.shape, dtype=np.bool_)
        own[_slices(box)] = self.plane[_slices(box)]
        own &= ~_grown(other.plane, 1, 1)
        return any(not self._is_furniture(mark) for mark in connected_marks(own, own))

    def _is_furniture(self, mark: Mark) -> bool:
        """Tell whether something drawn is a frame to be ticked, a crooked rule or a speck."""
        return (
            mark.size <= _SPECK
            or mark.is_frame(self._pixels(_AROUND_PT))
            or mark.is_slope(self._pixels(_LONG_ACROSS_PT), self._pixels(_THIN_PT))
        )

    def _counts(self, mark: Mark, near: Plane, inner: Plane) -> bool:
        if self._is_furniture(mark):
            return False
        if bool(near[mark.rows, mark.columns].any()):
            return True
        within = int(inner[mark.rows, mark.columns].sum())
        return (
            2 * within > mark.size and within >= _FEWEST_PIXELS and not mark.is_ring(self._pixels(_AROUND_PT))
        )

    def _pixels(self, points: float) -> int:
        return max(1, round(points * self.scale))


def _slices(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def _widened(box: Box, by: int, shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = box
    return (
        max(0, left - by), max(0, top - by),
        max(0, min(shape[1], right + by)), max(0, min(shape[0], bottom + by)),
    )  # fmt: skip


def _new_ink(before: Image, after: Image) -> Plane:
    result: Plane = brightest(np.maximum(before, after) - np.minimum(before, after)) >= _NEW_INK
    return result


def _colours(page: Image) -> list[NDArray[np.uint8]]:
    """Return the planes of a picture that differ: one where all is grey."""
    red, green, blue = (np.ascontiguousarray(page[:, :, at]) for at in range(3))
    return [red] if np.array_equal(red, green) and np.array_equal(green, blue) else [red, green, blue]


def _spread(page: Image) -> NDArray[np.uint8]:
    """Return the greatest difference within one pixel of each pixel, in the colour that shows most."""
    found = []
    for most in _colours(page):
        least = most
        for axis in (0, 1):
            most = np.maximum(most, np.maximum(_shifted(most, axis, 1), _shifted(most, axis, -1)))  # noqa: PLW2901
            least = np.minimum(least, np.minimum(_shifted(least, axis, 1), _shifted(least, axis, -1)))
        found.append(most - least)
    return functools.reduce(np.maximum, found)


def _rules(page: Image, drawn: Plane, scale: float) -> Plane:
    """Return where long straight edges are, and short ones that end at long ones on both sides."""
    across = _steps(page, 0)
    down = _steps(page, 1).T
    long_across = _runs(across, _of(_LONG_ACROSS_PT, scale)) | _dotted(drawn, scale)
    long_down = _runs(down, _of(_LONG_DOWN_PT, scale)).T
    meets = _of(_MEETS_PT, scale)
    ends_down, ends_across = _grown(long_across, meets, 1), _grown(long_down, 1, meets)
    short_down = _runs(down, 1, ends=ends_down.T).T
    short_across = _runs(across, 1, ends=ends_across)
    return _grown(long_across | short_across, 1, 2) | _grown(long_down | short_down, 2, 1)


def _steps(page: Image, axis: int) -> Plane:
    """Return where a page changes from one row (or column) to the next; crooked lines by one are followed."""
    steps = np.zeros(page.shape[:2], dtype=np.bool_)
    for colour in _colours(page):
        following = _shifted(colour, axis, -1)
        steps |= np.maximum(following, colour) - np.minimum(following, colour) >= _CONTRAST
    return steps | _shifted(steps, axis, 1) | _shifted(steps, axis, -1)


def _dotted(drawn: Plane, scale: float) -> Plane:
    """Return where dots and dashes follow each other in a row."""
    thin = drawn & ~_runs(drawn.T, _of(_THIN_PT, scale) + 1).T
    gaps = ~drawn & ~_runs(~drawn, _of(_GAP_PT, scale) + 1)
    return thin & _runs(thin | gaps, _of(_LONG_ACROSS_PT, scale))


def _runs(plane: Plane, least: int, *, ends: Plane | None = None) -> Plane:
    """Return the runs within rows that are long enough, or those both of whose ends lie in a plane."""
    rows, columns = plane.shape
    flat = np.zeros((rows, columns + 2), dtype=np.bool_)
    flat[:, 1:-1] = plane
    line = flat.ravel()
    turns = np.flatnonzero(line[1:] != line[:-1]) + 1
    starts, stops = turns[::2], turns[1::2]
    kept = stops - starts >= least
    if ends is not None:
        framed = np.zeros_like(flat)
        framed[:, 1:-1] = ends
        meets = framed.ravel()
        kept &= meets[starts] & meets[stops - 1]
    steps = np.zeros(line.size + 1, dtype=np.int8)
    steps[starts[kept]] += 1
    steps[stops[kept]] -= 1
    result: Plane = np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_).reshape(flat.shape)[:, 1:-1]
    return result


def _grown(plane: Plane, down: int, across: int) -> Plane:
    """Return a plane widened by some pixels to all sides."""
    grown = plane
    for axis, width in ((0, down), (1, across)):
        for _ in range(width):
            grown = grown | _shifted(grown, axis, 1) | _shifted(grown, axis, -1)
    return grown


def _shifted(array: NDArray[_Kind], axis: int, by: int) -> NDArray[_Kind]:
    """Return an array moved by one along an axis; its edge is repeated."""
    moved = np.empty_like(array)
    target, source = (moved, array) if axis == 0 else (moved.T, array.T)
    if by > 0:
        target[1:], target[0] = source[:-1], source[0]
    else:
        target[:-1], target[-1] = source[1:], source[-1]
    return moved


def _of(points: float, scale: float) -> int:
    return max(1, round(points * scale))
