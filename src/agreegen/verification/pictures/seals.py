"""The look of a signature over what was drawn before it."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from agreegen.verification.changes.painted_places import PermittedPlace, PlaceKind
from agreegen.verification.pictures.comparison import Box, Image, lighter
from agreegen.verification.pictures.interface import Reading, SealLook
from agreegen.verification.pictures.legibility import DOTS_PER_INCH, read_under
from agreegen.verification.pictures.page_marks import PageMarks
from agreegen.verification.pictures.states import State

SCALE = DOTS_PER_INCH / 72
_SEALS = frozenset({PlaceKind.SIGNED_FIELD, PlaceKind.NEW_SIGNATURE_LOOK})
_MARGIN = 24
"""Pixels of the surroundings that the picture shows."""
_GAP = 12
_ORDER = (Reading.NOTHING, Reading.LEGIBLE, Reading.JOINED, Reading.COVERED, Reading.ERASED)


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
    shape = old.shape(place.page_index, SCALE)
    box = old.pages.place(place.page_index, place.box, shape)
    if shape != new.shape(place.page_index, SCALE) or box[0] >= box[2] or box[1] >= box[3]:
        return SealLook(old.view.index, place, Reading.NOTHING, b"")  # not on the page, or another fault
    looks = [_measure(old, new, page, place, _window(box, shape), printing=mode) for mode in modes]
    return functools.reduce(combined_look, looks)


def _window(box: Box, shape: tuple[int, int]) -> Box:
    """Return a box with some of its surroundings."""
    left, top, right, bottom = box
    return (
        max(0, left - _MARGIN),
        max(0, top - _MARGIN),
        min(shape[1], right + _MARGIN),
        min(shape[0], bottom + _MARGIN),
    )


def _measure(
    old: State, new: State, page: int, place: PermittedPlace, window: Box, *, printing: bool
) -> SealLook:
    index = place.page_index
    before, after = (state.draw_part(index, window, scale=SCALE, printing=printing) for state in (old, new))
    own = old.places_of(page, frozenset({place.annotation}))
    bare = old.draw_part(index, window, scale=SCALE, printing=printing, without=own) if own else before
    reference = lighter(before, bare)
    left, top, right, bottom = old.pages.place(index, place.box, old.shape(index, SCALE))
    box = left - window[0], top - window[1], right - window[0], bottom - window[1]
    reading = read_within(reference, after, box)
    if own and _takes_words_away(before, bare, after, box):
        # What an empty field showed may have been read as the page's: a clause could live there.
        reading = max(reading, Reading.COVERED, key=_ORDER.index)
    picture = b"" if reading is Reading.NOTHING else side_by_side(before, after)
    return SealLook(old.view.index, place, reading, picture)


def _takes_words_away(before: Image, bare: Image, after: Image, box: Box) -> bool:
    """Tell whether an empty field showed more than a plate with a border, and shows it no more."""
    if read_within(before, after, box) not in (Reading.COVERED, Reading.ERASED):
        return False
    return PageMarks.of(before, SCALE).says_more_than(PageMarks.of(bare, SCALE), box)


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


def combined_look(one: SealLook, other: SealLook | None) -> SealLook:
    """Return the worse of two measures of one place, with both pictures where they are not the same.

    What is drawn on paper may be another look than that on the screen; whoever confirms one has seen both.
    """
    if other is None:
        return one
    found = worst(one, other)
    if not one.picture or not other.picture or one.picture == other.picture:
        return found
    return replace(found, picture=_below_each_other(one.picture, other.picture))


def _below_each_other(upper: bytes, lower: bytes) -> bytes:
    from PIL import Image as Pictures  # noqa: PLC0415 - only where there is something to show

    images = [Pictures.open(io.BytesIO(picture)) for picture in (upper, lower)]
    width = max(image.width for image in images)
    sheet = Pictures.new("RGB", (width, sum(image.height for image in images) + _GAP), (128, 128, 128))
    sheet.paste(images[0], (0, 0))
    sheet.paste(images[1], (0, images[0].height + _GAP))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def side_by_side(before: Image, after: Image) -> bytes:
    """Return a place before and after as one PNG."""
    from PIL import Image as Pictures  # noqa: PLC0415 - only where there is something to show

    gap = np.full((before.shape[0], _GAP, 3), 128, dtype=np.uint8)
    buffer = io.BytesIO()
    Pictures.fromarray(np.hstack((before, gap, after))).save(buffer, "PNG")
    return buffer.getvalue()


def look_at(state: State, place: PermittedPlace, images: tuple[Image, Image, Image]) -> SealLook:
    """Measure a look on pictures of the whole page: before, before without annotations, after."""
    before, bare, after = images
    shape = (after.shape[0], after.shape[1])
    box = state.pages.place(place.page_index, place.box, shape)
    reading = read_within(lighter(before, bare), after, box)
    picture = b"" if reading is Reading.NOTHING else picture_of(before, after, box)
    return SealLook(state.view.index, place, reading, picture)


def picture_of(before: Image, after: Image, box: Box) -> bytes:
    """Return a place with its surroundings, cut out of two pictures of a page, as one PNG."""
    left, top, right, bottom = _window(box, (after.shape[0], after.shape[1]))
    return side_by_side(before[top:bottom, left:right], after[top:bottom, left:right])
