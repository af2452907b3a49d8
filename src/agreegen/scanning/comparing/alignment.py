"""Laying a scanned page over our own rendering of it: first by its marks, then by what is printed.

The marks give turn, size and place to about a millimetre. What is left (a sheet drawn in at a slant, a feeder
that stretches) is found by correlating the printed text in windows all over the page, and a plane is fitted
through the displacements that agree with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agreegen.scanning.marks import Points

Ink = NDArray[np.float32]
"""Ink by row and column: 0 is paper, 1 is printed black."""

_WINDOW_PX = 128
_STEP_PX = 112
_LEAST_INK = 0.015
_LEAST_WINDOWS = 6
_MOST_WINDOWS = 28
_PASSES = ((10, 4.0), (5, 2.0))
"""How far printed text is looked for in each pass, and how far windows may disagree, in pixels."""
_FIRST_PASS = (40, 8.0)
"""The same where only one mark was read: the far corner may be millimetres off."""


@dataclass(frozen=True, slots=True)
class Placement:
    """An affine map from a rendering to a scan, both in pixels with y downwards.

    Attributes:
        matrix: Two rows: x and y in the scan as sums over x, y and 1 in the rendering.
    """

    matrix: NDArray[np.float64]

    @property
    def scale(self) -> float:
        """Pixels of the scan a pixel of the rendering."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def of_part(self, left: float, top: float, factor: float) -> Placement:
        """Return the map from a part of the rendering that is drawn `factor` times as large."""
        inner = np.array([[1 / factor, 0, left], [0, 1 / factor, top], [0, 0, 1]])
        return Placement(self.matrix @ inner)

    def corrected(self, shift: NDArray[np.float64]) -> Placement:
        """Return the map for a rendering whose points are to be moved by an affine shift first."""
        inner = np.vstack([np.eye(2, 3) + shift, [0, 0, 1]])
        return Placement(self.matrix @ inner)


def place_by_marks(found: Sequence[Points], expected: Sequence[Points]) -> tuple[Placement, float]:
    """Fit turn, size and place to the corners of marks; return the fit and its mean error in scan pixels.

    Args:
        found: Corners of each mark in the scan.
        expected: Corners of the same marks in the rendering.
    """
    source = np.concatenate(list(expected)).view(np.float64).reshape(-1, 2) @ np.array([1, 1j])
    target = np.concatenate(list(found)).reshape(-1, 2) @ np.array([1, 1j])
    middle, goal = source.mean(), target.mean()
    turn = np.vdot(source - middle, target - goal) / np.vdot(source - middle, source - middle)
    offset = goal - turn * middle
    error = float(np.abs(turn * source + offset - target).mean())
    matrix = np.array([[turn.real, -turn.imag, offset.real], [turn.imag, turn.real, offset.imag]])
    return Placement(matrix), error


