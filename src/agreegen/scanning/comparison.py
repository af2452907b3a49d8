"""What a scanned page says, compared with our rendering of it: is this the text, and has somebody signed.

Every threshold has a wide band between yes and no; what falls into it is for a person to look at. Measured
values stand in docs/scans.md.

1. Every printed character is looked for at its place. One that is missing, or another one, is another text.
2. The characters that tell persons apart are looked at twice as large, and every one of them must agree.
3. Print is subtracted. In the place of each signature there must be strokes of a pen: neither a dot, nor a
   fold, nor a smudge.
4. Ink at any other place is somebody's remark, or a signature beside its place, and a person reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PIL import Image

from agreegen.scanning.alignment import Ink, Placement, lay_over
from agreegen.scanning.folds import without_folds
from agreegen.scanning.ink import Stroke, ink_of, softened, spread, strokes_of
from agreegen.scanning.references import FINE, PX_PER_MM, Character, Place, Reference

_SEARCH_PX = 3
_TOLERANCE_PX = 3
_NEW_INK = 0.35

_TEXT_ABSENT = 0.45
_TEXT_WEAK = 0.7
_WEAK_SHARE = 0.04
_TELLING_WEAK = 0.82
_TELLING_ABSENT = 0.7

_SPECK_MM = 1.6
_SIGNED_MM2, _SIGNED_WIDTH_MM, _SIGNED_HEIGHT_MM = 4.0, 8.0, 3.0
_EMPTY_MM2 = 0.4
_BLOT_SHARE = 0.55
_FIELD_MM, _ZONE_MM, _BLANK_ZONE_MM = (2.0, 2.0), (16.0, 9.0), (12.0, 6.0)
_OVER_MM, _PRESENT = (4.0, 4.0), 0.9
"""How far around its place a signature may lie over print, and how much of that must still be there."""
_AT_HOME = 0.5
"""Share of a stroke that must lie around a place for a signature: pens run over edges."""
_EDGE_MM = 5.0
_REMARK_MM = 4.0


class Text(StrEnum):
    """Whether the printed text is the document's."""

    SAME = "same"
    DOUBTFUL = "doubtful"
    OTHER = "other"


