"""Pages before and after a change, differences marked, for a person to look at."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFilter
from PIL.Image import Image as Picture

from agreegen.verification.pictures.comparison import Image, find_difference
from agreegen.verification.pictures.interface import PagePair
from agreegen.verification.pictures.pdfium_pages import PdfiumPages

MAX_PAGES = 40
MAX_SHOWN = 6
DOTS_PER_POINT = 1.25
_MAX_PIXELS = 2_500_000
_MARK = (214, 40, 40)
_CELL = 16
"""Pixels of a cell of the coarse picture, across and down."""


def draw_pairs(data: bytes, signed_length: int, password: str | None = None) -> tuple[PagePair, ...]:
    """Draw the pages of both states and keep those that differ."""
    before, after = PdfiumPages(data[:signed_length], password), PdfiumPages(data, password)
    try:
        return tuple(_differing(before, after))
    finally:
        before.close()
        after.close()


def _differing(before: PdfiumPages, after: PdfiumPages) -> Iterator[PagePair]:
    pairs = (_pair(before, after, number) for number in range(min(max(before.count, after.count), MAX_PAGES)))
    yield from itertools.islice((pair for pair in pairs if pair is not None), MAX_SHOWN)


def _pair(before: PdfiumPages, after: PdfiumPages, number: int) -> PagePair | None:
    """Draw a page of both states as on a screen, then as in print; None where it looks the same in both."""
    for printing in (False, True):
        old, new = (_image(pages, number, printing=printing) for pages in (before, after))
        if old is None or new is None:
            return PagePair(number + 1, _png(_picture(old)), _png(_picture(new)))
        marked = _mark(old, new)
        if marked is not None:
            return PagePair(number + 1, _png(_picture(old)), _png(marked), printing)
    return None


def _image(pages: PdfiumPages, number: int, *, printing: bool) -> Image | None:
    if number >= pages.count:
        return None
    width, height = pages.size(number)
    scale = min(DOTS_PER_POINT, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
    return pages.draw(number, scale=scale, printing=printing)


def _picture(image: Image | None) -> Picture | None:
    return None if image is None else Pictures.fromarray(image)


def _mark(old: Image, new: Image) -> Picture | None:
    """Return the new page with red frames around what differs; None where nothing does."""
    after = Pictures.fromarray(new)
    if old.shape != new.shape:
        return after
    if find_difference(old, new, ()) is None:
        return None
    # Neighbouring differences grow together in a coarse picture.
    differs = Pictures.fromarray(np.any(old != new, axis=2).astype(np.uint8) * 255)
    coarse = differs.filter(ImageFilter.MaxFilter(9)).resize(
        (max(1, after.width // _CELL), max(1, after.height // _CELL)), Pictures.Resampling.BOX
    )
    marked = after.copy()
    layer = Pictures.new("RGB", after.size, (255, 214, 214))
    mask = coarse.point(lambda value: 110 if value else 0).resize(after.size, Pictures.Resampling.NEAREST)
    marked.paste(Pictures.blend(after, layer, 0.45), (0, 0), mask.point(lambda value: 255 if value else 0))
    across, down = after.width / coarse.width, after.height / coarse.height
    for left, top, right, bottom in _regions(coarse.tobytes(), coarse.width):
        frame = (left * across, top * down, (right + 1) * across, (bottom + 1) * down)
        ImageDraw.Draw(marked).rectangle(frame, outline=_MARK, width=2)
    return marked


def _regions(cells: bytes, width: int) -> Iterator[tuple[int, int, int, int]]:
    """Return the boxes (left, top, right, bottom; inclusive) of set cells that touch each other."""
    left = {divmod(place, width) for place, cell in enumerate(cells) if cell}
    while left:
        pending, rows, columns = [left.pop()], set[int](), set[int]()
        while pending:
            row, column = pending.pop()
            rows.add(row)
            columns.add(column)
            around = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= around
            pending.extend(around)
        yield min(columns), min(rows), max(columns), max(rows)


def _png(image: Picture | None) -> str | None:
    if image is None:
        return None
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
