"""What the confined process does with one page: look for marks, compare, split off, draw for review."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agreegen.recording.scan_inputs import Source, open_source
from agreegen.scanning.comparing.alignment import Ink, LaidPage, Placement, Scan, place_by_marks, refine
from agreegen.scanning.comparing.comparison import Likeness, compare_page
from agreegen.scanning.comparing.references import DOTS_PER_INCH, Copy, Reference, render_reference
from agreegen.scanning.marks import (
    MARKS_PER_PAGE,
    FoundMark,
    MarkText,
    Picture,
    find_marks,
    has_half_mark,
    is_sheet,
)

_BLANK_SHARE = 0.0003
_RIM_SHARE = 0.03
_DARK = 60
_REVIEW_PX = 1400
_LEAST_LIKENESS = 0.3
_MARK_ERROR_SHARE = 0.02
"""Marks whose corners disagree by more than this share of the page's height are not where ours stand."""


@dataclass(frozen=True, slots=True)
class Look:
    """What stands on a page at first sight.

    Attributes:
        marks: What its marks say, each text once.
        foreign: Whether it carries codes that are not ours.
        half: Whether only one of the two marks can be read, or one can be seen but not read.
        blank: Whether there is next to nothing on it.
        sheet: Whether it is a cover sheet.
    """

    marks: tuple[MarkText, ...]
    foreign: bool
    half: bool
    blank: bool
    sheet: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A page compared with the document that its mark names.

    Attributes:
        likeness: The comparison; None where the page cannot be laid over our rendering.
        turns: Quarters clockwise by which the page is to be turned to stand upright.
        dpi: Resolution, measured by the marks.
    """

    likeness: Likeness | None
    turns: int
    dpi: float


@dataclass(slots=True)
class _Desk:
    """The input and the page that lie on the desk: the next question is mostly about the same ones."""

    path: Path | None = None
    source: Source | None = None
    page: int = 0
    grey: Image.Image | None = None
    marks: tuple[FoundMark, ...] = ()


_desk = _Desk()


def count_input_pages(path: Path) -> int:
    """Return the number of pages of an input.

    Raises:
        InputError: It cannot be read.
    """
    return _open(path).count


def look(path: Path, page: int) -> Look:
    """Look for marks on a page.

    Raises:
        InputError: The file cannot be read.
    """
    picture = _take(path, page)
    found = [mark.text for mark in _desk.marks if mark.text is not None]
    if found:
        half = len(found) < MARKS_PER_PAGE
        return Look(tuple(dict.fromkeys(found)), foreign=False, half=half, blank=False, sheet=False)
    blank = _is_blank(picture)
    sheet = not blank and is_sheet(picture)
    half = not blank and not sheet and not _desk.marks and has_half_mark(picture)
    return Look((), bool(_desk.marks), half, blank, sheet)


def judge_page(path: Path, page: int, copy: Copy) -> Judgement:
    """Compare a page with the document that its marks name.

    Args:
        path: The input.
        page: Number of the page in it, from 1.
        copy: The document; the marks on the page name its page.
    """
    _take(path, page)
    assert _desk.grey is not None
    ours = [mark for mark in _desk.marks if mark.text is not None]
    assert ours[0].text is not None
    reference = render_reference(copy, ours[0].text.page)
    laid = _lay(Scan(_desk.grey), ours, reference)
    if laid is None:
        return Judgement(None, _turns_of(ours[0]), 0.0)
    return Judgement(compare_page(laid, reference), _turns_of(ours[0]), laid.placement.scale * DOTS_PER_INCH)


def split(path: Path, page: int, turns: int, dpi: float) -> bytes:
    """Return a page as a PDF of its own, upright."""
    return _open(path).split(page, turns, dpi)


def draw_for_review(path: Path, page: int, turns: int) -> bytes:
    """Return a page as a PNG that a person can read on a screen."""
    _take(path, page)
    assert _desk.grey is not None
    picture = _desk.grey.copy()
    picture.thumbnail((_REVIEW_PX, _REVIEW_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.rotate(-90 * turns, expand=True).save(buffer, "PNG")
    return buffer.getvalue()


def _open(path: Path) -> Source:
    if _desk.path != path or _desk.source is None:
        _desk.source, _desk.path, _desk.page, _desk.grey = open_source(path), path, 0, None
    return _desk.source


def _take(path: Path, page: int) -> Picture:
    source = _open(path)
    if _desk.page != page or _desk.grey is None:
        _desk.grey = source.grey(page)
        _desk.marks = find_marks(np.asarray(_desk.grey))
        _desk.page = page
    return np.asarray(_desk.grey)


def _lay(scan: Scan, marks: list[FoundMark], reference: Reference) -> LaidPage | None:
    """Lay a page over our rendering, by two marks or by either place of a single one."""
    best, most = None, _LEAST_LIKENESS
    for placement, rough in _guesses(marks, reference, scan.picture.height):
        placed, _ = refine(scan, placement, reference.ink, rough=rough)
        page = LaidPage.lay(scan, placed, reference.ink.shape)
        likeness = _likeness(page.grey, reference.ink)
        if likeness > most:
            best, most = page, likeness
    return best


def _guesses(marks: list[FoundMark], reference: Reference, height: int) -> list[tuple[Placement, bool]]:
    if len(marks) == 2:
        found = [mark.corners for mark in marks]
        fits = [place_by_marks(found, order) for order in (reference.marks, reference.marks[::-1])]
        placement, error = min(fits, key=lambda fit: fit[1])
        if error < _MARK_ERROR_SHARE * height:
            return [(placement, False)]
    return [(place_by_marks([mark.corners], [place])[0], True) for mark in marks for place in reference.marks]


def _likeness(laid: Picture, ink: Ink) -> float:
    """Return how much of the print lies where it should, looked at from afar."""
    found, wanted = _from_afar(255 - laid), _from_afar(ink)
    energy = float(np.vdot(found, found)) * float(np.vdot(wanted, wanted))
    return float(np.vdot(found, wanted)) / energy**0.5 if energy else 0.0


def _from_afar(ink: NDArray[np.generic]) -> Ink:
    """Return the sums of two by two pixels, less the mean of all."""
    height, width = (size // 2 * 2 for size in ink.shape)
    even = ink[:height, :width].astype(np.float32)
    rows = even[::2] + even[1::2]
    means: Ink = rows[:, ::2] + rows[:, 1::2]
    means -= means.mean()
    return means


def _turns_of(mark: FoundMark) -> int:
    """Return how many quarters clockwise a page must be turned until the upper side of its mark is up."""
    across = mark.corners[1] - mark.corners[0]
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    return round(-angle / 90) % 4


def _is_blank(picture: Picture) -> bool:
    """Whether there is next to nothing on a page, dirt and the shadow of its rim apart."""
    rows, columns = (round(size * _RIM_SHARE) for size in picture.shape)
    inner = picture[rows : picture.shape[0] - rows, columns : picture.shape[1] - columns][::2, ::2]
    paper = float(np.percentile(inner, 60))
    return float((inner < paper - _DARK).mean()) < _BLANK_SHARE
