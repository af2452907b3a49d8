"""The same comparison with poppler's pictures, where poppler is installed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.pictures.added_ink import joined_on_page
from agreegen.verification.pictures.comparison import Image, find_difference, find_lightened, lighter
from agreegen.verification.pictures.interface import Fault, PageFault, SealLook
from agreegen.verification.pictures.legibility import DOTS_PER_INCH
from agreegen.verification.pictures.pdfium_pages import DrawingError
from agreegen.verification.pictures.poppler_pages import (
    draw_with_poppler,
    poppler_is_installed,
    print_pages,
    stream_pages,
)
from agreegen.verification.pictures.seals import is_seal, look_at, worst
from agreegen.verification.pictures.states import State

_READER = "poppler"
_PLAIN_DPI = 72
_MOST_BYTES_AT_A_TIME = 100_000_000
"""Of the pictures of one state: a program that reads a file with many fields takes long to start."""
_WIDEST_GAP = 16
"""Pages that nobody asked for, which are drawn rather than that the program starts again."""
_MEASURED_PAGES = 30
"""Where more are drawn, what was filled in is measured by PDFium alone."""
_MOST_SECONDS = 30.0
"""Of a call, by the clock on the wall: a busy machine may be slow."""
_LONGEST_S = 300.0
"""Of a call that draws page after page, and waits for ours; the file's own limits end it earlier."""


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


@dataclass(frozen=True, slots=True)
class _Run:
    """Pages that are drawn at once, with those between them.

    Attributes:
        plans: The pages, at least one.
        dots: How large, in dots an inch.
        is_long: Whether they do not fit into memory at once.
    """

    plans: tuple[PagePlan, ...]
    dots: float
    is_long: bool = False

    def at(self, plan: PagePlan) -> int:
        """Return which of the pictures is that of a page."""
        return plan.index - self.plans[0].index

    @property
    def first(self) -> int:
        """Number of the first page, from 1."""
        return self.plans[0].index + 1

    @property
    def last(self) -> int:
        """Number of the last page, from 1."""
        return self.plans[-1].index + 1


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
        compare = _compare_long_run if run.is_long else _compare_run
        try:
            compare(old, new, run, outcome)
        except DrawingError:
            outcome[0].append(PageFault(Fault.UNDRAWN, old.view.index, run.first, reader=_READER))
    return outcome


def _dots(state: State, plan: PagePlan, *, few: bool) -> float:
    """Pages with permitted places are drawn larger, because they are measured there."""
    measured = bool(plan.places) if few else any(map(is_seal, plan.places))
    wanted = DOTS_PER_INCH if measured else _PLAIN_DPI
    return min(wanted, 72 * state.greatest_scale(plan.index))


def _runs(state: State, plans: Sequence[PagePlan]) -> Iterator[_Run]:
    """Yield pages near each other that are drawn alike, as many as fit into memory."""
    few = len(plans) <= _MEASURED_PAGES

    def kind(plan: PagePlan) -> tuple[float, bool]:
        return _dots(state, plan, few=few), plan.printing

    for (dots, printing), group in groupby(plans, kind):
        streamed = not few and dots <= _PLAIN_DPI and not printing
        run: list[PagePlan] = []
        left = 0
        for plan in group:
            rows, columns = state.shape(plan.index, dots / 72)
            gap = plan.index - run[-1].index if run else 0
            needed = 3 * rows * columns * gap
            if not run or (left < needed and not streamed) or gap > _WIDEST_GAP:
                if run:
                    yield _Run(tuple(run), dots, left < 0 and streamed)
                run, left, needed = [], _MOST_BYTES_AT_A_TIME, 3 * rows * columns
            left -= needed
            run.append(plan)
        yield _Run(tuple(run), dots, left < 0 and streamed)


def _compare_run(old: State, new: State, run: _Run, outcome: Outcome) -> None:
    before, after = _draw_both(old, new, run)
    asked = any(
        _asks_for_bare(old, plan, before[at], after[at], run.dots)
        for at, plan in ((run.at(plan), plan) for plan in run.plans)
    )
    bare = _draw(old, run, bare=True) if asked else before
    for at, plan in ((run.at(plan), plan) for plan in run.plans):
        outcome[0].extend(_compare_page(old, plan, before[at], after[at], printing=False))
        # On posters, which are drawn smaller, PDFium alone measures.
        alike = before[at].shape == after[at].shape == bare[at].shape
        if plan.places and run.dots >= _PLAIN_DPI and alike:
            _look_inside(old, plan, (before[at], bare[at], after[at]), run.dots, outcome)
    if run.plans[0].printing:
        _compare_printed(old, new, run, outcome)


