"""Marks that hang together, and what their shapes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_MOST_RUNS = 60_000
_SLOPE = 0.1
_SQUARE = (0.75, 1.34)
"""Breadth to height of a box to be ticked or a ring; digits are narrower."""
_EDGE, _CORNER = 0.3, 0.15

Plane: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Pixels that hang together.

    Attributes:
        rows: Their rows.
        columns: Their columns.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @property
    def size(self) -> int:
        """How many pixels."""
        return self.rows.size

    @property
    def extent(self) -> tuple[int, int]:
        """Height and breadth."""
        return int(np.ptp(self.rows)) + 1, int(np.ptp(self.columns)) + 1

    def is_slope(self, longest: int, thickness: int) -> bool:
        """Tell whether it is a rule of a page that was put crookedly on the scanner."""
        height, breadth = self.extent
        longer, shorter = max(height, breadth), min(height, breadth)
        return (
            longer >= longest and shorter <= _SLOPE * longer + thickness and self.size <= thickness * longer
        )

    def is_ring(self, most: int) -> bool:
        """Tell whether it is a closed line around an empty middle, about as broad as high.

        Args:
            most: Pixels across, at most.
        """
        height, breadth = self.extent
        if max(height, breadth) > most or not _SQUARE[0] <= breadth / height <= _SQUARE[1]:
            return False
        plane = self._plane()
        rows, columns = round(_EDGE * height), round(_EDGE * breadth)
        middle = plane[rows : height - rows, columns : breadth - columns]
        half_down, half_across = (height + 1) // 2, (breadth + 1) // 2
        sides = (
            plane[:, :half_across].any(axis=1), plane[:, -half_across:].any(axis=1),
            plane[:half_down].any(axis=0), plane[-half_down:].any(axis=0),
        )  # fmt: skip
        return not bool(middle.any()) and all(bool(side.all()) for side in sides)

    def is_frame(self, most: int) -> bool:
        """Tell whether it is a square box, as people tick them.

        Args:
            most: Pixels across, at most.
        """
        if not self.is_ring(most):
            return False
        plane = self._plane()
        down, across = (max(1, round(_CORNER * side)) for side in plane.shape)
        corners = (
            plane[:down, :across],
            plane[:down, -across:],
            plane[-down:, :across],
            plane[-down:, -across:],
        )
        return all(bool(corner.any()) for corner in corners)

    def _plane(self) -> Plane:
        plane = np.zeros(self.extent, dtype=np.bool_)
        plane[self.rows - self.rows.min(), self.columns - self.columns.min()] = True
        return plane


def connected_marks(plane: Plane, asked: Plane) -> Iterator[Mark]:
    """Yield the marks of which a part is asked for; a plane with too many is one mark.

    Args:
        plane: The marks.
        asked: Which of them matter.
    """
    rows, starts, stops = _row_runs(plane)
    if rows.size > _MOST_RUNS:
        yield Mark(*np.nonzero(plane))
        return
    labels = _joined(rows, starts, stops)
    label_of = np.full(plane.shape, -1, dtype=np.int64)
    for row, start, stop, label in zip(rows, starts, stops, labels, strict=True):
        label_of[row, start:stop] = label
    for label in np.unique(label_of[asked]):
        if label >= 0:
            yield Mark(*np.nonzero(label_of == label))


def _row_runs(plane: Plane) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    padded = np.zeros((plane.shape[0], plane.shape[1] + 2), dtype=np.bool_)
    padded[:, 1:-1] = plane
    rows, at = np.nonzero(padded[:, 1:] != padded[:, :-1])
    return rows[::2], at[::2], at[1::2]


def _joined(rows: NDArray[np.intp], starts: NDArray[np.intp], stops: NDArray[np.intp]) -> list[int]:
    """Return a label for every run; runs of neighbouring rows that touch, at a corner too, have the same."""
    parents = list(range(rows.size))

    def root(at: int) -> int:
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    bounds = np.searchsorted(rows, np.arange(int(rows.max(initial=-1)) + 2))
    for (first, middle), last in zip(pairwise(bounds), bounds[2:], strict=False):
        above, below = int(first), int(middle)
        while above < middle and below < last:
            if starts[above] <= stops[below] and starts[below] <= stops[above]:
                parents[root(above)] = root(below)
            if stops[above] < stops[below]:
                above += 1
            else:
                below += 1
    return [root(at) for at in range(rows.size)]
