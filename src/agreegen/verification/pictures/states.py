"""The states of a file that somebody signed, opened for drawing, and the pages drawn so far."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from agreegen.errors import SpokenError
from agreegen.messages import message
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.objects import Ref
from agreegen.pdf.pages import page_numbers
from agreegen.verification.pictures.comparison import Box, Image
from agreegen.verification.pictures.page_reach import uses_layers
from agreegen.verification.pictures.pdfium_pages import PdfiumPages

_MAX_PIXELS = 36_000_000
_MOST_DRAWN_PIXELS = 2_000_000_000
_PRINT, _NO_VIEW, _HIDDEN = 4, 32, 2
_UNSTEADY = 8 | 16 | 256


_MOST_FORM_FIELDS = 2_000
"""Of a page, with which PDFium's form environment opens it in reasonable time."""
_MOST_FIELDS_OPENED = 1_000_000
"""Annotations of all pages times pages: opening any page, the form environment looks through all fields."""


class BudgetError(SpokenError):
    """A limit of the drawing was reached; its sentence says which."""


def processor_time_s() -> float:
    """Return the processor time in seconds of this thread and of the programs that it has waited for."""
    spent = os.times()
    return time.thread_time() + spent.children_user + spent.children_system


@dataclass(slots=True)
class Budget:
    """How much may still be drawn.

    Attributes:
        until: End of the time, by `processor_time_s`: a machine with other work to do answers the same.
        pixels: So many are left.
    """

    until: float
    pixels: int = _MOST_DRAWN_PIXELS

    def left_s(self) -> float:
        """Return how many seconds are left.

        Raises:
            BudgetError: None.
        """
        left = self.until - processor_time_s()
        if left <= 0:
            raise BudgetError(message("verification.pages-could-not-all-drawn-time"))
        return left

    def take(self, pixels: float) -> None:
        """Use some pixels up.

        Raises:
            BudgetError: There are no more, or the time is over.
        """
        self.left_s()
        self.pixels -= int(pixels)
        if self.pixels < 0:
            raise BudgetError(message("verification.pages-have-more-pixels-than-drawn"))


