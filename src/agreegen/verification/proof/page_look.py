"""Whether what a page of ours says can be seen on it: characters under a white box are still in its text."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pikepdf
from numpy.typing import NDArray

from agreegen.messages import Message, foreign_text, message
from agreegen.pdf.document import View
from agreegen.pdf.encryption import open_view
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import Ref, Stream
from agreegen.pdf.pages import Rectangle, page_numbers
from agreegen.verification.pictures.comparison import Box, Image
from agreegen.verification.pictures.pdfium_pages import DrawingError, PdfiumPages
from agreegen.verification.pictures.poppler_pages import draw_with_poppler, poppler_is_installed

_SCALE = 2.0
"""Pixels a point: 144 dpi."""
_INK, _FAINT = 112, 48
"""Levels below paper from which something is ink, and from which it may be the soft edge of ink."""
_PALE = 32, 12
"""The same of strokes that somebody added so pale that they are no ink, and can be read."""
_SOFT = 4
"""Pixels around a character that its strokes may reach."""
_LONGEST_NAME = 256
_REACH = 2
"""Pixels by which two engines may set the same stroke apart."""
_MAX_PAGES = 64
_MAX_POINTS = 1_200
_MAX_CHARACTERS = 20_000
_MAX_SHOWN = 20
_NO_ANNOTATIONS = range(1_000)
_MOST_SECONDS = 30.0
"""Of poppler for one page, by the clock on the wall."""
_LEAST_INK = 2
"""Pixels of ink that every character leaves: a full stop of 9 points has more."""


@dataclass(frozen=True, slots=True)
class HiddenText:
    """Text that stands on a page and cannot be seen.

    Attributes:
        page: From 1.
        text: The characters, the first ones.
    """

    page: int
    text: Message


def find_hidden_text(data: bytes, password: str | None = None) -> HiddenText | None:
    """Return the first page with characters that nobody sees; None where all can be seen.

    Drawn without the looks of signatures, every character has ink in its place, and paper around it. A page
    that cannot be drawn, or is one of too many, counts as hidden. Poppler has to show them, too, where it is
    installed and no password opens the file: its programs take one only where others can read it.

    Args:
        data: The file up to its first signed revision.
        password: Of an encrypted file.
    """
    eye = not password and poppler_is_installed()
    try:
        with closing(PdfiumPages(data, password)) as pages:
            if pages.count > _MAX_PAGES:
                return HiddenText(_MAX_PAGES + 1, message("verification.not-drawn"))
            for index in range(pages.count):
                pictures = [_draw_bare(pages, index)]
                pictures += [_draw_in_poppler(data, index)] if eye else []
                for unseen in (_unseen(pages, (data, password), index, picture) for picture in pictures):
                    if unseen:
                        return HiddenText(index + 1, foreign_text(unseen[:_MAX_SHOWN]))
            return None
    except DrawingError:
        return HiddenText(1, message("verification.not-drawn"))


def find_wiping_look(data: bytes, limits: Limits, password: str | None = None) -> int | None:
    """Return the first page, from 1, on which the look of a signature wipes something out; None without one.

    Drawn as on a screen and as in print, and by poppler too, where it is installed and needs no password:
    readers do not agree on how the parts of a look mix with the page. A page that cannot be drawn counts as
    one.

    Args:
        data: The file up to its first signed revision.
        limits: What reading it may cost.
        password: Of an encrypted file.

    Raises:
        StructureError: It cannot be read.
    """
    chosen = _pages_with_looks(open_view(data, limits, password))
    if not chosen:
        return None
    eye = not password and poppler_is_installed()
    try:
        with closing(PdfiumPages(data, password)) as pages:
            for index in chosen:
                bare = _draw_bare(pages, index)
                shown = [pages.draw(index, scale=_SCALE, printing=printing) for printing in (False, True)]
                if any(_loses_ink(bare, image) for image in shown) or (
                    eye and _loses_in_poppler(data, index)
                ):
                    return index + 1
    except DrawingError:
        return chosen[0] + 1
    return None


def _pages_with_looks(view: View) -> list[int]:
    """Return the pages, from 0, that have an annotation with an appearance, but for empty ones."""
    found = []
    for index, number in enumerate(page_numbers(view)[:_MAX_PAGES]):
        notes = view.array(view.dictionary(Ref(number, 0)).get("Annots"))
        if any(_shows_something(view, view.dictionary(note)) for note in notes):
            found.append(index)
    return found


def _shows_something(view: View, note: dict[str, Any]) -> bool:
    """Tell whether an annotation has a look, but for one that draws nothing: a field that waits has that."""
    if "AP" not in note:
        return False
    looks = view.dictionary(note["AP"])
    normal = view.resolve(looks.get("N"))
    return not (looks.keys() == {"N"} and isinstance(normal, Stream) and not normal.raw.strip())


def _loses_in_poppler(data: bytes, index: int) -> bool:
    return _loses_ink(_draw_in_poppler(data, index), _draw_in_poppler(data, index, bare=False))


def _draw_in_poppler(data: bytes, index: int, *, bare: bool = True) -> Image:
    page, dots = index + 1, 72 * _SCALE
    return draw_with_poppler(data, page, page, dots_per_inch=dots, timeout_s=_MOST_SECONDS, bare=bare)[0]


def find_unlike_page(
    made: bytes, found: bytes, loose: Sequence[str] = (), *, password: str | None = None
) -> int | None:
    """Return the first page, from 1, on which two files do not show the same; None where all do.

    The looks of signatures are left out. Poppler draws the pages, too, where it is installed and no password
    opens the file.

    Args:
        made: The unsigned file as it should be.
        found: The file up to its first signed revision.
        loose: Resource names of fonts whose glyphs may look otherwise.
        password: Of an encrypted file.
    """
    eye = not password and poppler_is_installed()
    try:
        with closing(PdfiumPages(made, None)) as right, closing(PdfiumPages(found, password)) as other:
            if right.count != other.count:
                return min(right.count, other.count) + 1
            for index in range(right.count):
                pairs = [(_draw_bare(right, index), _draw_bare(other, index))]
                if eye:
                    pairs.append((_draw_in_poppler(made, index), _draw_in_poppler(found, index)))
                free = _boxes_of(right, made, index, loose) if loose else []
                if not all(_are_alike(_blanked(one, free), _blanked(two, free)) for one, two in pairs):
                    return index + 1
    except DrawingError:
        return 1
    return None


def _boxes_of(pages: PdfiumPages, data: bytes, index: int, loose: Sequence[str]) -> list[Box]:
    """Return where a page of the engine's shows characters of some of its fonts, in pixels."""
    with pikepdf.open(BytesIO(data)) as pdf:
        fonts = pdf.pages[index].obj.Resources.get("/Font", pikepdf.Dictionary())
        names = {str(fonts[f"/{name}"].BaseFont)[1:] for name in loose if f"/{name}" in fonts}
    shape = pages.draw(index, scale=_SCALE).shape
    found = _characters((data, None), index)
    return [pages.place(index, corners, shape) for _, corners, font in found if font in names]


