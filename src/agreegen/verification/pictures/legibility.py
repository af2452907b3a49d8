"""Whether what a seal lies over can still be read.

The measure is that of an eye on paper: black text under a red seal is seen in the red channel, where the seal
is nearly white. Pixels prove what was lost, never that nothing was added: a red digit beside a number passes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agreegen.verification.pictures.comparison import Image, brightest, darkest
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
_Levels = NDArray[np.uint8]
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
    darkest_was, darkest_now = darkest(before), darkest(after)
    red_was, red_now = before[:, :, 0], after[:, :, 0]
    depth_was, depth_now = 255 - darkest_was, 255 - darkest_now
    ink: _Mask = depth_was >= _FAINT
    if bool(np.any(ink & (_around(depth_now) < _LEAST_KEPT * depth_was))):
        return Reading.ERASED
    dark: _Mask = red_was < _DARK
    if bool(np.any(dark & (_around(255 - red_now) <= 255 - _DARK))):
        return Reading.COVERED
    # Soft edges of black text are grey, and belong to it.
    coloured: _Mask = ink & ~dark & (brightest(before) - darkest_was >= _FAINT)
    plain = _keeps_contrast(ink & ~coloured, ~ink, red_was, red_now)
    kept = plain and _keeps_contrast(coloured, ~ink, darkest_was, darkest_now)
    return Reading.LEGIBLE if kept else Reading.COVERED


def _is_even(image: Image) -> bool:
    if not image.size:
        return True
    planes = (image[:, :, at] for at in range(image.shape[2]))
    return all(int(plane.max()) - int(plane.min()) < _EVEN for plane in planes)


def _around(plane: _Levels) -> _Levels:
    """Return the greatest value within one pixel of each pixel."""
    result = plane.copy()
    for axis in (0, 1):
        found = result.copy()
        target, source = (found, result) if axis == 0 else (found.T, result.T)
        np.maximum(target[1:], source[:-1], out=target[1:])
        np.maximum(target[:-1], source[1:], out=target[:-1])
        result = found
    return result


def _keeps_contrast(ink: _Mask, paper: _Mask, was: _Levels, now: _Levels) -> bool:
    paper = paper & (_around(_around(ink.astype(np.uint8))) > 0)
    counts = [_window_sums(mask.astype(np.uint8)) for mask in (ink, paper)]
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


def _window_sums(plane: _Levels) -> _Plane:
    """Return the sums over windows of a character's size, half a window apart."""
    step = _CHARACTER // 2
    rows, columns = (-(-size // step) * step for size in plane.shape)
    padded = np.pad(plane, ((0, rows - plane.shape[0]), (0, columns - plane.shape[1])))
    cells = padded.reshape(rows // step, step, columns // step, step).sum(axis=(1, 3), dtype=np.float64)
    wider = np.pad(cells, ((0, 1), (0, 1)))
    result: _Plane = wider[:-1, :-1] + wider[1:, :-1] + wider[:-1, 1:] + wider[1:, 1:]
    return result
