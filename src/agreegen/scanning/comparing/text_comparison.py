"""Whether the printed text of a scanned page is that of our rendering: each character is looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from agreegen.scanning.comparing.alignment import Ink, LaidPage
from agreegen.scanning.comparing.ink import ink_of
from agreegen.scanning.comparing.references import FINE, PX_PER_MM, Character, Place, Reference

_SEARCH_PX = 3
_TEXT_ABSENT, _TEXT_WEAK, _WEAK_SHARE, _OTHER_SHARE = 0.45, 0.7, 0.04, 0.16
_FEW = 3
_TELLING_ABSENT, _TELLING_WEAK = 0.7, 0.82
_OVER_MM, _PRESENT = 4.0, 0.9
"""How far around its place a signature may lie over print, and how much of that must still be there."""
_LEAST_ENERGY = 64.0
_SOFT_PX = 1.5

Soft = NDArray[np.uint8]
"""Grey values as a poor scanner sees them, so that good and poor scans compare alike; 255 is ink."""


class Text(StrEnum):
    """Whether the printed text is the document's."""

    SAME = "same"
    DOUBTFUL = "doubtful"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Score:
    """How well a character agrees.

    Attributes:
        character: The character of our rendering.
        value: Correlation with what stands at its place, -1 to 1; at least that where it is enough.
    """

    character: Character
    value: float


def judge_text(scores: Sequence[Score]) -> Text:
    """Judge the words that all documents of a form share; a fold may run through a few of them."""
    weak = sum(score.value < _TEXT_WEAK for score in scores)
    absent = sum(score.value < _TEXT_ABSENT for score in scores)
    if absent > _FEW or weak > max(_FEW, _OTHER_SHARE * len(scores)):
        return Text.OTHER
    return Text.DOUBTFUL if absent or weak > max(_FEW, _WEAK_SHARE * len(scores)) else Text.SAME


def judge_telling(scores: Sequence[Score]) -> Text:
    """Judge what tells persons apart: every character must agree."""
    lowest = min((score.value for score in scores), default=1.0)
    if lowest < _TELLING_ABSENT:
        return Text.OTHER
    return Text.DOUBTFUL if lowest < _TELLING_WEAK else Text.SAME


def score_text(laid: NDArray[np.uint8], ink: Ink, reference: Reference) -> list[Score]:
    """Compare the characters of a page that do not tell persons apart.

    Args:
        laid: The page in the frame of the rendering.
        ink: Its ink.
        reference: The rendering.
    """
    characters = [character for character in reference.characters if not character.telling]
    page = _Sheet(laid, reference.ink, 1)
    values = page.compare([character.place for character in characters], _TEXT_WEAK)
    for number, character in enumerate(characters):
        if values[number] < _TEXT_WEAK and _may_be_inked(character, reference):
            values[number] = max(values[number], page.presence(ink, character.place))
    return list(map(Score, characters, values))


def score_telling(page: LaidPage, reference: Reference) -> Iterator[Score]:
    """Compare the characters that tell persons apart in their larger renderings."""
    for left, top, fine in reference.fine:
        height, width = fine.shape
        placement = page.placement.of_part(left, top, FINE)
        part = _Sheet(page.scan.laid(placement, (width, height)), fine, FINE)
        frame = Place(left, top, left + width / FINE, top + height / FINE)
        telling = [c for c in reference.characters if c.telling and _is_inside(c.place, frame)]
        places = [_moved(character.place, frame) for character in telling]
        values = part.compare(places, _TELLING_WEAK)
        for character, place, value in zip(telling, places, values, strict=True):
            if value < _TELLING_WEAK and _may_be_inked(character, reference):
                yield Score(character, max(value, part.presence(ink_of(part.laid, fine), place)))
            else:
                yield Score(character, value)


class _Sheet:
    """A page, or a part of it, beside its rendering.

    Args:
        laid: The page in the frame of the rendering.
        rendering: The ink of the rendering.
        factor: How many times as large as at `DOTS_PER_INCH` both are.

    Attributes:
        laid: The same.
    """

    def __init__(self, laid: NDArray[np.uint8], rendering: Ink, factor: int) -> None:
        self.laid = laid
        self._factor = factor
        self._soft, self._printed = _softened(laid, factor), _softened(_grey(rendering), factor)

    def compare(self, places: Sequence[Place], enough: float) -> list[float]:
        """Return how well each character agrees; where it should stand and, if that is not enough, around.

        Args:
            places: Where the characters are in the rendering.
            enough: A correlation that needs no search for a greater one.
        """
        values = _standing(self._soft, self._printed, places)
        return [
            value if value >= enough else _agreement(self._soft, self._printed, place)
            for value, place in zip(values, places, strict=True)
        ]

    def presence(self, ink: Ink, place: Place) -> float:
        """Return how much of a character's own ink is there, whatever is written over it, or 0.

        Args:
            ink: The ink of the page.
            place: Where the character is in the rendering.
        """
        # Only what is near is softened: a whole page takes a hundred times as long.
        reach = _SEARCH_PX + 2 + round(_SOFT_PX * self._factor) + 1
        height, width = ink.shape
        top, left = (max(0, int(edge) - reach) for edge in (place.top, place.left))
        bottom, right = min(height, int(place.bottom) + reach), min(width, int(place.right) + reach)
        near = _softened(_grey(ink[top:bottom, left:right]), self._factor)
        own = Place(place.left - left, place.top - top, place.right - left, place.bottom - top)
        windows, wanted = _windows(near, self._printed[top:bottom, left:right], own)
        present = float((np.minimum(windows, wanted).sum(axis=1) / max(float(wanted.sum()), 1e-3)).max())
        return present if present >= _PRESENT else 0.0