def _blanked(picture: Image, boxes: Sequence[Box]) -> Image:
    """Return a picture with paper in some places."""
    if not boxes:
        return picture
    blank = picture.copy()
    for left, top, right, bottom in boxes:
        blank[max(top - _SOFT, 0) : bottom + _SOFT, max(left - _SOFT, 0) : right + _SOFT] = 255
    return blank


def _are_alike(one: Image, other: Image) -> bool:
    """Tell whether two pictures show the same strokes, however pale."""
    return not any(
        _loses_ink(*pair, ink=ink, faint=faint)
        for pair in ((one, other), (other, one))
        for ink, faint in ((_INK, _FAINT), _PALE)
    )


def _draw_bare(pages: PdfiumPages, index: int) -> Image:
    """Draw a page without annotations; none of ours is larger than A3, and a poster would take the memory."""
    if max(pages.size(index)) > _MAX_POINTS:
        raise DrawingError(message("verification.page-larger-than-any-ours"))
    return pages.draw(index, scale=_SCALE, without=_NO_ANNOTATIONS)


def _loses_ink(one: Image, other: Image, *, ink: int = _INK, faint: int = _FAINT) -> bool:
    """Tell whether a stroke of one picture does not stand in the other within the reach."""
    if one.shape != other.shape:
        return True
    if np.array_equal(one, other):
        return False
    mine, theirs = (_depth(picture) for picture in (one, other))
    return bool(np.any((mine >= ink) & (_spread(theirs) < faint)))


def _depth(picture: Image) -> NDArray[np.int16]:
    """Return how far below paper the darkest colour of each pixel is."""
    darkest = np.minimum(np.minimum(picture[:, :, 0], picture[:, :, 1]), picture[:, :, 2])
    return 255 - darkest.astype(np.int16)


def _spread(depth: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the greatest depth within the reach of each pixel."""
    for axis in (0, 1):
        widest = depth
        for distance in range(1, _REACH + 1):
            for way in (distance, -distance):
                widest = np.maximum(widest, np.roll(depth, way, axis=axis))
        depth = widest
    return depth


def _unseen(pages: PdfiumPages, file: tuple[bytes, str | None], index: int, picture: Image) -> str:
    """Return the characters of a page that leave no ink where they stand."""
    depth = _depth(picture)
    found = []
    for character, corners, _ in _characters(file, index):
        left, top, right, bottom = pages.place(index, corners, picture.shape)
        if not _is_seen(depth, (left, top, right, bottom)):
            found.append(character)
    return "".join(found)


def _is_seen(depth: NDArray[np.int16], box: Box) -> bool:
    left, top, right, bottom = box
    place = depth[top:bottom, left:right]
    around = depth[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2]
    if not place.size:
        return False
    return int((place >= _INK).sum()) >= _LEAST_INK and bool((around < _FAINT).any())


def _characters(file: tuple[bytes, str | None], index: int) -> Iterator[tuple[str, Rectangle, str]]:
    """Give the characters of a page that print something, with their boxes in points and their fonts."""
    import pypdfium2  # noqa: PLC0415 - loaded only for the files that are drawn
    import pypdfium2.raw  # noqa: PLC0415 - the same

    try:
        document = pypdfium2.PdfDocument(file[0], password=file[1])
        text: Any = document[index].get_textpage()
        if text.count_chars() > _MAX_CHARACTERS:
            raise DrawingError(message("verification.page-more-characters-than-any-ours"))
        for place in range(text.count_chars()):
            character = chr(pypdfium2.raw.FPDFText_GetUnicode(text, place))
            if character.isspace() or pypdfium2.raw.FPDFText_IsGenerated(text, place) == 1:
                continue
            yield character, text.get_charbox(place), _font_of(text, place)
    except (pypdfium2.PdfiumError, ValueError, IndexError) as exc:
        raise DrawingError(foreign_text(exc)) from exc


def _font_of(text: Any, place: int) -> str:
    import pypdfium2.raw  # noqa: PLC0415 - loaded only for the files that are drawn

    name, flags = ctypes.create_string_buffer(_LONGEST_NAME), ctypes.c_int()
    pypdfium2.raw.FPDFText_GetFontInfo(text, place, name, _LONGEST_NAME, flags)
    return name.value.decode("utf-8", "replace")
