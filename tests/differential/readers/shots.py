"""What a reader shows of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
"""Rows, columns, colours."""
Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points."""
SCALE = 1.0
"""Pixels to a point."""
_MARGIN_PIXELS = 2
_ROUNDING = 4
"""Levels of 255 that nobody sees: MuPDF blends the whole page as soon as a highlight is on it, and rounds."""


Word = tuple[int, str, Box]
"""Page from 0, text, place."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One view of a file.

    Attributes:
        pictures: A picture a page.
        words: What else it shows: text and annotations in its own words, with their page and place.
        problem: Why it shows nothing.
    """

    pictures: tuple[Picture, ...] = ()
    words: tuple[Word, ...] = ()
    problem: str = ""


class Reader(Protocol):
    """A program that shows PDF files."""

    @property
    def name(self) -> str:
        """Its name in reports."""
        ...

    def show(self, data: bytes) -> dict[str, Shot]:
        """Return its views of a file by name.

        Raises:
            ReaderDiedError: The program ended; the next call starts it again.
        """
        ...

    def close(self) -> None:
        """End it."""
        ...


class ReaderDiedError(Exception):
    """A reader's process ended while it read a file."""


def difference(before: Shot, after: Shot, places: Sequence[Box], spots: Sequence[Box]) -> str:
    """Say in what two views differ outside of some places of the first page; nothing where they do not.

    Args:
        before: The signed revision.
        after: The file.
        places: Permitted places, as the page counts.
        spots: The same places as they lie in the picture, which may be turned or cropped.
    """
    if before.problem or after.problem:
        return "" if before.problem else f"shows nothing: {after.problem}"
    if len(before.pictures) != len(after.pictures):
        return f"{len(after.pictures)} pages in place of {len(before.pictures)}"
    told, tells = _outside(before.words, places), _outside(after.words, places)
    if told != tells:
        odd = [word for word in told if word not in tells] + [word for word in tells if word not in told]
        return f"tells otherwise: {odd[:1] or 'another order'}"
    for number, (one, two) in enumerate(zip(before.pictures, after.pictures, strict=True)):
        if one.shape != two.shape:
            return f"page {number + 1} has another size"
        changed = np.any(np.maximum(one, two) - np.minimum(one, two) > _ROUNDING, axis=2)
        if number == 0:
            _clear(changed, spots)
        if changed.any():
            rows, columns = np.nonzero(changed)
            box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            return f"page {number + 1} differs in {int(changed.sum())} pixels of {box}"
    return ""


def _outside(words: Sequence[Word], places: Sequence[Box]) -> list[Word]:
    """Leave out what lies in a permitted place of the first page."""
    return [word for word in words if word[0] or not any(_within(word[2], place) for place in places)]


def _within(box: Box, place: Box) -> bool:
    margin = _MARGIN_PIXELS
    low = all(one >= two - margin for one, two in zip(box[:2], place[:2], strict=True))
    return low and all(one <= two + margin for one, two in zip(box[2:], place[2:], strict=True))


def _clear(changed: npt.NDArray[Any], places: Sequence[Box]) -> None:
    height = changed.shape[0]
    for left, bottom, right, top in places:
        rows = slice(
            max(0, int(height - top * SCALE) - _MARGIN_PIXELS), int(height - bottom * SCALE) + _MARGIN_PIXELS
        )
        columns = slice(max(0, int(left * SCALE) - _MARGIN_PIXELS), int(right * SCALE) + _MARGIN_PIXELS)
        changed[rows, columns] = False
