"""Which pages a later revision can have changed: those that reach an object it wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agreegen.messages import message
from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value, same
from agreegen.pdf.pages import is_regular, page_numbers

_PAGE_ASIDE = frozenset({"Parent", "Annots", "B", "AA", "PieceInfo", "Metadata", "Thumb"})
_ANNOTATION_ASIDE = frozenset(
    {"P", "Parent", "Kids", "Popup", "IRT", "Dest", "A", "AA", "Lock", "SV", "StructParent"}
)
"""Keys that lead to other pages or to what nobody draws; below all others everything is followed."""
_INHERITED = frozenset({"Resources", "MediaBox", "CropBox", "Rotate"})
_FORM_DRAWN = ("DA", "DR", "NeedAppearances", "Q", "XFA")
_LAYERS = frozenset({"OCG", "OCMD"})
_UPWARD = frozenset({"P", "Parent"})
_MAX_OBJECTS = 200_000
_MAX_ANCESTORS = 64


def touched_pages(old: View, new: View, changed: frozenset[int]) -> frozenset[int] | None:
    """Return the numbers, from 0, of the pages that reach a changed object; None where every page may.

    Args:
        old: The earlier view.
        new: The later view.
        changed: Numbers of the objects that differ between them.
    """
    try:
        pages = page_numbers(old)
        if not is_regular(old) or pages != page_numbers(new) or _common_changed(old, new, changed):
            return None
        reach = _Reach(old, new, changed)
        return frozenset(at for at, page in enumerate(pages) if reach.meets(page))
    except LimitError:
        raise
    except StructureError:
        return None


def has_layers(view: View) -> bool:
    """Tell whether the document has optional content, which may show on a screen or in print only."""
    return "OCProperties" in view.catalog


def _common_changed(old: View, new: View, changed: frozenset[int]) -> bool:
    """Tell whether something changed that all pages share: layers, or how the form draws its fields."""
    one, two = old.catalog, new.catalog
    shared = [(one.get("OCProperties"), two.get("OCProperties"))]
    left, right = old.dictionary(one.get("AcroForm")), new.dictionary(two.get("AcroForm"))
    shared += [(left.get(key), right.get(key)) for key in _FORM_DRAWN]
    reach = _Reach(old, new, changed)
    return any(
        before != after or reach.meets_value(before) or reach.meets_value(after) for before, after in shared
    )


class _Reach:
    """Walks what pages draw; objects that lead to no changed one are remembered."""

    def __init__(self, old: View, new: View, changed: frozenset[int]) -> None:
        self._views = (old, new)
        self._changed = changed
        self._clean: set[int] = set()

    def meets(self, page: int) -> bool:
        """Tell whether a page, or what it inherits, shows anything that changed."""
        one, two = (view.dictionary(Ref(page, 0)) for view in self._views)
        keys = (one.keys() | two.keys()) - _PAGE_ASIDE
        if any(not same(one.get(key), two.get(key)) for key in keys):
            return True
        if any(self.meets_value(two.get(key)) for key in keys) or self._inherits(self._views[1], two):
            return True
        before, after = (
            [item for item in view.array(holder.get("Annots")) if _paints(view, item)]
            for view, holder in zip(self._views, (one, two), strict=True)
        )
        return not same(before, after) or any(self._meets_annotation(self._views[1], item) for item in after)

    def _meets_annotation(self, view: View, item: Value) -> bool:
        """Fields inherit from their parents how they look."""
        for _ in range(_MAX_ANCESTORS):
            if isinstance(item, Ref) and item.num in self._changed:
                return True
            holder = view.dictionary(item)
            for key, value in holder.items():
                if (
                    key not in _ANNOTATION_ASIDE
                    and not _is_signature(view, holder, key)
                    and self.meets_value(value)
                ):
                    return True
            if "Parent" not in holder:
                return False
            item = holder["Parent"]
        return True

    def _inherits(self, view: View, holder: dict[str, Any]) -> bool:
        for _ in range(_MAX_ANCESTORS):
            node = holder.get("Parent")
            if not isinstance(node, Ref):
                return False
            holder = view.dictionary(node)
            if holder.keys() & _INHERITED and node.num in self._changed:
                return True
            if any(self.meets_value(holder.get(key)) for key in _INHERITED):
                return True
        return True

    def meets_value(self, value: Value) -> bool:
        """Tell whether a value reaches a changed object."""
        seen: set[int] = set()
        pending: list[Value] = [value]
        while pending:
            item = pending.pop()
            if isinstance(item, Ref):
                if item.num in self._changed:
                    return True
                if item.num not in seen and item.num not in self._clean:
                    seen.add(item.num)
                    if len(seen) > _MAX_OBJECTS:
                        raise LimitError(message("verification.page-reaches-too-many-objects"))
                    # What did not change is the same in both views.
                    pending.append(self._views[1].get(item.num, item.gen))
            elif isinstance(item, Stream):
                pending.extend(item.dictionary.values())
            elif isinstance(item, dict | list):
                pending.extend(item.values() if isinstance(item, dict) else item)
        self._clean |= seen
        return False


def uses_layers(view: View, values: Iterable[Value]) -> bool:
    """Tell whether values reach optional content (ISO 32000-2, 8.11): a group, or what belongs to one.

    Raises:
        LimitError: They reach too much.
    """
    pending, seen = list(values), set[int]()
    while pending:
        item = pending.pop()
        if isinstance(item, Ref):
            if item.num in seen:
                continue
            seen.add(item.num)
            if len(seen) > _MAX_OBJECTS:
                raise LimitError(message("verification.page-reaches-too-many-objects"))
            item = view.get(item.num, item.gen)
        if isinstance(item, Stream):
            item = item.dictionary
        if isinstance(item, dict):
            if item.get("OC") is not None or item.get("Type") in _LAYERS:
                return True
            pending.extend(value for key, value in item.items() if key not in _UPWARD)
        elif isinstance(item, list):
            pending.extend(item)
    return False


def _paints(view: View, item: Value) -> bool:
    """Tell fields that are no place on the page, as those of timestamps, from what is drawn."""
    found = view.dictionary(item)
    edges = [view.resolve(edge) for edge in view.array(found.get("Rect"))]
    nowhere = len(edges) == 4 and edges[0] == edges[2] and edges[1] == edges[3]
    return not (nowhere and "AP" not in found and view.resolve(found.get("Subtype")) == "Widget")


def _is_signature(view: View, holder: dict[str, Any], key: str) -> bool:
    """The value of a signature field is not drawn, and refers to the whole document."""
    return key == "V" and isinstance(view.resolve(holder[key]), dict)
