"""What was filled in or noted beside earlier ink: a digit that was drawn may read as another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.pictures.comparison import Box, Image
from agreegen.verification.pictures.interface import Reading, SealLook
from agreegen.verification.pictures.page_marks import PageMarks
from agreegen.verification.pictures.seals import SCALE, combined_look, picture_of
from agreegen.verification.pictures.states import State

_MOST_PIXELS = 8_000_000
"""Of a page; larger ones are drawn smaller for this."""
_AROUND_PT = 80.0
"""Of the surroundings: long enough to tell a rule from a stem."""


@dataclass(frozen=True, slots=True, eq=False)
class PageImages:
    """A page, or a part of it, in three pictures of one size.

    Attributes:
        before: As it was signed.
        bare: The same without what stood in the places that are asked about.
        after: As it is.
        scale: Pixels a point.
        corner: Left and top of the part, in pixels of the whole picture.
        shape: Rows and columns of the whole picture; None where this is all of it.
    """

    before: Image
    bare: Image
    after: Image
    scale: float
    corner: tuple[int, int] = (0, 0)
    shape: tuple[int, int] | None = None

    def joined(self, state: State, places: Sequence[PermittedPlace]) -> Iterator[SealLook]:
        """Yield the places in which new ink joins earlier ink, or stands among it.

        Pixels prove that something was lost, never that nothing was added (a stem with a hook is a four), so
        that a person has to look at it.

        Args:
            state: The state before.
            places: What was filled in or noted.
        """
        if not self.before.shape == self.bare.shape == self.after.shape:
            return  # another fault
        marks: PageMarks | None = None
        for place in places:
            whole = state.pages.place(place.page_index, place.box, self.shape or self.after.shape)
            box = _moved(whole, self.corner)
            if not _differs(self.before, self.after, box):
                continue
            marks = marks or PageMarks.of(self.bare, self.scale)
            if marks.is_joined(self.before, self.after, box):
                picture = picture_of(self.before, self.after, box)
                yield SealLook(state.view.index, place, Reading.JOINED, picture)


def joined_on_page(
    state: State, places: Sequence[PermittedPlace], images: tuple[Image, Image, Image], scale: float
) -> Iterator[SealLook]:
    """Yield the same of pictures of the whole page, of which the parts around the places are looked at.

    In a part fewer edges are long enough to be rules, so that more of it counts as drawn, never less.

    Args:
        state: The state before.
        places: What was filled in or noted on the page.
        images: The page before, without what stood in the places, and after, of one size.
        scale: Pixels a point.
    """
    shape = images[0].shape[:2]
    for (left, top, right, bottom), inside in _windows(state, places, shape, scale) if places else ():
        before, bare, after = (image[top:bottom, left:right] for image in images)
        yield from PageImages(before, bare, after, scale, (left, top), shape).joined(state, inside)


def judge_added(
    old: State, new: State, page: int, places: Sequence[PermittedPlace], modes: Sequence[bool]
) -> list[SealLook]:
    """Return the places of a page in which new ink joins earlier ink, drawn without the look there.

    Args:
        old: The state before.
        new: The state after.
        page: Object number of the page.
        places: What was filled in or noted on the page.
        modes: Whether it is drawn as on a screen (False), as in print (True).

    Raises:
        DrawingError: The page cannot be drawn.
        BudgetError: A limit was reached.
    """
    if not places:
        return []
    scale = _scale(old, places[0].page_index)
    shape = old.shape(places[0].page_index, scale)
    if shape != new.shape(places[0].page_index, scale):
        return []  # another fault
    own = old.places_of(page, frozenset(place.annotation for place in places))
    found: dict[PermittedPlace, SealLook] = {}
    for window, inside in _windows(old, places, shape, scale):
        for printing in modes:
            pictures = _draw_window(old, new, inside[0].page_index, window, scale, own, printing=printing)
            part = PageImages(*pictures, scale, window[:2], shape)
            for look in part.joined(old, inside):
                found[look.place] = combined_look(look, found.get(look.place))
    return list(found.values())


def _draw_window(
    old: State, new: State, index: int, window: Box, scale: float, own: frozenset[int], *, printing: bool
) -> tuple[Image, Image, Image]:
    """Draw a part of a page before, without what stood in its places, and after."""
    before, after = (state.draw_part(index, window, scale=scale, printing=printing) for state in (old, new))
    if not own:
        return before, before, after
    return before, old.draw_part(index, window, scale=scale, printing=printing, without=own), after


def _windows(
    state: State, places: Sequence[PermittedPlace], shape: tuple[int, int], scale: float
) -> list[tuple[Box, list[PermittedPlace]]]:
    """Return parts of a page with the places in them: one a place, or one for all where they are many."""
    around = round(_AROUND_PT * scale)
    single = [
        (_widened(state.pages.place(place.page_index, place.box, shape), around, shape), [place])
        for place in places
    ]
    boxes = [window for window, _ in single]
    whole = (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip
    return single if sum(map(_area, boxes)) < _area(whole) else [(whole, list(places))]


def _scale(state: State, index: int) -> float:
    """Return a power of two, by which parts of a page are cut exactly."""
    width, height = state.pages.size(index)
    scale = SCALE
    while width * height * scale * scale > _MOST_PIXELS:
        scale /= 2
    return scale


def _widened(box: Box, by: int, shape: tuple[int, int]) -> Box:
    return max(0, box[0] - by), max(0, box[1] - by), min(shape[1], box[2] + by), min(shape[0], box[3] + by)


def _moved(box: Box, corner: tuple[int, int]) -> Box:
    return box[0] - corner[0], box[1] - corner[1], box[2] - corner[0], box[3] - corner[1]


def _area(box: Box) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def _differs(before: Image, after: Image, box: Box) -> bool:
    left, top, right, bottom = box
    return bool((before[top:bottom, left:right] != after[top:bottom, left:right]).any())
