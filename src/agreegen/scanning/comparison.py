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
_ZONE_MM, _BLANK_ZONE_MM = (16.0, 9.0), (12.0, 6.0)
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
    scores = [(character, _agreement(soft, printed, character.place)) for character in reference.characters]
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
                yield character, _agreement(ink, printed, moved)


def _agreement(ink: Ink, reference: Ink, place: Place) -> float:
    """Return the greatest correlation of a character's ink with that found near its place."""
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
    return float((products / np.sqrt(np.maximum(energy, 1e-3) * spread_)).max())


def _judge_ink(
    strokes: Sequence[Stroke] | None, reference: Reference
) -> tuple[tuple[tuple[str, Signing], ...], bool, float]:
    if strokes is None:
        return tuple((role, Signing.DOUBTFUL) for role in reference.signatures), True, 0.0
    pen = [stroke for stroke in without_folds(strokes) if not _is_speck(stroke)]
    places = reference.signatures
    zones = [place.grown(_ZONE_MM[0] * PX_PER_MM, _ZONE_MM[1] * PX_PER_MM) for place in places.values()]
    zones += [
        place.grown(_BLANK_ZONE_MM[0] * PX_PER_MM, _BLANK_ZONE_MM[1] * PX_PER_MM)
        for place in reference.blanks
    ]
    found = {role: [stroke for stroke in pen if _meets(stroke, place)] for role, place in places.items()}
    inside = {id(stroke) for strokes_ in found.values() for stroke in strokes_}
    height, width = reference.ink.shape
    elsewhere = any(
        stroke.length > _REMARK_MM * PX_PER_MM
        and not _at_edge(stroke, width, height)
        and not (id(stroke) in inside or any(_within(stroke, zone) for zone in zones))
        for stroke in pen
    )
    area = sum(stroke.area for strokes_ in found.values() for stroke in strokes_) / PX_PER_MM**2
    return tuple((role, _judge_signature(strokes_)) for role, strokes_ in found.items()), elsewhere, area


def _judge_signature(strokes: Sequence[Stroke]) -> Signing:
    area = sum(stroke.area for stroke in strokes) / PX_PER_MM**2
    if not strokes or area < _EMPTY_MM2:
        return Signing.EMPTY
    width = (max(s.right for s in strokes) - min(s.left for s in strokes)) / PX_PER_MM
    height = (max(s.bottom for s in strokes) - min(s.top for s in strokes)) / PX_PER_MM
    solid = area / (width * height)
    signed = area >= _SIGNED_MM2 and width >= _SIGNED_WIDTH_MM and height >= _SIGNED_HEIGHT_MM
    return Signing.SIGNED if signed and solid < _BLOT_SHARE else Signing.DOUBTFUL


def _is_speck(stroke: Stroke) -> bool:
    return stroke.length < _SPECK_MM * PX_PER_MM


def _meets(stroke: Stroke, place: Place) -> bool:
    """Whether most of a stroke's box lies in a place."""
    across = min(stroke.right, place.right) - max(stroke.left, place.left)
    down = min(stroke.bottom, place.bottom) - max(stroke.top, place.top)
    return across > 0 and down > 0 and across * down >= 0.5 * stroke.width * stroke.height


def _within(stroke: Stroke, zone: Place) -> bool:
    return (
        zone.left <= stroke.left
        and stroke.right <= zone.right
        and zone.top <= stroke.top
        and stroke.bottom <= zone.bottom
    )


def _at_edge(stroke: Stroke, width: int, height: int) -> bool:
    """Whether it lies wholly in the rim of the sheet, where scanners show shadows."""
    rim = _EDGE_MM * PX_PER_MM
    return stroke.right < rim or stroke.left > width - rim or stroke.bottom < rim or stroke.top > height - rim
