"""What differs between two pictures of a page, and whether earlier ink was lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""Rows, columns, red-green-blue."""
Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are outside."""

_INK = 176
_SLACK = 8
"""Levels by which rounding may lighten ink that is drawn through a further transparency group."""


def find_difference(before: Image, after: Image, masks: Iterable[Box]) -> Box | None:
    """Return the smallest box around all pixels that differ outside the masks; None where none does.

    There is no tolerance: the same page drawn twice by the same program is the same picture.

    Args:
        before: The page before.
        after: The page after; another size is a difference all over.
        masks: Where the page may differ.
    """
    if before.shape != after.shape:
        return 0, 0, after.shape[1], after.shape[0]
    if np.array_equal(before, after):
        return None
    rows = before.reshape(before.shape[0], -1) != after.reshape(after.shape[0], -1)
    touched = np.flatnonzero(rows.any(axis=1))
    first, last = int(touched[0]), int(touched[-1]) + 1
    differs = np.any(before[first:last] != after[first:last], axis=2)
    for left, top, right, bottom in masks:
        differs[max(top - first, 0) : max(bottom - first, 0), left:right] = False
    found = _bounds(differs)
    return None if found is None else (found[0], found[1] + first, found[2], found[3] + first)


def find_lightened(reference: Image, after: Image, box: Box) -> Box | None:
    """Return the box around earlier ink within a box that became lighter; None where none did.

    Darkness is that of the darkest colour: printing red over black hides nothing of where ink was, and paper
    over black does.

    Args:
        reference: The page before, lighter of what was seen and what is seen without the field's own look.
        after: The page after.
        box: Where to look.
    """
    left, top, right, bottom = box
    was = darkest(reference[top:bottom, left:right]).astype(np.int16)
    now = darkest(after[top:bottom, left:right]).astype(np.int16)
    found = _bounds((was < _INK) & (now > was + _SLACK))
    return None if found is None else (left + found[0], top + found[1], left + found[2], top + found[3])


def darkest(image: Image) -> NDArray[np.uint8]:
    """Return the least of the three colours of each pixel, plane by plane, which is faster."""
    red, green, blue = image[:, :, 0], image[:, :, 1], image[:, :, 2]
    return np.minimum(np.minimum(red, green), blue)


def brightest(image: Image) -> NDArray[np.uint8]:
    """Return the greatest of the three colours of each pixel."""
    red, green, blue = image[:, :, 0], image[:, :, 1], image[:, :, 2]
    return np.maximum(np.maximum(red, green), blue)


def lighter(one: Image, other: Image) -> Image:
    """Return the lighter of two pictures of the same page, pixel by pixel; ink is what both of them show."""
    return np.maximum(one, other)


def _bounds(found: NDArray[np.bool_]) -> Box | None:
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
