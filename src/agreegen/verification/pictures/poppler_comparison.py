"""The same comparison with poppler's pictures, where poppler is installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.pictures.added_ink import PageImages
from agreegen.verification.pictures.comparison import Image, find_difference, find_lightened, lighter
from agreegen.verification.pictures.interface import Fault, PageFault, SealLook
from agreegen.verification.pictures.legibility import DOTS_PER_INCH
from agreegen.verification.pictures.pdfium_pages import DrawingError
from agreegen.verification.pictures.poppler_pages import draw_pages, poppler_is_installed, print_pages
from agreegen.verification.pictures.seals import is_seal, look_at, worst
from agreegen.verification.pictures.states import State

_READER = "poppler"
_PLAIN_DPI = 72
_MOST_AT_A_TIME = 16
_MOST_SECONDS = 30.0
"""Of a call, by the clock on the wall: a busy machine may be slow."""


@dataclass(frozen=True, slots=True)
class PagePlan:
    """A page that is drawn.

    Attributes:
        index: Its number, from 0.
        reference: Number of its object.
        places: Where it may look different.
        printing: Whether it may look different in print.
    """

    index: int
    reference: int
    places: tuple[PermittedPlace, ...]
    printing: bool


Outcome = tuple[list[PageFault], dict[PermittedPlace, SealLook]]


def compare_with_poppler(old: State, new: State, plans: Sequence[PagePlan]) -> Outcome:
    """Draw pages of two states and compare them.

    Files with a password are left to PDFium: poppler's programs take it only where others can read it.

    Args:
        old: The state before.
        new: The state after.
        plans: Which pages, in order, and where they may differ.

    Raises:
        BudgetError: A limit was reached.
    """
    outcome: Outcome = ([], {})
    if not plans or old.view.file.password or not poppler_is_installed():
        return outcome
    for run in _runs(old, plans):
        try:
            _compare_run(old, new, run, outcome)
        except DrawingError:
            outcome[0].append(PageFault(Fault.UNDRAWN, old.view.index, run[0].index + 1, reader=_READER))
    return outcome


def _dots(state: State, plan: PagePlan) -> float:
    """Pages with permitted places are drawn larger, because they are measured there."""
    wanted = DOTS_PER_INCH if plan.places else _PLAIN_DPI
    return min(wanted, 72 * state.greatest_scale(plan.index))


def _runs(state: State, plans: Sequence[PagePlan]) -> Iterator[list[PagePlan]]:
    """Yield pages that follow each other and are drawn alike, a few at a time."""

    def kind(item: tuple[int, PagePlan]) -> tuple[int, float, bool]:
        at, plan = item
        return plan.index - at, _dots(state, plan), plan.printing

    for _, group in groupby(enumerate(plans), kind):
        run = [plan for _, plan in group]
        for start in range(0, len(run), _MOST_AT_A_TIME):
            yield run[start : start + _MOST_AT_A_TIME]


def _compare_run(old: State, new: State, run: Sequence[PagePlan], outcome: Outcome) -> None:
    dots = _dots(old, run[0])
    before, after = (_draw(state, run, dots) for state in (old, new))
    bare = _draw(old, run, dots, bare=True) if any(plan.places for plan in run) else before
    for at, plan in enumerate(run):
        outcome[0].extend(_compare_page(old, plan, before[at], after[at], printing=False))
        # On posters, which are drawn smaller, PDFium alone measures.
        if plan.places and dots >= DOTS_PER_INCH and before[at].shape == after[at].shape == bare[at].shape:
            _look_inside(old, plan, (before[at], bare[at], after[at]), outcome)
    if run[0].printing:
        _compare_printed(old, new, run, dots, outcome)


def _compare_printed(old: State, new: State, run: Sequence[PagePlan], dots: float, outcome: Outcome) -> None:
    before, after = (_print(state, run, dots) for state in (old, new))
    for at, plan in enumerate(run):
        outcome[0].extend(_compare_page(old, plan, before[at], after[at], printing=True))
        for place in filter(is_seal, plan.places if dots >= DOTS_PER_INCH else ()):
            look = look_at(old, place, (before[at], before[at], after[at]))
            outcome[1][place] = worst(look, outcome[1].get(place))


def _draw(state: State, run: Sequence[PagePlan], dots: float, *, bare: bool = False) -> list[Image]:
    """Draw a run of pages; a state is asked for twice, as the later one and as the earlier one."""
    first, last = run[0].index + 1, run[-1].index + 1

    def draw() -> list[Image]:
        state.budget.left_s()
        return draw_pages(state.data, first, last, dots_per_inch=dots, timeout_s=_MOST_SECONDS, bare=bare)

    return state.remembered((first, last, dots, bare), draw)


def _print(state: State, run: Sequence[PagePlan], dots: float) -> list[Image]:
    state.budget.left_s()
    printed = print_pages(state.data, run[0].index + 1, run[-1].index + 1, timeout_s=_MOST_SECONDS)
    return draw_pages(printed, 1, len(run), dots_per_inch=dots, timeout_s=_MOST_SECONDS)


def _compare_page(
    state: State, plan: PagePlan, before: Image, after: Image, *, printing: bool
) -> Iterator[PageFault]:
    boxes = [state.pages.place(plan.index, place.box, before.shape) for place in plan.places]
    where = find_difference(before, after, boxes)
    if where is not None:
        corners = state.pages.corners(plan.index, where, before.shape)
        yield PageFault(Fault.DIFFERS, state.view.index, plan.index + 1, corners, printing, _READER)


def _look_inside(state: State, plan: PagePlan, images: tuple[Image, Image, Image], outcome: Outcome) -> None:
    before, bare, after = images
    reference = lighter(before, bare)
    others = [place for place in plan.places if not is_seal(place)]
    pages = PageImages(before, bare, after, DOTS_PER_INCH / _PLAIN_DPI)
    outcome[1].update((look.place, look) for look in pages.joined(state, others))
    for place in plan.places:
        box = state.pages.place(plan.index, place.box, after.shape)
        if is_seal(place):
            outcome[1][place] = look_at(state, place, images)
            continue
        lost = find_lightened(reference, after, box)
        if lost is not None:
            corners = state.pages.corners(plan.index, lost, after.shape)
            outcome[0].append(
                PageFault(Fault.LOST, state.view.index, plan.index + 1, corners, reader=_READER)
            )