def _grey(ink: Ink) -> NDArray[np.uint8]:
    grey: NDArray[np.uint8] = ((1 - ink) * 255).astype(np.uint8)
    return grey


def _softened(grey: NDArray[np.uint8], factor: int) -> Soft:
    """Return a picture as a poor scanner sees it."""
    soft = np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(_SOFT_PX * factor)))
    return 255 - soft


def _is_inside(place: Place, frame: Place) -> bool:
    return (
        frame.left <= place.left
        and place.right <= frame.right
        and frame.top <= place.top
        and place.bottom <= frame.bottom
    )


def _moved(place: Place, frame: Place) -> Place:
    return Place(
        (place.left - frame.left) * FINE,
        (place.top - frame.top) * FINE,
        (place.right - frame.left) * FINE,
        (place.bottom - frame.top) * FINE,
    )


def _may_be_inked(character: Character, reference: Reference) -> bool:
    """Whether a character may lie under a signature or a seal."""
    by = _OVER_MM * PX_PER_MM
    x, y = (
        (character.place.left + character.place.right) / 2,
        (character.place.top + character.place.bottom) / 2,
    )
    return any(place.grown(by, by).holds(x, y) for place in reference.signatures.values())


def _edges(shape: tuple[int, ...], place: Place) -> tuple[int, int, int, int]:
    """Return first row, first column, and those behind the last ones of a character."""
    height, width = shape
    top, left = max(0, int(place.top) - 1), max(0, int(place.left) - 1)
    return top, left, min(height, int(place.bottom) + 2), min(width, int(place.right) + 2)


def _standing(soft: Soft, printed: Soft, places: Sequence[Place]) -> list[float]:
    """Return the correlation of each character with what stands exactly where it should."""
    if not places:
        return []
    width = soft.shape[1]
    pixels = [
        (np.arange(top, bottom)[:, None] * width + np.arange(left, right)).ravel()
        for top, left, bottom, right in (_edges(soft.shape, place) for place in places)
    ]
    sizes = np.array([len(part) for part in pixels])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    every = np.concatenate(pixels)
    found, wanted = (grey.ravel()[every].astype(np.float64) for grey in (soft, printed))
    products = (found, wanted, found * found, wanted * wanted, found * wanted)
    sums = [np.add.reduceat(product, starts) for product in products]
    energy, spread = sums[2] - sums[0] ** 2 / sizes, sums[3] - sums[1] ** 2 / sizes
    common = sums[4] - sums[0] * sums[1] / sizes
    values = common / np.sqrt(np.maximum(energy, _LEAST_ENERGY) * np.maximum(spread, _LEAST_ENERGY))
    return [float(value) for value in np.where(spread < _LEAST_ENERGY, 1.0, values)]


def _windows(
    found: NDArray[np.generic], reference: NDArray[np.generic], place: Place
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return all shifts of what stands near a character's place, one a row, and what should stand there."""
    height, width = reference.shape
    top, left, bottom, right = _edges(reference.shape, place)
    wanted = reference[top:bottom, left:right].astype(np.float32)
    upper, lower = max(0, top - _SEARCH_PX), min(height, bottom + _SEARCH_PX)
    first, last = max(0, left - _SEARCH_PX), min(width, right + _SEARCH_PX)
    near = found[upper:lower, first:last].astype(np.float32)
    shifts = np.lib.stride_tricks.sliding_window_view(near, wanted.shape)
    return shifts.reshape(-1, wanted.size), wanted.ravel()


def _agreement(soft: Soft, printed: Soft, place: Place) -> float:
    """Return the greatest correlation of a character with what stands near its place."""
    windows, wanted = _windows(soft, printed, place)
    flat = wanted - wanted.mean()
    spread = float(flat @ flat)
    if spread < _LEAST_ENERGY:
        return 1.0
    sums = windows.sum(axis=1)
    energy = np.einsum("ij,ij->i", windows, windows) - sums**2 / wanted.size
    return float((windows @ flat / np.sqrt(np.maximum(energy, _LEAST_ENERGY) * spread)).max())
