"""The pages of a file, in order, with what they inherit (ISO 32000-1, clauses 7.7.3.2 to 7.7.3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agreegen.messages import message
from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, Value

Rectangle = tuple[float, float, float, float]
"""Left, bottom, right, top in points of the page's default user space, before rotation and cropping."""
_INHERITED = ("MediaBox", "CropBox", "Rotate", "Resources")
_LETTER: Rectangle = (0.0, 0.0, 612.0, 792.0)
_MAX_NODES = 200_000
_MARGIN = 1.0
"""Points by which rectangles may overlap and still lie beside each other."""


@dataclass(frozen=True, slots=True)
class PageBox:
    """Where a page is.

    Attributes:
        number: Number of its object.
        media: `/MediaBox`.
        crop: What readers show of it: `/CropBox` within the media box.
        rotate: Degrees, clockwise.
        attributes: `/MediaBox`, `/CropBox`, `/Rotate` and `/Resources` as they stand, its own or inherited.
    """

    number: int
    media: Rectangle
    crop: Rectangle
    rotate: int
    attributes: dict[str, Value]


@dataclass(frozen=True, slots=True)
class PageBoxes:
    """All pages in order.

    Attributes:
        pages: The pages.
        index_of: Object number to index.
        is_regular: Whether every node states how many pages it has, and none is there twice; otherwise
            readers number them in different ways.
    """

    pages: tuple[PageBox, ...]
    index_of: dict[int, int]
    is_regular: bool

    @classmethod
    def from_view(cls, view: View) -> PageBoxes:
        """Walk the page tree of a view from its root."""
        found = [_page_box(view, number, inherited) for number, inherited in _walk(view)]
        numbers = {page.number: index for index, page in enumerate(found)}
        return cls(tuple(found), numbers, is_regular(view))


def is_regular(view: View) -> bool:
    """Tell whether every node of the page tree states how many pages it has, and none is there twice."""
    pending: list[tuple[Value, int | None]] = [(view.catalog.get("Pages"), None)]
    seen: set[int] = set()
    pages = 0
    while pending:
        item, begun = pending.pop()
        if begun is not None:
            if item != pages - begun:
                return False
            continue
        if not isinstance(item, Ref) or item.num in seen:
            return False
        seen.add(item.num)
        node = view.dictionary(item)
        kids = view.resolve(node.get("Kids"))
        if isinstance(kids, list):
            pending.append((view.resolve(node.get("Count")), pages))
            pending.extend((kid, None) for kid in reversed(kids))
        else:
            pages += 1
    return True


def page_numbers(view: View) -> list[int]:
    """Return the object numbers of the pages in order.

    Raises:
        LimitError: The page tree has too many nodes.
        StructureError: A node cannot be read.
    """
    return [number for number, _ in _walk(view)]


def _walk(view: View) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of every page with the attributes that it has or inherits."""
    seen: set[int] = set()
    pending: list[tuple[Value, dict[str, Any]]] = [(view.catalog.get("Pages"), {})]
    while pending:
        item, above = pending.pop()
        if not isinstance(item, Ref) or item.num in seen:
            continue
        seen.add(item.num)
        if len(seen) > _MAX_NODES:
            raise LimitError(message("pdf.page-tree-more-than-nodes", max_nodes=_MAX_NODES))
        node = view.dictionary(item)
        inherited = above | {key: node[key] for key in _INHERITED if node.get(key) is not None}
        kids = view.resolve(node.get("Kids"))
        if isinstance(kids, list):
            pending.extend((kid, inherited) for kid in reversed(kids))
        else:
            yield item.num, inherited


def _page_box(view: View, number: int, attributes: dict[str, Any]) -> PageBox:
    media = rectangle_of(attributes.get("MediaBox"), view) or _LETTER
    crop = rectangle_of(attributes.get("CropBox"), view) or media
    shown = (
        max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])
    )  # fmt: skip
    if shown[0] >= shown[2] or shown[1] >= shown[3]:
        shown = media
    rotate = view.resolve(attributes.get("Rotate"))
    return PageBox(number, media, shown, rotate % 360 if type(rotate) is int else 0, attributes)


def rectangle_of(value: Value, view: View) -> Rectangle | None:
    """Return a rectangle as left, bottom, right, top; None where it is not one."""
    found = view.resolve(value)
    if not isinstance(found, list) or len(found) != len(_LETTER):
        return None
    numbers = numbers_of(found, view)
    if numbers is None:
        return None
    left, right = sorted((numbers[0], numbers[2]))
    bottom, top = sorted((numbers[1], numbers[3]))
    return left, bottom, right, top


def numbers_of(value: Value, view: View) -> list[float] | None:
    """Return an array of numbers; None where it is something else."""
    found = view.resolve(value)
    if not isinstance(found, list):
        return None
    numbers = [view.resolve(item) for item in found]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        return None
    return [float(number) for number in numbers]


def overlap(one: Rectangle, two: Rectangle) -> bool:
    """Tell whether two rectangles share more than a point in both directions.

    A rectangle that is thinner is taken for a line of that width.
    """
    one, two = _thick(one), _thick(two)
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return width > _MARGIN and height > _MARGIN


def _thick(box: Rectangle) -> Rectangle:
    wide = _MARGIN * 2
    left, bottom, right, top = box
    if right - left < wide:
        left, right = (left + right) / 2 - wide / 2, (left + right) / 2 + wide / 2
    if top - bottom < wide:
        bottom, top = (bottom + top) / 2 - wide / 2, (bottom + top) / 2 + wide / 2
    return left, bottom, right, top
