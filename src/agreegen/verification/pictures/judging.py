"""Pages are drawn before and after every later revision and compared: what a reader sees decides last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from agreegen.messages import message
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.pages import page_numbers
from agreegen.verification.changes.painted_places import PermittedPlace
from agreegen.verification.pictures.added_ink import judge_added
from agreegen.verification.pictures.comparison import find_difference, find_lightened, lighter
from agreegen.verification.pictures.interface import Drawn, Fault, PageFault, SealLook
from agreegen.verification.pictures.page_reach import has_layers, touched_pages
from agreegen.verification.pictures.pdfium_pages import DrawingError
from agreegen.verification.pictures.poppler_comparison import PagePlan, compare_with_poppler
from agreegen.verification.pictures.seals import is_seal, judge_seal, worst
from agreegen.verification.pictures.states import Budget, BudgetError, State, processor_time_s

ALWAYS_DRAWN_PAGES = 30
"""Files with more pages are drawn where a page reaches something that was written later."""
MOST_PAGES = 2_000
TIME_S = 18.0
"""Processor time of a file, the programs that draw included."""
_MOST_FAULTS = 20
_MOST_KEPT_BYTES = 50_000_000
"""Of pictures of a state that the next comparison asks for again."""


Proof: TypeAlias = Callable[[int, int], bool]
"""Tells of two revisions, by index, whether it is proved that nothing between them is drawn."""


def _without_proof(_old: int, _new: int) -> bool:
    return False


@dataclass(slots=True)
class _Findings:
    faults: list[PageFault] = field(default_factory=list)
    seals: list[SealLook] = field(default_factory=list)


def draw_changes(
    file: PdfFile,
    views: Sequence[View],
    signed: Sequence[int],
    places: Sequence[PermittedPlace],
    *,
    every_page: bool = True,
    shows_nothing: Proof = _without_proof,
) -> Drawn:
    """Draw every signed revision beside the next one, and the last beside the file as it is.

    1. Which pages: all of short files; of long ones, and of documents of ours, behind which stands only what
       this program writes, those that show something that was written later.
    2. PDFium draws them as on a screen, and as in print where that may differ; what differs outside the
       permitted places is a fault, and so is earlier ink that became lighter inside one.
    3. Looks of signatures over earlier ink are measured and shown, and so is what was filled in or noted
       beside it.
    4. poppler draws the same pages, where it is installed, unless all between the two was proved to change
       nothing that is drawn: then PDFium's picture, which is the cheaper one, stands for both.

    The caller still owes that a place is permitted at all: pixels see neither links nor hidden text.

    Args:
        file: The file.
        views: Its revisions.
        signed: Indices of the signed revisions, in order, at least one.
        places: Where the rules permit that pages look different.
        every_page: Whether all pages of a short file are drawn.
        shows_nothing: Where poppler need not be asked.
    """
    budget, found = Budget(processor_time_s() + TIME_S), _Findings()
    states = sorted({*signed, len(views) - 1})
    limit = None
    opened: list[State] = []
    try:
        for at, state in enumerate(states):
            opened.append(State.open(file, views[state], budget))
            if at:
                own = [place for place in places if states[at - 1] < place.revision <= state]
                plans = _plan(opened[-2], opened[-1], own, every_page=every_page)
                _compare(opened[-2], opened[-1], plans, found, shows_nothing)
                opened.pop(-2).close()
    except DrawingError:
        found.faults.append(PageFault(Fault.UNDRAWN, states[max(len(opened) - 1, 0)], 0))
    except BudgetError as reached:
        limit = reached.sentence
    finally:
        for one in opened:
            one.close()
    return Drawn(tuple(dict.fromkeys(found.faults)), tuple(found.seals), limit)


def _compare(
    old: State, new: State, planned: Iterable[PagePlan], found: _Findings, shows_nothing: Proof
) -> None:
    if old.pages.count != new.pages.count:
        found.faults.append(PageFault(Fault.DIFFERS, old.view.index, 0))
        return
    plans: list[PagePlan] = []
    seals: list[SealLook] = []
    for plan in planned:
        modes = (False, True) if plan.printing else (False,)
        for printing in modes:
            found.faults += _compare_page(old, new, plan, printing=printing)
        others = [place for place in plan.places if not is_seal(place)]
        seals += judge_added(old, new, plan.reference, others, modes)
        for place in filter(is_seal, plan.places):
            seals.append(judge_seal(old, new, plan.reference, place, modes))
            if not new.is_drawn_alike(place.annotation):
                found.faults.append(PageFault(Fault.UNSTEADY, old.view.index, plan.index + 1, place.box))
        plans.append(plan)
        old.forget(plan.index)
        new.forget(plan.index, most_kept=_MOST_KEPT_BYTES)
        if len(found.faults) >= _MOST_FAULTS:
            return
    permitted = any(plan.places for plan in plans)
    if found.faults or (not permitted and shows_nothing(old.view.index, new.view.index)):
        return
    faults, looks = compare_with_poppler(old, new, plans)
    found.faults += faults
    found.seals += [worst(seal, looks.pop(seal.place, None)) for seal in seals]
    found.seals += looks.values()


def _plan(
    old: State, new: State, places: Sequence[PermittedPlace], *, every_page: bool
) -> Iterator[PagePlan]:
    chosen = _chosen_pages(old, new, every_page=every_page)
    if len(chosen) > MOST_PAGES:
        raise BudgetError(message("verification.more-than-pages-would-have-drawn", most_pages=MOST_PAGES))
    references = page_numbers(old.view)
    layered = has_layers(old.view) or has_layers(new.view)
    for index in chosen:
        page = references[index] if index < len(references) else 0
        printing = layered or old.prints_otherwise(page) or new.prints_otherwise(page)
        yield PagePlan(index, page, tuple(p for p in places if p.page_index == index), printing)


def _chosen_pages(old: State, new: State, *, every_page: bool) -> list[int]:
    every = list(range(old.pages.count))
    if every_page and len(every) <= ALWAYS_DRAWN_PAGES:
        return every
    revisions = new.view.file.revisions[old.view.index + 1 : new.view.index + 1]
    changed = {number for revision in revisions for number in revision.entries}
    # What lies in an object stream changes with it.
    changed |= {n for n, entry in old.view.entries.items() if entry.kind == 2 and entry.place in changed}
    touched = touched_pages(old.view, new.view, frozenset(changed))
    return every if touched is None else sorted(touched)


def _compare_page(old: State, new: State, plan: PagePlan, *, printing: bool) -> Iterator[PageFault]:
    before, after = old.draw(plan.index, printing=printing), new.draw(plan.index, printing=printing)
    boxes = [old.pages.place(plan.index, place.box, before.shape) for place in plan.places]
    where = find_difference(before, after, boxes)
    if where is not None:
        corners = old.pages.corners(plan.index, where, before.shape)
        yield PageFault(Fault.DIFFERS, old.view.index, plan.index + 1, corners, printing)
        return
    for place, box in zip(plan.places, boxes, strict=True):
        if is_seal(place):
            continue  # measured by itself, larger
        lost = find_lightened(before, after, box)
        own = (
            frozenset[int]() if lost is None else old.places_of(plan.reference, frozenset({place.annotation}))
        )
        if own:
            # What that field alone had shown may go.
            bare = old.draw(plan.index, printing=printing, without=own)
            lost = find_lightened(lighter(before, bare), after, box)
        if lost is not None:
            corners = old.pages.corners(plan.index, lost, before.shape)
            yield PageFault(Fault.LOST, old.view.index, plan.index + 1, corners, printing)
