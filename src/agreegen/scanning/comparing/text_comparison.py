"""Whether the printed text of a scanned page is that of our rendering: each character is looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from agreegen.scanning.comparing.alignment import Ink, Placement, Scan
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
        value: Correlation with what stands at its place, -1 to 1.
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
    soft, printed = _softened(laid, 1), _softened(_grey(reference.ink), 1)
    inked = _softened(_grey(ink), 1) if reference.signatures else soft
    scores = []
    for character in reference.characters:
        if not character.telling:
            value = _agreement(soft, printed, character.place)
            if _may_be_inked(character, reference):
                value = max(value, _presence(inked, printed, character.place))
            scores.append(Score(character, value))
    return scores


def score_telling(scan: Scan, placement: Placement, reference: Reference) -> Iterator[Score]:
    """Compare the characters that tell persons apart in their larger renderings."""
    for left, top, fine in reference.fine:
        height, width = fine.shape
        laid = scan.laid(placement.of_part(left, top, FINE), (width, height))
        soft, printed = _softened(laid, FINE), _softened(_grey(fine), FINE)
        inked = _softened(_grey(ink_of(laid, fine)), FINE) if reference.signatures else soft
        frame = Place(left, top, left + width / FINE, top + height / FINE)
        for character in reference.characters:
            if not character.telling or not _is_inside(character.place, frame):
                continue
            place = _moved(character.place, frame)
            value = _agreement(soft, printed, place)
            if _may_be_inked(character, reference):
                value = max(value, _presence(inked, printed, place))
            yield Score(character, value)


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


def _windows(
    found: NDArray[np.generic], reference: NDArray[np.generic], place: Place
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return all shifts of what stands near a character's place, one a row, and what should stand there."""
    height, width = reference.shape
    top, left = max(0, int(place.top) - 1), max(0, int(place.left) - 1)
    bottom, right = min(height, int(place.bottom) + 2), min(width, int(place.right) + 2)
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


def _presence(ink: Soft, reference: Soft, place: Place) -> float:
    """Return how much of a character's own ink is there, whatever was written over it; 0 where too little."""
    windows, wanted = _windows(ink, reference, place)
    present = float((np.minimum(windows, wanted).sum(axis=1) / max(float(wanted.sum()), 1e-3)).max())
    return present if present >= _PRESENT else 0.0
