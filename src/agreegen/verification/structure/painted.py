"""What was painted where: asked only when something visible was added after signing."""

from __future__ import annotations

import ctypes
from typing import Any

from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.objects import LimitError, Ref, StructureError
from agreegen.pdf.pages import page_numbers
from agreegen.verification.structure.rules_look import rectangle_of
from agreegen.verification.structure.step import Addition

_SCALE = 2.0
_MAX_PIXELS = 30_000_000
_WHITE_ENOUGH = 248
_MARGIN = 1.0
_LARGE, _DARK, _DARK_SHARE = 0.1, 160, 0.05
"""A tenth of the page; printed text darkens more than five points in a hundred, ruled lines fewer."""
_HIDDEN = 2 | 32


class Painted:
    """The pages of the revisions, rendered on demand with PDFium."""

    def __init__(self, file: PdfFile, views: list[View]) -> None:
        self._file = file
        self._views = views
        self._opened: int | None = None
        self._document: Any = None

    def is_clear(self, index: int, addition: Addition) -> bool:
        """Tell whether nothing was painted in a rectangle in revision `index`."""
        try:
            if self._meets_annotation(index, addition):
                return False
            return self._is_white(index, addition)
        except LimitError:
            raise
        except StructureError:
            return False

    def has_text(self, index: int, page: int, corners: tuple[float, float, float, float]) -> bool:
        """Tell whether letters or digits of the page's content stand in a rectangle in revision `index`."""
        import pypdfium2  # noqa: PLC0415 - loaded only for the few files that need it

        try:
            found = self._page(index, page)
            left, bottom, right, top = corners
            text = found.get_textpage().get_text_bounded(
                left + _MARGIN, bottom + _MARGIN, right - _MARGIN, top - _MARGIN
            )
        except LimitError:
            raise
        except (pypdfium2.PdfiumError, StructureError, ValueError):
            return True
        return any(sign.isalnum() for sign in text)

    def has_picture(self, index: int, page: int, corners: tuple[float, float, float, float]) -> bool:
        """Tell whether a large rectangle lies over something that is drawn, such as a scanned text.

        Fields of common size stand on lines, boxes and scans everywhere; nothing can be said about them.
        """
        import pypdfium2  # noqa: PLC0415 - loaded only for the few files that need it

        try:
            found = self._page(index, page)
            found.set_rotation(0)
            width, height = found.get_size()
            area = max(0.0, corners[2] - corners[0]) * max(0.0, corners[3] - corners[1])
            if area < _LARGE * width * height:
                return False
            scale = min(_SCALE, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
            image = found.render(scale=scale, draw_annots=False, grayscale=True).to_pil().convert("L")
        except (pypdfium2.PdfiumError, ValueError):
            return True
        crop = image.crop(_place(found, corners, image.size))
        counts = crop.histogram()
        return bool(sum(counts[:_DARK]) > _DARK_SHARE * max(1, sum(counts)))

    def _page(self, index: int, page: int) -> Any:
        import pypdfium2  # noqa: PLC0415 - loaded only for the few files that need it

        if not self._file.limits.native:
            raise LimitError("what was painted cannot be seen without the library that failed on the file")
        if self._opened != index:
            end = self._file.revisions[index].end
            self._document = pypdfium2.PdfDocument(self._file.data[:end], password=self._file.password)
            self._opened = index
        return self._document[page_numbers(self._views[index]).index(page)]

    def _is_white(self, index: int, addition: Addition) -> bool:
        import pypdfium2  # noqa: PLC0415 - loaded only for the few files that need it

        try:
            page = self._page(index, addition.page)
            page.set_rotation(0)
            width, height = page.get_size()
            # Posters are drawn smaller; what is asked is only whether there is anything.
            scale = min(_SCALE, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
            image = page.render(scale=scale, draw_annots=True, may_draw_forms=False, grayscale=True).to_pil()
        except (pypdfium2.PdfiumError, ValueError):
            return False
        left, top, right, bottom = _place(page, addition.rectangle, image.size)
        pixels = [
            max(0, left + int(_MARGIN * scale)),
            max(0, top + int(_MARGIN * scale)),
            min(image.width, right - int(_MARGIN * scale)),
            min(image.height, bottom - int(_MARGIN * scale)),
        ]
        if pixels[0] >= pixels[2] or pixels[1] >= pixels[3]:
            return True
        darkest, _ = image.crop(tuple(pixels)).convert("L").getextrema()
        return bool(darkest >= _WHITE_ENOUGH)

    def _meets_annotation(self, index: int, addition: Addition) -> bool:
        view = self._views[index]
        page = view.value(addition.page)
        for item in view.array(page.get("Annots")) if isinstance(page, dict) else ():
            if isinstance(item, Ref) and item.num == addition.number:
                continue
            other = view.dictionary(item)
            flags = view.resolve(other.get("F"))
            corners = rectangle_of(view.resolve(other.get("Rect")), view)
            if (
                corners is None
                or (type(flags) is int and flags & _HIDDEN)
                or other.get("Subtype") in ("Link", "Popup")
            ):
                continue
            if "AP" in other and _overlap(corners, addition.rectangle):
                return True
        return False


def _place(page: Any, corners: tuple[float, ...], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return where a rectangle stands in a picture of the page; its boxes may be inherited."""
    import pypdfium2.raw as pdfium  # noqa: PLC0415 - loaded only for the few files that need it

    x, y = ctypes.c_int(), ctypes.c_int()
    points: list[tuple[int, int]] = []
    for across, up in (corners[:2], corners[2:]):
        pdfium.FPDF_PageToDevice(page, 0, 0, *size, 0, across, up, ctypes.byref(x), ctypes.byref(y))
        points.append((x.value, y.value))
    columns, rows = sorted(point[0] for point in points), sorted(point[1] for point in points)
    return columns[0], rows[0], columns[1], rows[1]


def _overlap(one: tuple[float, float, float, float], two: tuple[float, float, float, float]) -> bool:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return width > _MARGIN and height > _MARGIN
