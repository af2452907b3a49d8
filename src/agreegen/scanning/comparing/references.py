"""Our own rendering of a printed copy: what a scan of it must show, and where its person signs."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pikepdf
import pypdfium2
from numpy.typing import NDArray

from agreegen.forms.fonts import find_chain
from agreegen.rendering.context import BLANK
from agreegen.scanning.comparing.alignment import Ink
from agreegen.scanning.copies.lettering import LETTERING_FONTS, Lettering
from agreegen.scanning.copies.stack import Stack
from agreegen.scanning.copies.stamp import Box, Stamp, mark_boxes
from agreegen.scanning.marks import Points
from agreegen.values.printed import DATE_BLANK

DOTS_PER_INCH = 150
"""Resolution of the comparison: a stroke of a pen is three pixels wide."""
FINE = 2
"""How many times as large the places are looked at that tell persons apart."""
PX_PER_MM = DOTS_PER_INCH / 25.4
_PX_PER_PT = DOTS_PER_INCH / 72
_LEAST_CHARACTER_PX = 9.0
"""Commas and full stops are too small to be compared."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle in the rendering, in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom

    def grown(self, right: float, down: float) -> Place:
        """Return it with so many pixels more to both sides."""
        return Place(self.left - right, self.top - down, self.right + right, self.bottom + down)


@dataclass(frozen=True, slots=True)
class Character:
    """A printed character.

    Attributes:
        text: The character.
        place: Where its ink is.
        telling: Whether it belongs to what tells this document from others: name, number, values.
    """

    text: str
    place: Place
    telling: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """A document whose printed copy is to be recognised.

    Attributes:
        pdf: The registered file.
        stamps: What each printed page carries; empty where it was printed without marks.
        values: Printed values that tell it from other documents of its form.
        open_roles: Signature fields that are to be signed on paper.
    """

    pdf: bytes
    stamps: tuple[Stamp, ...]
    values: tuple[str, ...]
    open_roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """One page of a printed copy.

    Attributes:
        ink: The rendering.
        fine: The telling characters, rendered larger: upper left corner in the rendering and ink.
        characters: What is printed.
        marks: The corners of its two marks.
        signatures: Role → where its person signs; only roles that are open and stand on this page.
        blanks: Where something is filled in by hand.
    """

    ink: Ink
    fine: tuple[tuple[float, float, Ink], ...]
    characters: tuple[Character, ...]
    marks: tuple[Points, Points]
    signatures: Mapping[str, Place]
    blanks: tuple[Place, ...]


def printed_copy(copy: Copy) -> bytes:
    """Return the PDF of a document as it is printed."""
    texts = [stamp.line for stamp in copy.stamps]
    buffer = io.BytesIO()
    stack = Stack(buffer, Lettering(find_chain(LETTERING_FONTS), texts))
    stack.add_document(copy.pdf, lambda _: copy.stamps)
    stack.finish()
    return buffer.getvalue()


def render_reference(copy: Copy, page: int) -> Reference:
    """Render one page of a printed copy.

    Args:
        copy: The document.
        page: Number of the page, from 1.
    """
    pdf = pypdfium2.PdfDocument(printed_copy(copy))
    try:
        leaf = pdf[page - 1]
        width, height = leaf.get_size()
        texts = [*copy.values, *(copy.stamps[page - 1].facts if copy.stamps else ())]
        characters, blanks = _read_characters(leaf, height, texts)
        groups = _groups(characters)
        fine = tuple((g.left, g.top, _render_part(leaf, g, (width, height))) for g in groups)
        upper, lower = (_corners(box, height) for box in mark_boxes(width, height))
        return Reference(
            _render(leaf, _PX_PER_PT),
            fine,
            tuple(characters),
            (upper, lower),
            _signature_places(copy, page, height),
            tuple(blanks),
        )
    finally:
        pdf.close()


def _render(
    leaf: pypdfium2.PdfPage, scale: float, crop: tuple[float, float, float, float] = (0, 0, 0, 0)
) -> Ink:
    bitmap = leaf.render(scale=scale, grayscale=True, crop=crop)
    grey: NDArray[np.uint8] = bitmap.to_numpy()
    ink: Ink = 1 - grey.reshape(grey.shape[:2]).astype(np.float32) / np.float32(255)
    return ink


