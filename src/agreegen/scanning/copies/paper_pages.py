"""Pages as they look on paper, read from a plain PDF without a library: contents, and what fields show.

Whatever is not plain, or shows more than fields with one look, is for the process in which files of others
are opened (`flattening`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference

_KEPT = (b"/MediaBox", b"/CropBox", b"/Rotate", b"/Group", b"/UserUnit")
_INVISIBLE_OR_HIDDEN, _PRINT, _NO_ROTATE = 0b11, 0b100, 0b10000
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

Edges = tuple[float, float, float, float]
"""Left, bottom, right and top of a rectangle, in points."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an annotation shows on paper.

    Attributes:
        form: Object number of the form that is drawn.
        placing: Scale and place, as operands of `cm`.
    """

    form: int
    placing: bytes


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A page.

    Attributes:
        entries: What its dictionary says of size and place, as it stands in the file.
        box: Its paper.
        resources: Entries of its resources.
        contents: Object numbers of its content streams.
        looks: What is drawn over them.
    """

    entries: Entries
    box: Edges
    resources: Entries
    contents: tuple[int, ...]
    looks: tuple[Look, ...]


def read_paper_pages(plain: PlainPdf) -> list[PaperPage]:
    """Read the pages of a plain PDF that hold all that is said of them.

    Raises:
        NotPlainError: Pages take something over from above, or annotations show what only a reader of all of
            PDF can tell.
    """
    catalog = plain.dictionary(plain.trailer.get(b"/Root"))
    tree = plain.dictionary(catalog.get(b"/Pages"))
    pages = [_page(plain, plain.dictionary(kid)) for kid in items(tree.get(b"/Kids"))]
    if tree.get(b"/Count") != b"%d" % len(pages):
        raise NotPlainError
    return pages


def _page(plain: PlainPdf, page: Entries) -> PaperPage:
    if page.get(b"/Type") != b"/Page":
        raise NotPlainError
    resources = plain.dictionary(page.get(b"/Resources"))
    entries = {key: page[key] for key in _KEPT if key in page}
    box = _edges(plain, page.get(b"/MediaBox"))
    return PaperPage(entries, box, resources, _contents(plain, page), tuple(_looks(plain, page)))


def _contents(plain: PlainPdf, page: Entries) -> tuple[int, ...]:
    value = page.get(b"/Contents", b"[]")
    try:
        return tuple(map(reference, _array(plain, value)))
    except NotPlainError:
        return (reference(value),)  # of a stream; else it is refused as that


def _looks(plain: PlainPdf, page: Entries) -> Iterator[Look]:
    """Yield what the annotations of a page show where it is printed (ISO 32000-2, 12.5.3 and 12.5.5)."""
    for kid in _array(plain, page.get(b"/Annots", b"[]")):
        annotation = plain.dictionary(kid)
        flags = annotation.get(b"/F", b"0")
        if not flags.isdigit():
            raise NotPlainError
        if not int(flags) & _PRINT or int(flags) & _INVISIBLE_OR_HIDDEN or b"/AP" not in annotation:
            continue
        if int(flags) & _NO_ROTATE and b"/Rotate" in page:
            raise NotPlainError
        look = _look(plain, annotation)
        if look is not None:
            yield look


def _look(plain: PlainPdf, annotation: Entries) -> Look | None:
    normal = plain.dictionary(annotation[b"/AP"]).get(b"/N")
    if normal is None:
        return None
    number = reference(normal)
    form, data = plain.parts(number)
    if data is None:
        raise NotPlainError
    matrix = _IDENTITY if b"/Matrix" not in form else _numbers(plain, form[b"/Matrix"], 6)
    drawn = _drawn(_edges(plain, form.get(b"/BBox")), matrix)
    place = _edges(plain, annotation.get(b"/Rect"))
    if not data or drawn[0] == drawn[2] or drawn[1] == drawn[3]:
        return None
    wide, high = ((place[n + 2] - place[n]) / (drawn[n + 2] - drawn[n]) for n in (0, 1))
    placing = (wide, 0.0, 0.0, high, place[0] - drawn[0] * wide, place[1] - drawn[1] * high)
    return Look(number, b" ".join(b"%.5f" % each for each in placing))


def _drawn(box: Edges, matrix: tuple[float, ...]) -> Edges:
    """Return the rectangle around a box that a matrix moves."""
    a, b, c, d, e, f = matrix
    corners = [(x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    across = [a * x + c * y + e for x, y in corners]
    up = [b * x + d * y + f for x, y in corners]
    return min(across), min(up), max(across), max(up)


def _edges(plain: PlainPdf, value: bytes | None) -> Edges:
    x1, y1, x2, y2 = _numbers(plain, value, 4)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _numbers(plain: PlainPdf, value: bytes | None, count: int) -> tuple[float, ...]:
    try:
        found = tuple(map(float, _array(plain, value)))
    except ValueError as exc:
        raise NotPlainError from exc
    if len(found) != count:
        raise NotPlainError
    return found


def _array(plain: PlainPdf, value: bytes | None) -> list[bytes]:
    """Return the items of an array, given directly or by reference."""
    if value is None or value.startswith(b"["):
        return items(value)
    return items(plain.item(reference(value)))