def _compare_long_run(old: State, new: State, run: _Run, outcome: Outcome) -> None:
    """Compare many pages while two programs draw them; where ink was lost, look at that page alone."""
    for state in (old, new):
        state.budget.left_s()
    plans = {plan.index: plan for plan in run.plans}
    doubtful: list[PagePlan] = []
    with (
        closing(_stream(old, run)) as earlier,
        closing(_stream(new, run)) as later,
        ThreadPoolExecutor(2) as pool,
    ):
        for number in range(run.first, run.last + 1):
            before, after = _next_of_both(pool, earlier, later)
            plan = plans.get(number - 1)
            if plan is None:
                continue
            outcome[0].extend(_compare_page(old, plan, before, after, printing=False))
            if _asks_for_bare(old, plan, before, after, run.dots):
                doubtful.append(plan)
    for plan in doubtful:
        _compare_run(old, new, _Run((plan,), run.dots), outcome)


def _next_of_both(
    pool: ThreadPoolExecutor, earlier: Iterator[Image], later: Iterator[Image]
) -> tuple[Image, Image]:
    """Read a page of each program at once: whichever is not read stands still before the end of its page."""
    read = [pool.submit(next, pages) for pages in (earlier, later)]
    wait(read)
    before, after = (page.result() for page in read)
    return before, after


def _stream(state: State, run: _Run) -> Generator[Image, None, None]:
    return stream_pages(state.data, run.first, run.last, dots_per_inch=run.dots, timeout_s=_LONGEST_S)


def _asks_for_bare(state: State, plan: PagePlan, before: Image, after: Image, dots: float) -> bool:
    """Tell whether the page without annotations is needed: to measure, or where something became lighter."""
    if not plan.places or before.shape != after.shape:
        return False
    boxes = (state.pages.place(plan.index, place.box, after.shape) for place in plan.places)
    return dots >= DOTS_PER_INCH or any(find_lightened(before, after, box) is not None for box in boxes)


def _compare_printed(old: State, new: State, run: _Run, outcome: Outcome) -> None:
    before, after = (_print(state, run) for state in (old, new))
    for at, plan in ((run.at(plan), plan) for plan in run.plans):
        outcome[0].extend(_compare_page(old, plan, before[at], after[at], printing=True))
        for place in filter(is_seal, plan.places if run.dots >= DOTS_PER_INCH else ()):
            look = look_at(old, place, (before[at], before[at], after[at]))
            outcome[1][place] = worst(look, outcome[1].get(place))


def _draw_both(old: State, new: State, run: _Run) -> tuple[list[Image], list[Image]]:
    """Draw a run of pages of two states at once: the programs need no processor of ours."""
    for state in (old, new):
        state.budget.left_s()
    with ThreadPoolExecutor(max_workers=2) as pool:
        later = pool.submit(_draw, new, run)
        return _draw(old, run), later.result()


def _draw(state: State, run: _Run, *, bare: bool = False) -> list[Image]:
    """Draw a run of pages; a state is asked for twice, as the later one and as the earlier one."""

    def draw() -> list[Image]:
        return draw_with_poppler(
            state.data, run.first, run.last, dots_per_inch=run.dots, timeout_s=_MOST_SECONDS, bare=bare
        )

    return state.remembered((run.first, run.last, run.dots, bare), draw)


def _print(state: State, run: _Run) -> list[Image]:
    state.budget.left_s()
    printed = print_pages(state.data, run.first, run.last, timeout_s=_MOST_SECONDS)
    return draw_with_poppler(
        printed, 1, run.last - run.first + 1, dots_per_inch=run.dots, timeout_s=_MOST_SECONDS
    )


def _compare_page(
    state: State, plan: PagePlan, before: Image, after: Image, *, printing: bool
) -> Iterator[PageFault]:
    boxes = [state.pages.place(plan.index, place.box, before.shape) for place in plan.places]
    where = find_difference(before, after, boxes)
    if where is not None:
        corners = state.pages.corners(plan.index, where, before.shape)
        yield PageFault(Fault.DIFFERS, state.view.index, plan.index + 1, corners, printing, _READER)


def _look_inside(
    state: State, plan: PagePlan, images: tuple[Image, Image, Image], dots: float, outcome: Outcome
) -> None:
    before, bare, after = images
    reference = lighter(before, bare)
    others = [place for place in plan.places if not is_seal(place)]
    if dots >= DOTS_PER_INCH:
        outcome[1].update((place, look_at(state, place, images)) for place in filter(is_seal, plan.places))
        joined = joined_on_page(state, others, images, dots / _PLAIN_DPI)
        outcome[1].update((look.place, look) for look in joined)
    for place in others:
        box = state.pages.place(plan.index, place.box, after.shape)
        lost = find_lightened(reference, after, box)
        if lost is not None:
            corners = state.pages.corners(plan.index, lost, after.shape)
            outcome[0].append(
                PageFault(Fault.LOST, state.view.index, plan.index + 1, corners, reader=_READER)
            )