class Scan:
    """A scanned page, to be laid over renderings.

    Args:
        picture: The page, grey.
    """

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        self._reduced: dict[int, Image.Image] = {1: picture}

    def laid(self, placement: Placement, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Return the page as it looks in the frame of a rendering; outside of the sheet it is white.

        Args:
            placement: From the rendering to the scan.
            size: Width and height of the rendering.
        """
        # Sampling a much larger picture at single points would lose thin strokes.
        factor = max(1, int(placement.scale))
        if factor not in self._reduced:
            self._reduced[factor] = self.picture.reduce(factor)
        data = tuple(float(number) for number in (placement.matrix / factor).ravel())
        laid = self._reduced[factor].transform(
            size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR, fillcolor=255
        )
        return np.asarray(laid)


@dataclass(frozen=True, slots=True)
class LaidPage:
    """A scanned page in the frame of a rendering.

    Attributes:
        scan: The page.
        placement: From the rendering to the scan.
        grey: The page as it looks there.
    """

    scan: Scan
    placement: Placement
    grey: NDArray[np.uint8]

    @classmethod
    def lay(cls, scan: Scan, placement: Placement, shape: tuple[int, ...]) -> LaidPage:
        """Lay a page over a rendering of so many rows and columns."""
        height, width = shape
        return cls(scan, placement, scan.laid(placement, (width, height)))


def refine(
    scan: Scan, placement: Placement, reference: Ink, *, rough: bool = False
) -> tuple[Placement, float]:
    """Correct a placement by what is printed; return it and the share of windows that agree with it.

    Args:
        scan: The page.
        placement: From the rendering to the scan, by the marks.
        reference: Ink of the rendering.
        rough: Whether the placement rests on one mark only.
    """
    corners = _windows(reference)
    agreement = 0.0
    if len(corners) < _LEAST_WINDOWS:
        return placement, agreement
    expected = _spectra(
        [reference[top : top + _WINDOW_PX, left : left + _WINDOW_PX] for top, left in corners]
    )
    for search, tolerance in (*((_FIRST_PASS,) if rough else ()), *_PASSES):
        shifts = _displacements(expected, _spectra(_laid_windows(scan, placement, corners)), search)
        centres = corners[:, ::-1].astype(np.float64) + _WINDOW_PX / 2
        plane, agreement = _fit_plane(centres, shifts, tolerance)
        placement = placement.corrected(plane)
    return placement, agreement


def _windows(reference: Ink) -> NDArray[np.int64]:
    """Return the upper left corners (row, column) of the windows in which something is printed."""
    height, width = reference.shape
    corners = [
        (top, left)
        for top in range(0, height - _WINDOW_PX, _STEP_PX)
        for left in range(0, width - _WINDOW_PX, _STEP_PX)
        if reference[top : top + _WINDOW_PX, left : left + _WINDOW_PX].mean() >= _LEAST_INK
    ]
    step = max(1, -(-len(corners) // _MOST_WINDOWS))
    return np.array(corners[::step], dtype=np.int64).reshape(-1, 2)


def _laid_windows(scan: Scan, placement: Placement, corners: NDArray[np.int64]) -> list[Ink]:
    size = (_WINDOW_PX, _WINDOW_PX)
    laid = [scan.laid(placement.of_part(float(left), float(top), 1), size) for top, left in corners]
    return [1 - part.astype(np.float32) / np.float32(255) for part in laid]


def _spectra(windows: Sequence[Ink]) -> NDArray[np.complex64]:
    parts = np.stack(windows)
    parts = parts - parts.mean(axis=(1, 2), keepdims=True)
    spectra: NDArray[np.complex64] = np.fft.rfft2(parts.astype(np.float32)).astype(np.complex64)
    return spectra


def _displacements(
    expected: NDArray[np.complex64], found: NDArray[np.complex64], search: int
) -> NDArray[np.float64]:
    """Return how far each window's text lies from where it should, as rows of x and y."""
    correlation = np.fft.irfft2(np.conj(expected) * found, s=(_WINDOW_PX, _WINDOW_PX))
    rolled = np.roll(correlation, (search, search), axis=(1, 2))[:, : 2 * search + 1, : 2 * search + 1]
    best = rolled.reshape(len(rolled), -1).argmax(axis=1)
    rows, columns = np.divmod(best, 2 * search + 1)
    shifts = np.stack([columns, rows], axis=1).astype(np.float64) - search
    return shifts + _subpixel(rolled, rows, columns)


def _subpixel(surface: NDArray[np.float64], rows: Points, columns: Points) -> NDArray[np.float64]:
    """Return the vertex of the parabola through each peak and its neighbours."""
    number, size = np.arange(len(surface)), surface.shape[1] - 1
    inside_rows, inside_columns = np.clip(rows, 1, size - 1), np.clip(columns, 1, size - 1)
    peak = surface[number, inside_rows, inside_columns]
    parts = []
    for row_step, column_step in ((0, 1), (1, 0)):
        before = surface[number, inside_rows - row_step, inside_columns - column_step]
        after = surface[number, inside_rows + row_step, inside_columns + column_step]
        bend = before - 2 * peak + after
        with np.errstate(divide="ignore", invalid="ignore"):
            offset = np.where(bend < 0, (before - after) / (2 * bend), 0.0)
        parts.append(np.clip(offset, -0.5, 0.5))
    return np.stack(parts, axis=1)


def _fit_plane(centres: Points, shifts: Points, tolerance: float) -> tuple[NDArray[np.float64], float]:
    """Fit an affine shift to the displacements that agree with each other."""
    terms = np.column_stack([centres, np.ones(len(centres))])
    middle = np.median(shifts, axis=0)
    kept = np.abs(shifts - middle).max(axis=1) < 4 * tolerance
    plane = np.zeros((3, 2))
    for _ in range(4):
        if kept.sum() < _LEAST_WINDOWS:
            break
        plane, *_ = np.linalg.lstsq(terms[kept], shifts[kept], rcond=None)
        kept = np.abs(terms @ plane - shifts).max(axis=1) < tolerance
    return plane.T, float(kept.mean())
