"""What was painted where: pages of the revisions, rendered when something visible came after signing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agreegen.messages import message
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.objects import LimitError, Ref, StructureError
from agreegen.pdf.pages import PageBoxes, Rectangle, overlap
from agreegen.verification.changes.painted_boxes import painted_box

if TYPE_CHECKING:
    from agreegen.verification.pictures.pdfium_pages import PdfiumPages

_SCALE = 2.0
_MAX_PIXELS = 30_000_000
_WHITE_ENOUGH = 248
_MARGIN = 1.0
_LARGE, _DARK, _DARK_SHARE = 0.1, 160, 0.05
"""A tenth of the page; printed text darkens more than five points in a hundred, ruled lines fewer."""


class Renderings:
    """The pages of the revisions, rendered on demand."""

    def __init__(self, file: PdfFile, views: list[View], pages: PageBoxes) -> None:
        self._file = file
        self._views = views
        self._pages = pages
        self._opened: int | None = None
        self._drawn: PdfiumPages | None = None

    def is_clear(self, index: int, page: int, box: Rectangle, own: int | None) -> bool:
        """Tell whether nothing was painted in a box of a page in revision `index`.

        Args:
            index: Index of the revision.
            page: Index of the page.
            box: In points of the page's user space.
            own: Object number of the annotation that is asked about, which does not count.
        """
        try:
            return not self.meets_annotation(index, page, box, own) and self._is_white(index, page, box)
        except LimitError:
            raise
        except StructureError:
            return False

    def meets_annotation(self, index: int, page: int, box: Rectangle, own: int | None) -> bool:
        """Tell whether another annotation paints in a box, or a field with a value stands there."""
        view = self._views[index]
        holder = view.value(self._pages.pages[page].number)
        turned = self._pages.pages[page].rotate != 0
        for item in view.array(holder.get("Annots")) if isinstance(holder, dict) else ():
            if isinstance(item, Ref) and item.num == own:
                continue
            found = painted_box(view, view.dictionary(item), turned=turned, on_paper_only=True)
            if found is not None and overlap(found, box):
                return True
        return False

    def has_text(self, index: int, page: int, box: Rectangle) -> bool:
        """Tell whether letters or digits of the page's content stand in a box in revision `index`."""
        left, bottom, right, top = box
        inner = left + _MARGIN, bottom + _MARGIN, right - _MARGIN, top - _MARGIN
        try:
            text = self._open(index).text_in(page, inner)
        except LimitError:
            raise
        except (StructureError, ValueError):
            return True
        return any(sign.isalnum() for sign in text)

    def has_picture(self, index: int, page: int, box: Rectangle) -> bool:
        """Tell whether a large box lies over something that is drawn, such as a scanned text.

        Fields of common size stand on lines, boxes and scans everywhere; nothing can be said about them here.
        """
        shown = self._pages.pages[page].crop
        area = max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
        if area < _LARGE * (shown[2] - shown[0]) * (shown[3] - shown[1]):
            return False
        crop = self._crop(index, page, box, annotations=False)
        if crop is None:
            return True
        counts = crop.histogram()
        return bool(sum(counts[:_DARK]) > _DARK_SHARE * max(1, sum(counts)))

    def _is_white(self, index: int, page: int, box: Rectangle) -> bool:
        left, bottom, right, top = box
        inner = left + _MARGIN, bottom + _MARGIN, right - _MARGIN, top - _MARGIN
        if inner[0] >= inner[2] or inner[1] >= inner[3]:
            inner = box[0] - _MARGIN, box[1] - _MARGIN, box[2] + _MARGIN, box[3] + _MARGIN
        crop = self._crop(index, page, inner, annotations=True)
        return crop is not None and crop.getextrema()[0] >= _WHITE_ENOUGH

    def _crop(self, index: int, page: int, box: Rectangle, *, annotations: bool) -> Any:
        """Return the picture of a box of a page in grey, None where the page cannot be drawn.

        Outside of the page everything is white.
        """
        from PIL import Image  # noqa: PLC0415 - loaded only for the few files that need it

        shown = self._pages.pages[page].crop
        try:
            # Posters are drawn smaller; what is asked is only whether there is anything.
            found = self._open(index).draw_upright(
                page, scale=_SCALE, most_pixels=_MAX_PIXELS, annotations=annotations
            )
        except ValueError:
            return None
        drawn, scale = found.picture, found.scale
        wide, high = shown[2] - shown[0], shown[3] - shown[1]
        if abs(found.width - wide) > _MARGIN or abs(found.height - high) > _MARGIN:
            return None
        edges = [
            max(0, int((box[0] - shown[0]) * scale)),
            max(0, int((shown[3] - box[3]) * scale)),
            min(drawn.width, round((box[2] - shown[0]) * scale)),
            min(drawn.height, round((shown[3] - box[1]) * scale)),
        ]
        if edges[0] >= edges[2] or edges[1] >= edges[3]:
            return Image.new("L", (1, 1), 255)
        return drawn.convert("L").crop(tuple(edges))

    def _open(self, index: int) -> PdfiumPages:
        """Open a revision; the last one asked for stays open."""
        from agreegen.verification.pictures.pdfium_pages import PdfiumPages  # noqa: PLC0415 - takes long to load

        if not self._file.limits.native:
            raise LimitError(message("verification.what-painted-cannot-seen-without-library"))
        if not self._pages.is_regular:
            raise ValueError("the pages have no numbers that all readers agree on")
        if self._opened != index or self._drawn is None:
            if self._drawn is not None:
                self._drawn.close()
                self._drawn = None
            end = self._file.revisions[index].end
            self._drawn = PdfiumPages(self._file.data[:end], self._file.password, forms=False)
            self._opened = index
        return self._drawn
