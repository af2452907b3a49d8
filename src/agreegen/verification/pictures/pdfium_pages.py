"""The pages of one state of a file, drawn by PDFium as on a screen or as in print."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from agreegen.errors import SpokenError
from agreegen.messages import foreign_text, message
from agreegen.pdf.pages import Rectangle
from agreegen.verification.pictures.comparison import Box, Image

_HIDDEN, _PRINT, _NO_VIEW = 2, 4, 32


class DrawingError(SpokenError, ValueError):
    """A page cannot be drawn."""


@dataclass(frozen=True, slots=True)
class Upright:
    """A page in grey, without its rotation.

    Attributes:
        picture: As Pillow has it.
        scale: Pixels a point.
        width: Of the page in points.
        height: Of the page in points.
    """

    picture: Any
    scale: float
    width: float
    height: float


class PdfiumPages:
    """A document in PDFium, with its form environment, as readers have it.

    PDFium draws the crop box; it leaves out what is meant for print when it draws into a picture, so that the
    flags of annotations are set to what print makes of them (ISO 32000-2, table 167).
    """

    def __init__(self, data: bytes, password: str | None, *, forms: bool = True) -> None:
        """Open a state of a file.

        Args:
            data: The file up to there.
            password: For encrypted files.
            forms: Whether fields are drawn by the form environment, which takes long with thousands of them;
                else they are drawn as other annotations are.

        Raises:
            DrawingError: PDFium does not open it.
        """
        import pypdfium2  # noqa: PLC0415 - loaded only for the files that are drawn
        import pypdfium2.raw  # noqa: PLC0415 - the same

        self._raw = pypdfium2.raw
        self._open: tuple[int, Any] | None = None
        self._error = pypdfium2.PdfiumError
        try:
            self._document = pypdfium2.PdfDocument(data, password=password)
            if forms:
                self._document.init_forms()
            self.count: int = len(self._document)
        except (pypdfium2.PdfiumError, ValueError) as exc:
            raise DrawingError(foreign_text(exc)) from exc

    def size(self, index: int) -> tuple[float, float]:
        """Return width and height of a page in points, as it is shown.

        Raises:
            DrawingError: There is no such page.
        """
        width, height = self._page(index).get_size()
        return float(width), float(height)

    def draw(
        self,
        index: int,
        *,
        scale: float,
        printing: bool = False,
        without: Iterable[int] = (),
        window: Box | None = None,
    ) -> Image:
        """Draw a page, or a part of it.

        Args:
            index: Number of the page, from 0.
            scale: Pixels a point.
            printing: Whether as in print.
            without: Places in `/Annots` of the annotations that are left out.
            window: The part, in pixels of the whole picture; the scale is a power of two then.

        Raises:
            DrawingError: The page cannot be drawn.
        """
        page = self._page(index)
        with self._flags(page, printing=printing, without=frozenset(without)):
            try:
                bitmap = page.render(
                    scale=scale,
                    crop=(0, 0, 0, 0) if window is None else _margins(page, scale, window),
                    optimize_mode="print" if printing else None,
                    force_bitmap_format=self._raw.FPDFBitmap_BGR,
                    rev_byteorder=True,
                )
                return np.array(bitmap.to_numpy(), dtype=np.uint8, copy=True)
            except (self._error, ValueError) as exc:
                raise DrawingError(foreign_text(exc)) from exc

    def draw_upright(self, index: int, *, scale: float, most_pixels: float, annotations: bool) -> Upright:
        """Draw a page in grey without its rotation, fields by their own looks only.

        Args:
            index: Number of the page, from 0.
            scale: Pixels a point, fewer where the picture would have more than `most_pixels`.
            most_pixels: Of the picture.
            annotations: Whether annotations are drawn.

        Raises:
            DrawingError: The page cannot be drawn.
        """
        page = self._page(index)
        try:
            page.set_rotation(0)
            width, height = page.get_size()
            scale = min(scale, (most_pixels / max(width * height, 1.0)) ** 0.5)
            drawn = page.render(scale=scale, draw_annots=annotations, may_draw_forms=False, grayscale=True)
            return Upright(drawn.to_pil(), scale, width, height)
        except (self._error, ValueError) as exc:
            raise DrawingError(foreign_text(exc)) from exc

    def text_in(self, index: int, box: Rectangle) -> str:
        """Return the text of a page's content in a box, in points of its user space.

        Raises:
            DrawingError: It cannot be read.
        """
        try:
            return str(self._page(index).get_textpage().get_text_bounded(*box))
        except (self._error, ValueError) as exc:
            raise DrawingError(foreign_text(exc)) from exc

    def place(self, index: int, corners: Rectangle, shape: tuple[int, ...]) -> Box:
        """Return where a rectangle of a page stands in a picture of it, widened to whole pixels and by one.

        Args:
            index: Number of the page, from 0.
            corners: Left, bottom, right, top in the page's own coordinates.
            shape: Of the picture.

        Raises:
            DrawingError: There is no such page.
        """
        across, down = ctypes.c_int(), ctypes.c_int()
        found: list[tuple[int, int]] = []
        page = self._page(index)
        for x, y in ((corners[0], corners[1]), (corners[2], corners[3])):
            self._raw.FPDF_PageToDevice(
                page, 0, 0, shape[1], shape[0], 0, x, y, ctypes.byref(across), ctypes.byref(down)
            )
            found.append((across.value, down.value))
        columns, rows = sorted(point[0] for point in found), sorted(point[1] for point in found)
        return (
            min(max(columns[0] - 1, 0), shape[1]),
            min(max(rows[0] - 1, 0), shape[0]),
            min(max(columns[1] + 2, 0), shape[1]),
            min(max(rows[1] + 2, 0), shape[0]),
        )

    def corners(self, index: int, box: Box, shape: tuple[int, ...]) -> Rectangle:
        """Return which rectangle of a page a box in a picture of it is.

        Raises:
            DrawingError: There is no such page.
        """
        x, y = ctypes.c_double(), ctypes.c_double()
        found: list[tuple[float, float]] = []
        page = self._page(index)
        for across, down in ((box[0], box[1]), (box[2], box[3])):
            self._raw.FPDF_DeviceToPage(
                page, 0, 0, shape[1], shape[0], 0, across, down, ctypes.byref(x), ctypes.byref(y)
            )
            found.append((round(x.value, 1), round(y.value, 1)))
        (one, two), (three, four) = found
        return min(one, three), min(two, four), max(one, three), max(two, four)

    def close(self) -> None:
        """Give the document's memory back."""
        self._leave()
        self._document.close()

    def _leave(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _page(self, index: int) -> Any:
        """Open a page; the last one stays open, because it is asked for again and again."""
        if self._open is None or self._open[0] != index:
            self._leave()
            try:
                self._open = index, self._document[index]
            except (self._error, IndexError) as exc:
                raise DrawingError(message("verification.page-cannot-opened", index=index + 1)) from exc
        return self._open[1]

    @contextmanager
    def _flags(self, page: Any, *, printing: bool, without: frozenset[int]) -> Iterator[None]:
        """Set the flags of the annotations for one drawing, and back."""
        changed: list[tuple[int, int]] = []
        for at in range(self._raw.FPDFPage_GetAnnotCount(page)) if printing or without else ():
            was = self._flag(page, at)
            if was is None:
                continue
            now = _in_print(was) if printing else was
            now = now | _HIDDEN if at in without else now
            if now != was:
                changed.append((at, was))
                self._flag(page, at, now)
        try:
            yield
        finally:
            for at, was in changed:
                self._flag(page, at, was)

    def _flag(self, page: Any, at: int, value: int | None = None) -> int | None:
        annotation = self._raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            return None
        try:
            if value is not None:
                self._raw.FPDFAnnot_SetFlags(annotation, value)
            return int(self._raw.FPDFAnnot_GetFlags(annotation))
        finally:
            self._raw.FPDFPage_CloseAnnot(annotation)


def _margins(page: Any, scale: float, window: Box) -> tuple[float, float, float, float]:
    """Return how much of a page is cut off at its left, bottom, right and top, in points."""
    width, height = (math.ceil(side * scale) for side in page.get_size())
    left, top, right, bottom = window
    return left / scale, (height - bottom) / scale, (width - right) / scale, top / scale


def _in_print(flags: int) -> int:
    """Return flags with which a picture shows what print shows: only what is marked for it."""
    return flags & ~_NO_VIEW if flags & _PRINT else flags | _HIDDEN
