"""What was filled in or noted beside earlier ink: a digit that was drawn may read as another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.pictures.comparison import Image
from agreegen.verification.pictures.interface import Reading, SealLook
from agreegen.verification.pictures.page_marks import PageMarks
from agreegen.verification.pictures.seals import SCALE, picture_of, worst
from agreegen.verification.pictures.states import State

_MOST_PIXELS = 8_000_000
"""Of a page; larger ones are drawn smaller for this."""


@dataclass(frozen=True, slots=True, eq=False)
class PageImages:
    """A page in three pictures of one size.

    Attributes:
        before: As it was signed.
        bare: The same without what stood in the places that are asked about.
        after: As it is.
        scale: Pixels a point.
    """

    before: Image
    bare: Image
    after: Image
    scale: float

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
            box = state.pages.place(place.page_index, place.box, self.after.shape)
            if not _differs(self.before, self.after, box):
                continue
            marks = marks or PageMarks.of(self.bare, self.scale)
            if marks.is_joined(self.before, self.after, box):
                picture = picture_of(self.before, self.after, box)
                yield SealLook(state.view.index, place, Reading.JOINED, picture)


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
    found: dict[PermittedPlace, SealLook] = {}
    if not places:
        return []
    index = places[0].page_index
    scale = _scale(old, index)
    own = old.places_of(page, frozenset(place.annotation for place in places))
    for printing in modes:
        before, after = (state.draw(index, scale=scale, printing=printing) for state in (old, new))
        bare = old.draw(index, scale=scale, printing=printing, without=own) if own else before
        for look in PageImages(before, bare, after, scale).joined(old, places):
            found[look.place] = worst(look, found.get(look.place))
    return list(found.values())


def _scale(state: State, index: int) -> float:
    width, height = state.pages.size(index)
    return min(SCALE, math.sqrt(_MOST_PIXELS / max(width * height, 1.0)))


def _differs(before: Image, after: Image, box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = box
    return bool((before[top:bottom, left:right] != after[top:bottom, left:right]).any())
