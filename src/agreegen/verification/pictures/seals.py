"""The look of a signature over what was drawn before it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from agreegen.verification.changes.places import PermittedPlace, PlaceKind
from agreegen.verification.pictures.comparison import Box, Image, lighter
from agreegen.verification.pictures.interface import Reading, SealLook
from agreegen.verification.pictures.legibility import DOTS_PER_INCH, read_under
from agreegen.verification.pictures.states import State

SCALE = DOTS_PER_INCH / 72
_SEALS = frozenset({PlaceKind.SIGNED_FIELD, PlaceKind.NEW_SIGNATURE_LOOK})
_MARGIN = 24
"""Pixels of the surroundings that the picture shows."""
_GAP = 12
_ORDER = (Reading.NOTHING, Reading.LEGIBLE, Reading.COVERED, Reading.ERASED)


def is_seal(place: PermittedPlace) -> bool:
    """Tell whether a place holds the look of a signature, which is measured by itself."""
    return place.kind in _SEALS


def judge_seal(old: State, new: State, page: int, place: PermittedPlace, modes: Sequence[bool]) -> SealLook:
    """Measure what a signature's look did to what stood in its place, and show both.

    Earlier ink is what was seen and is there without the field's own earlier look, such as “sign here”.

    Args:
        old: The state before.
        new: The state after.
        page: Object number of the page.
        place: Where the look is.
        modes: Whether it is drawn as on a screen (False), as in print (True).

    Raises:
        DrawingError: The page cannot be drawn.
        BudgetError: A limit was reached.
    """
    readings = {mode: _read(old, new, page, place, printing=mode) for mode in modes}
    printing = max(modes, key=lambda mode: _ORDER.index(readings[mode]))
    before, after = (state.draw(place.page_index, scale=SCALE, printing=printing) for state in (old, new))
    box = old.pages.place(place.page_index, place.box, before.shape)
    return SealLook(old.view.index, place, readings[printing], side_by_side(before, after, box))


def _read(old: State, new: State, page: int, place: PermittedPlace, *, printing: bool) -> Reading:
    before, after = (state.draw(place.page_index, scale=SCALE, printing=printing) for state in (old, new))
    reference = before
    own = old.places_of(page, frozenset({place.annotation}))
    if own:
        bare = old.draw(place.page_index, scale=SCALE, printing=printing, without=own)
        reference = lighter(before, bare)
    return read_within(reference, after, old.pages.place(place.page_index, place.box, before.shape))


def read_within(before: Image, after: Image, box: Box) -> Reading:
    """Say what became of what was drawn within a box; pages of two sizes are another fault."""
    if before.shape != after.shape:
        return Reading.NOTHING
    left, top, right, bottom = box
    return read_under(before[top:bottom, left:right], after[top:bottom, left:right])


def worst(one: SealLook, other: SealLook | None) -> SealLook:
    """Return the worse of two measures of one place, with its own picture."""
    if other is None or _ORDER.index(other.reading) <= _ORDER.index(one.reading):
        return one
    return other


def side_by_side(before: Image, after: Image, box: Box) -> bytes:
    """Return a place and its surroundings before and after as one PNG."""
    from PIL import Image as Pictures  # noqa: PLC0415 - only where there is something to show

    if before.shape != after.shape:
        return b""
    rows, columns = before.shape[:2]
    left, top = max(0, box[0] - _MARGIN), max(0, box[1] - _MARGIN)
    right, bottom = min(columns, box[2] + _MARGIN), min(rows, box[3] + _MARGIN)
    gap = np.full((bottom - top, _GAP, 3), 128, dtype=np.uint8)
    both = np.hstack((before[top:bottom, left:right], gap, after[top:bottom, left:right]))
    buffer = io.BytesIO()
    Pictures.fromarray(both).save(buffer, "PNG")
    return buffer.getvalue()