def _render_part(leaf: pypdfium2.PdfPage, place: Place, size: tuple[float, float]) -> Ink:
    left, top, right, bottom = (
        edge / _PX_PER_PT for edge in (place.left, place.top, place.right, place.bottom)
    )
    return _render(leaf, _PX_PER_PT * FINE, (left, size[1] - bottom, size[0] - right, top))


def _corners(box: Box, height: float) -> Points:
    place = _place(box, height)
    return np.array(
        [
            (place.left, place.top),
            (place.right, place.top),
            (place.right, place.bottom),
            (place.left, place.bottom),
        ]
    )


def _place(box: Box, height: float) -> Place:
    return Place(
        box.left * _PX_PER_PT,
        (height - box.top) * _PX_PER_PT,
        box.right * _PX_PER_PT,
        (height - box.bottom) * _PX_PER_PT,
    )


def _read_characters(
    leaf: pypdfium2.PdfPage, height: float, texts: Sequence[str]
) -> tuple[list[Character], list[Place]]:
    """Return the characters of a page, and where it has blanks to be filled in by hand."""
    page = leaf.get_textpage()
    count = page.count_chars()
    shown = [
        (page.get_text_range(number, 1), _place(Box(*page.get_charbox(number)), height))
        for number in range(count)
    ]
    inked = [(text, place) for text, place in shown if text.strip()]
    whole = "".join(text[:1] for text, _ in inked)
    telling = _covered(whole, texts)
    blank = _covered(whole, (BLANK, DATE_BLANK))
    characters = [
        Character(text, place, number in telling)
        for number, (text, place) in enumerate(inked)
        if number not in blank
        and max(place.right - place.left, place.bottom - place.top) >= _LEAST_CHARACTER_PX
    ]
    return characters, [place for number, (_, place) in enumerate(inked) if number in blank]


def _covered(whole: str, texts: Sequence[str]) -> set[int]:
    """Return the positions at which one of these texts stands, spaces apart."""
    found: set[int] = set()
    for text in texts:
        wanted = "".join(text.split())
        start = whole.find(wanted) if wanted else -1
        while start >= 0:
            found.update(range(start, start + len(wanted)))
            start = whole.find(wanted, start + 1)
    return found


def _groups(characters: Sequence[Character]) -> list[Place]:
    """Return rectangles around neighbouring telling characters, with room for a search around each."""
    groups: list[Place] = []
    for character in characters:
        if not character.telling:
            continue
        place, last = character.place, groups[-1] if groups else None
        if (
            last
            and abs(place.top - last.top) < 2 * PX_PER_MM
            and 0 <= place.left - last.right < 6 * PX_PER_MM
        ):
            groups[-1] = Place(
                last.left,
                min(last.top, place.top),
                max(last.right, place.right),
                max(last.bottom, place.bottom),
            )
        else:
            groups.append(place)
    return [_whole(group.grown(PX_PER_MM, PX_PER_MM)) for group in groups]


def _whole(place: Place) -> Place:
    return Place(*(float(round(edge)) for edge in (place.left, place.top, place.right, place.bottom)))


def _signature_places(copy: Copy, page: int, height: float) -> dict[str, Place]:
    with pikepdf.open(io.BytesIO(copy.pdf)) as pdf:
        return {
            name: _place(box, height) for name, box in _fields(pdf.pages[page - 1]) if name in copy.open_roles
        }


def _fields(page: pikepdf.Page) -> Iterator[tuple[str, Box]]:
    for widget in page.obj.get("/Annots", pikepdf.Array()):
        left, bottom, right, top = (float(edge) for edge in widget.get("/Rect", (0, 0, 0, 0)))
        if "/T" in widget and right > left and top > bottom:
            yield str(widget.T), Box(left, bottom, right, top)


def signature_boxes(data: bytes) -> dict[str, tuple[int, Box]]:
    """Return on which page, from 1, and where each visible signature field of a document stands."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return {
            name: (number, box) for number, page in enumerate(pdf.pages, 1) for name, box in _fields(page)
        }