class Signing(StrEnum):
    """What was found in the place of a signature."""

    SIGNED = "signed"
    DOUBTFUL = "doubtful"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a page compares.

    Attributes:
        text: Whether the text is the same.
        signing: What was found in each open signature's place on this page.
        elsewhere: Whether there is handwriting at other places.
        worst: The character that agrees least, and how much (-1 to 1).
        worst_telling: The same among those that tell persons apart.
        ink_mm2: New ink in the places of signatures, in square millimetres.
    """

    text: Text
    signing: tuple[tuple[str, Signing], ...]
    elsewhere: bool
    worst: tuple[str, float]
    worst_telling: tuple[str, float]
    ink_mm2: float


def compare(scan: Image.Image, placement: Placement, reference: Reference) -> Likeness:
    """Compare a page with our rendering of it.

    Args:
        scan: The page, grey.
        placement: From the rendering to the scan.
        reference: The rendering.
    """
    height, width = reference.ink.shape
    ink = ink_of(lay_over(scan, placement, (width, height)), reference.ink)
    soft, printed = softened(ink), softened(reference.ink)
    zones = [_grown(place, _OVER_MM) for place in reference.signatures.values()]
    scores = [(c, _agreement(soft, printed, c.place, inked=_under(c, zones))) for c in reference.characters]
    telling = list(_telling_scores(scan, placement, reference))
    text = min_text(_judge_text([(c, s) for c, s in scores if not c.telling]), _judge_telling(telling))
    new = (ink > _NEW_INK) & ~spread(reference.ink > 0.15, _TOLERANCE_PX)
    strokes = strokes_of(new)
    signing, elsewhere, area = _judge_ink(strokes, reference)
    return Likeness(text, signing, elsewhere, _worst(scores), _worst(telling), area)


def min_text(*found: Text) -> Text:
    """Return the worst of several findings."""
    order = (Text.OTHER, Text.DOUBTFUL, Text.SAME)
    return min(found, key=order.index)


def _worst(scores: Iterable[tuple[Character, float]]) -> tuple[str, float]:
    listed = [(character.text, score) for character, score in scores]
    return min(listed, key=lambda item: item[1], default=("", 1.0))


def _judge_text(scores: Sequence[tuple[Character, float]]) -> Text:
    """Judge the words that all documents of a form share; a fold may run through a few of them."""
    weak = sum(score < _TEXT_WEAK for _, score in scores)
    absent = sum(score < _TEXT_ABSENT for _, score in scores)
    if weak > max(3, _WEAK_SHARE * 4 * len(scores)):
        return Text.OTHER
    if absent or weak > max(3, _WEAK_SHARE * len(scores)):
        return Text.DOUBTFUL
    return Text.SAME


def _judge_telling(scores: Sequence[tuple[Character, float]]) -> Text:
    if any(score < _TELLING_ABSENT for _, score in scores):
        return Text.OTHER
    return Text.DOUBTFUL if any(score < _TELLING_WEAK for _, score in scores) else Text.SAME


def _telling_scores(
    scan: Image.Image, placement: Placement, reference: Reference
) -> Iterable[tuple[Character, float]]:
    """Compare the telling characters in their larger renderings."""
    zones = [_grown(place, _OVER_MM) for place in reference.signatures.values()]
    for left, top, fine in reference.fine:
        height, width = fine.shape
        part = placement.of_part(left, top, FINE)
        ink = softened(ink_of(lay_over(scan, part, (width, height)), fine), FINE)
        printed = softened(fine, FINE)
        for character in reference.characters:
            place = character.place
            inside = left <= place.left and place.right <= left + width / FINE
            if character.telling and inside and top <= place.top and place.bottom <= top + height / FINE:
                moved = Place(
                    *(
                        (edge - origin) * FINE
                        for edge, origin in zip(
                            (place.left, place.top, place.right, place.bottom),
                            (left, top, left, top),
                            strict=True,
                        )
                    )
                )
                yield character, _agreement(ink, printed, moved, inked=_under(character, zones))


def _under(character: Character, zones: Sequence[Place]) -> bool:
    """Whether a character may lie under a signature or a seal."""
    place = character.place
    return _lies_in((place.left + place.right) / 2, (place.top + place.bottom) / 2, zones)


def _agreement(ink: Ink, reference: Ink, place: Place, *, inked: bool = False) -> float:
    """Return the greatest correlation of a character's ink with that found near its place.

    Where a person may have written over it, it is enough that all of its own ink is there.
    """
    height, width = reference.shape
    top, left = max(0, int(place.top) - 1), max(0, int(place.left) - 1)
    bottom, right = min(height, int(place.bottom) + 2), min(width, int(place.right) + 2)
    wanted = reference[top:bottom, left:right]
    upper, lower = max(0, top - _SEARCH_PX), min(height, bottom + _SEARCH_PX)
    first, last = max(0, left - _SEARCH_PX), min(width, right + _SEARCH_PX)
    windows = np.lib.stride_tricks.sliding_window_view(ink[upper:lower, first:last], wanted.shape)
    windows = windows.reshape(windows.shape[0] * windows.shape[1], -1)
    flat = wanted.ravel() - wanted.mean()
    size = flat.size
    products = windows @ flat
    means = windows.mean(axis=1)
    energy = np.einsum("ij,ij->i", windows, windows) - size * means**2
    spread_ = float(flat @ flat)
    if spread_ <= 0:
        return 1.0
    correlation = float((products / np.sqrt(np.maximum(energy, 1e-3) * spread_)).max())
    if not inked:
        return correlation
    present = np.minimum(windows, wanted.ravel()).sum(axis=1) / wanted.sum()
    return max(correlation, float(present.max())) if present.max() >= _PRESENT else correlation


def _judge_ink(
    strokes: Sequence[Stroke] | None, reference: Reference
) -> tuple[tuple[tuple[str, Signing], ...], bool, float]:
    if strokes is None:
        return tuple((role, Signing.DOUBTFUL) for role in reference.signatures), True, 0.0
    pen = [stroke for stroke in without_folds(strokes) if not _is_speck(stroke)]
    zones = [_grown(place, _ZONE_MM) for place in reference.signatures.values()]
    zones += [_grown(place, _BLANK_ZONE_MM) for place in reference.blanks]
    height, width = reference.ink.shape
    elsewhere = any(
        stroke.length > _REMARK_MM * PX_PER_MM
        and not _at_edge(stroke, width, height)
        and sum(area for x, y, area in stroke.cells if _lies_in(x, y, zones)) < _AT_HOME * stroke.area
        for stroke in pen
    )
    found = {
        role: [
            cell
            for stroke in pen
            for cell in stroke.cells
            if _lies_in(cell[0], cell[1], [_grown(place, _FIELD_MM)])
        ]
        for role, place in reference.signatures.items()
    }
    area = sum(cell[2] for cells in found.values() for cell in cells) / PX_PER_MM**2
    return tuple((role, _judge_signature(cells)) for role, cells in found.items()), elsewhere, area


def _judge_signature(cells: Sequence[tuple[float, float, int]]) -> Signing:
    area = sum(pixels for _, _, pixels in cells) / PX_PER_MM**2
    if not cells or area < _EMPTY_MM2:
        return Signing.EMPTY
    xs, ys = [x for x, _, _ in cells], [y for _, y, _ in cells]
    width, height = (max(xs) - min(xs)) / PX_PER_MM, (max(ys) - min(ys)) / PX_PER_MM
    signed = area >= _SIGNED_MM2 and width >= _SIGNED_WIDTH_MM and height >= _SIGNED_HEIGHT_MM
    return Signing.SIGNED if signed and area / (width * height) < _BLOT_SHARE else Signing.DOUBTFUL


def _grown(place: Place, by_mm: tuple[float, float]) -> Place:
    return place.grown(by_mm[0] * PX_PER_MM, by_mm[1] * PX_PER_MM)


def _lies_in(x: float, y: float, places: Sequence[Place]) -> bool:
    return any(place.left <= x <= place.right and place.top <= y <= place.bottom for place in places)


def _is_speck(stroke: Stroke) -> bool:
    return stroke.length < _SPECK_MM * PX_PER_MM


def _at_edge(stroke: Stroke, width: int, height: int) -> bool:
    """Whether it lies wholly in the rim of the sheet, where scanners show shadows."""
    rim = _EDGE_MM * PX_PER_MM
    return stroke.right < rim or stroke.left > width - rim or stroke.bottom < rim or stroke.top > height - rim
