"""Whether what a seal lies over can still be read.

The measure is that of an eye on paper: black text under a red seal is seen in the red channel, where the seal
is nearly white. Pixels prove what was lost, never that nothing was added: a red digit beside a number passes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agreegen.verification.pictures.comparison import Image
from agreegen.verification.pictures.interface import Reading

DOTS_PER_INCH = 144
_DARK = 128
_FAINT = 48
"""Levels of difference to paper from which on something is ink."""
_EVEN = 8
"""Levels within which a place counts as painted in one colour."""
_LEAST_KEPT = 0.5
_LEAST_CONTRAST = 0.8
_LEAST_PIXELS = 3
_CHARACTER = 20
"""Pixels across and down of the window in which contrast is measured: a character of 10 points."""

_Plane = NDArray[np.float64]
_Mask = NDArray[np.bool_]


def read_under(before: Image, after: Image) -> Reading:
    """Say what became of what was drawn in a place, at 144 dpi.

    1. Where the place had one colour throughout, nothing stood there.
    2. Earlier ink near which nothing of at least half its darkness is left became paper.
    3. Every earlier pixel that is dark in the red channel keeps a dark one within one pixel; ink that the red
       channel does not show is looked for in its own darkest channel.
    4. In every window of the size of a character the contrast of ink to the paper right beside it keeps four
       fifths.

    Args:
        before: The place as it was.
        after: The place as it is, of the same size.
    """
    if _is_even(before):
        return Reading.NOTHING
    was, now = before.astype(np.float64), after.astype(np.float64)
    depth_was, depth_now = 255.0 - was.min(axis=2), 255.0 - now.min(axis=2)
    ink: _Mask = depth_was >= _FAINT
    if bool(np.any(ink & (_around(depth_now) < _LEAST_KEPT * depth_was))):
        return Reading.ERASED
    dark: _Mask = was[:, :, 0] < _DARK
    if bool(np.any(dark & (_around(255.0 - now[:, :, 0]) <= 255.0 - _DARK))):
        return Reading.COVERED
    # Soft edges of black text are grey, and belong to it.
    coloured: _Mask = ink & ~dark & (was.max(axis=2) - was.min(axis=2) >= _FAINT)
    plain = _keeps_contrast(ink & ~coloured, ~ink, was[:, :, 0], now[:, :, 0])
    kept = plain and _keeps_contrast(coloured, ~ink, was.min(axis=2), now.min(axis=2))
    return Reading.LEGIBLE if kept else Reading.COVERED


def _is_even(image: Image) -> bool:
    if not image.size:
        return True
    return int((image.max(axis=(0, 1)).astype(np.int16) - image.min(axis=(0, 1))).max()) < _EVEN


def _around(plane: _Plane) -> _Plane:
    """Return the greatest value within one pixel of each pixel."""
    padded = np.pad(plane, 1, mode="edge")
    rows, columns = plane.shape
    shifted = [padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    result: _Plane = np.max(shifted, axis=0)
    return result


def _keeps_contrast(ink: _Mask, paper: _Mask, was: _Plane, now: _Plane) -> bool:
    paper = paper & (_around(_around(ink.astype(np.float64))) > 0)
    counts = [_window_sums(mask.astype(np.float64)) for mask in (ink, paper)]
    measured = (counts[0] >= _LEAST_PIXELS) & (counts[1] >= _LEAST_PIXELS)
    if not bool(measured.any()):
        return True
    contrasts = []
    for plane in (was, now):
        means = [
            _window_sums(plane * mask)[measured] / count[measured]
            for mask, count in zip((ink, paper), counts, strict=True)
        ]
        contrasts.append(means[1] - means[0])
    return bool(np.all(contrasts[1] >= _LEAST_CONTRAST * contrasts[0]))


def _window_sums(plane: _Plane) -> _Plane:
    """Return the sums over windows of a character's size, half a window apart."""
    step = _CHARACTER // 2
    rows, columns = (-(-size // step) * step for size in plane.shape)
    padded = np.pad(plane, ((0, rows - plane.shape[0]), (0, columns - plane.shape[1])))
    cells = padded.reshape(rows // step, step, columns // step, step).sum(axis=(1, 3))
    wider = np.pad(cells, ((0, 1), (0, 1)))
    result: _Plane = wider[:-1, :-1] + wider[1:, :-1] + wider[:-1, 1:] + wider[1:, 1:]
    return result