@dataclass(slots=True, eq=False)
class State:
    """A signed revision, or the file as it is.

    Attributes:
        view: Its objects.
        data: Its bytes.
        pages: Its pages in PDFium.
        budget: What may still be drawn of the file.
    """

    view: View
    data: bytes
    pages: PdfiumPages
    budget: Budget
    _foreign: dict[Hashable, list[Image]] = field(default_factory=dict)
    _drawn: dict[tuple[int, float, bool, frozenset[int]], Image] = field(default_factory=dict)

    @classmethod
    def open(cls, file: PdfFile, view: View, budget: Budget) -> State:
        """Open the state at the end of a revision; that of the last one is the file to its last byte.

        Raises:
            DrawingError: PDFium does not open it.
        """
        last = view.index == len(file.revisions) - 1
        data = file.data if last else file.data[: file.revisions[view.index].end]
        counts = list(_annotations(view))
        light = sum(counts) * len(counts) <= _MOST_FIELDS_OPENED
        forms = light and max(counts, default=0) <= _MOST_FORM_FIELDS
        return cls(view, data, PdfiumPages(data, file.password, forms=forms), budget)

    def draw(
        self, index: int, *, scale: float = 1.0, printing: bool = False, without: frozenset[int] = frozenset()
    ) -> Image:
        """Draw a page, or give it again; a poster is drawn smaller.

        Raises:
            DrawingError: It cannot be drawn.
            BudgetError: A limit was reached.
        """
        scale = min(scale, self.greatest_scale(index))
        key = (index, scale, printing, without)
        if key not in self._drawn:
            width, height = self.pages.size(index)
            self.budget.take(width * height * scale * scale)
            self._drawn[key] = self.pages.draw(index, scale=scale, printing=printing, without=without)
        return self._drawn[key]

    def greatest_scale(self, index: int) -> float:
        """Return the scale at which a page has as many pixels as are drawn at most.

        Raises:
            DrawingError: There is no such page.
        """
        width, height = self.pages.size(index)
        return math.sqrt(_MAX_PIXELS / max(width * height, 1.0))

    def draw_part(
        self, index: int, window: Box, *, scale: float, printing: bool, without: frozenset[int] = frozenset()
    ) -> Image:
        """Draw a part of a page, given in pixels of the whole picture.

        Raises:
            DrawingError: It cannot be drawn.
            BudgetError: A limit was reached.
        """
        pixels = (window[2] - window[0]) * (window[3] - window[1])
        if pixels > _MAX_PIXELS:
            raise BudgetError(message("verification.what-signed-on-page-too-large", index=index + 1))
        self.budget.take(pixels)
        return self.pages.draw(index, scale=scale, printing=printing, without=without, window=window)

    def shape(self, index: int, scale: float) -> tuple[int, int]:
        """Return rows and columns of a page's picture.

        Raises:
            DrawingError: There is no such page.
        """
        width, height = self.pages.size(index)
        return math.ceil(height * scale), math.ceil(width * scale)

    def forget(self, index: int, *, most_kept: int = 0) -> None:
        """Give the pictures of a page back, but for those of the whole page while they fit.

        Args:
            index: Number of the page, from 0.
            most_kept: Bytes of all pictures together up to which they are kept.
        """
        held = sum(picture.nbytes for picture in self._drawn.values())
        for key in [key for key in self._drawn if key[0] == index]:
            if key[3] or held > most_kept:
                held -= self._drawn.pop(key).nbytes

    def places_of(self, page: int, numbers: frozenset[int]) -> frozenset[int]:
        """Return where in a page's `/Annots` these objects stand."""
        holder = self.view.dictionary(Ref(page, 0))
        listed = self.view.array(holder.get("Annots"))
        return frozenset(
            at for at, item in enumerate(listed) if isinstance(item, Ref) and item.num in numbers
        )

    def prints_otherwise(self, page: int) -> bool:
        """Tell whether an annotation of a page is meant for a screen or for print only."""
        holder = self.view.dictionary(Ref(page, 0))
        for item in self.view.array(holder.get("Annots")):
            flags = self.view.resolve(self.view.dictionary(item).get("F"))
            shown = flags if type(flags) is int else 0
            if not shown & _HIDDEN and shown & (_PRINT | _NO_VIEW) != _PRINT:
                return True
        return False

    def is_drawn_alike(self, number: int) -> bool:
        """Tell whether an annotation looks the same at every size and turn, under the mouse and on paper.

        Those marked otherwise (ISO 32000-2, table 167: NoZoom, NoRotate, ToggleNoView) come to lie over other
        parts of the page as it is made smaller or turned, which one picture does not show. What stands in
        layers PDFium draws all at once, where other readers show one on the screen and another on paper.
        """
        found = self.view.dictionary(Ref(number, 0))
        flags = self.view.resolve(found.get("F"))
        looks = self.view.dictionary(found.get("AP"))
        unsteady = (flags if type(flags) is int else 0) & _UNSTEADY or looks.keys() & {"R", "D"}
        return not unsteady and not uses_layers(self.view, [{"OC": found.get("OC")}, looks])

    def remembered(self, key: Hashable, draw: Callable[[], list[Image]]) -> list[Image]:
        """Return what another program drew of the pages, and remember the last of it."""
        if key not in self._foreign:
            self._foreign = {key: draw()}
        return self._foreign[key]

    def close(self) -> None:
        """Give the memory back."""
        self._drawn.clear()
        self._foreign.clear()
        self.pages.close()


def _annotations(view: View) -> Iterator[int]:
    """Yield how many annotations each page has."""
    for number in page_numbers(view):
        yield len(view.array(view.dictionary(Ref(number, 0)).get("Annots")))
