"""Which changes of pages are permitted after signing: annotations of permitted kinds, and nothing else."""

from __future__ import annotations

from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.objects import Ref
from agreegen.pdf.pages import page_numbers
from agreegen.verification.structure.rules_look import rectangle_of, shows_text, visible_rectangle
from agreegen.verification.structure.step import Addition, Spot, Step, as_array, as_dictionary

Rectangle = tuple[float, float, float, float]
_PAGE_FREE = frozenset({"Annots", "Tabs", "LastModified", "PieceInfo", "StructParents"})
_HARMLESS_ANNOTATIONS = frozenset(
    {
        "Text", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight", "Underline",
        "Squiggly", "StrikeOut", "Stamp", "Caret", "Ink", "Popup",
    }
)  # fmt: skip
_TELLING_ANNOTATIONS = frozenset({"FreeText", "Stamp"})
_ANNOTATION_FREE = frozenset(
    {"Popup", "Contents", "M", "T", "NM", "CreationDate", "Subj", "RC", "State", "StateModel"}
)


def check_pages(step: Step) -> None:
    """Check every page whose own object or list of annotations changed."""
    pages = page_numbers(step.new)
    if pages != page_numbers(step.old):
        step.forbid("pages were added, removed or moved")
        return
    for at, number in enumerate(pages, 1):
        holder = step.old.value(number)
        annotations = holder.get("Annots") if isinstance(holder, dict) else None
        touched = number in step.changed or (isinstance(annotations, Ref) and annotations.num in step.changed)
        if touched:
            _check_page(step, number, at)
        if step.new_widgets or step.signed_widgets or step.filled_widgets:
            _note_widgets(step, number)


def _check_page(step: Step, number: int, at: int) -> None:
    ref = Ref(number, 0)
    old, new = Spot(step.old.value(number), number, (), ref), Spot(step.new.value(number), number, (), ref)
    one, two = old.value, new.value
    if not isinstance(one, dict) or not isinstance(two, dict):
        step.forbid(f"page {at} was replaced")
        return
    step.explain(new, role=True)
    step.topic = "pages"
    for key in one.keys() | two.keys():
        if key not in _PAGE_FREE and not step.equal(one.get(key), two.get(key)):
            step.forbid(f"/{key} of page {at} was changed")
    before, after = step.pair(old, new, "Annots")
    step.explain(before, after)
    _check_annotations(step, before, after, number, at)


def _check_annotations(step: Step, old: Spot, new: Spot, page: int, at: int) -> None:
    step.topic = "annotations"
    before, after = as_array(old), as_array(new)
    if old.value is not None and not isinstance(new.value, list):
        step.forbid(f"the annotations of page {at} were removed")
        return
    rest, last = list(range(len(after))), -1
    for index, item in enumerate(before):
        found = next((i for i in rest if i > last and (item == after[i] or step.equal(item, after[i]))), None)
        if found is None:
            if step.old.resolve(item) is not None:
                step.forbid(f"an annotation of page {at} was removed or moved below others")
            continue
        rest.remove(found)
        last = found
        step.down(old, index, new=False)
        step.down(new, found, new=True)
    for index in rest:
        _check_new_annotation(step, step.down(new, index, new=True), page, at)


def _check_new_annotation(step: Step, spot: Spot, page: int, at: int) -> None:
    value = as_dictionary(spot)
    known = step.new_widgets.keys() | step.signed_widgets.keys()
    if not value or (spot.ref is not None and spot.ref.num in known):
        return
    subtype = step.new.resolve(value.get("Subtype"))
    if subtype == "Widget":
        if visible_rectangle(step, value) is not None:
            step.forbid(f"a field that the form does not know was put on page {at}")
        return
    if subtype not in _HARMLESS_ANNOTATIONS or {"A", "AA", "PA", "OC"} & value.keys():
        step.forbid(f"an annotation of a kind that is not permitted (/{subtype}) was put on page {at}")
        return
    step.annotated = True
    step.explain(spot)
    corners = visible_rectangle(step, value)
    if "AP" not in value and corners is not None:
        corners = _with_outline(step, value, corners)
    if corners is not None and (subtype != "Popup" or "AP" in value):
        telling = subtype in _TELLING_ANNOTATIONS or shows_text(step, value)
        label = f"an annotation on page {at}"
        step.additions.append(Addition(page, corners, label, True, spot.source, telling))


def _with_outline(step: Step, value: dict[str, Any], corners: Rectangle) -> Rectangle:
    """Without an appearance readers draw the coordinates themselves, which may lie outside the rectangle."""
    points: list[float] = []
    for key in ("QuadPoints", "L", "Vertices", "CL"):
        points += [n for n in step.new.array(value.get(key)) if isinstance(n, int | float)]
    for line in step.new.array(value.get("InkList")):
        points += [n for n in step.new.array(line) if isinstance(n, int | float)]
    width = step.new.resolve(step.new.dictionary(value.get("BS")).get("W"))
    edge = float(width) if isinstance(width, int | float) else 1.0
    xs, ys = [corners[0], corners[2], *points[::2]], [corners[1], corners[3], *points[1::2]]
    return min(xs) - edge, min(ys) - edge, max(xs) + edge, max(ys) + edge


def _note_widgets(step: Step, page: int) -> None:
    """Find out where the fields that were added, signed or filled stand on their pages."""
    names = step.signed_widgets | step.new_widgets
    wanted = names.keys() | step.filled_widgets.keys()
    holder = step.new.value(page)
    for item in step.new.array(holder.get("Annots")) if wanted and isinstance(holder, dict) else ():
        if not isinstance(item, Ref) or item.num not in wanted:
            continue
        widget = step.new.dictionary(item)
        corners = visible_rectangle(step, widget)
        if item.num in step.filled_widgets:
            if corners is not None:
                step.overwritten.append((page, corners, step.filled_widgets[item.num]))
        elif corners is not None and _stood_empty(step, page, item.num, corners):
            step.sealed.append((page, corners, names[item.num], item.num))
        elif corners is not None:
            name = names[item.num]
            signed = any(other == name and not timestamp for other, timestamp, _ in step.signed)
            addition = Addition(page, corners, f"the field “{name}”", False, item.num, signed=signed)
            step.additions.append(addition)


def _stood_empty(step: Step, page: int, number: int, corners: tuple[float, float, float, float]) -> bool:
    """A field that stood there when the first signature was made may cover text, as seals do."""
    before = step.first.value(number) if step.first.location(number) is not None else None
    if not isinstance(before, dict) or before.get("Subtype") != "Widget":
        return False
    holder = step.first.value(page)
    listed = step.first.array(holder.get("Annots")) if isinstance(holder, dict) else []
    if not any(isinstance(item, Ref) and item.num == number for item in listed):
        return False
    known = rectangle_of(step.first.resolve(before.get("Rect")), step.first)
    return known is not None and all(abs(a - b) < 0.01 for a, b in zip(known, corners, strict=True))


def check_annotation_changes(step: Step) -> None:
    """Annotations that were there may get comments and popups, not another look."""
    for number in step.changed - step.explained:
        before, after = _safe(step.old, number), _safe(step.new, number)
        if (
            not isinstance(before, dict)
            or not isinstance(after, dict)
            or before.get("Subtype") != after.get("Subtype")
        ):
            continue
        if before.get("Subtype") not in _HARMLESS_ANNOTATIONS or "Rect" not in before:
            continue
        if before["Subtype"] in ("FreeText", "Stamp") or "AP" not in before:
            continue
        if all(
            k in _ANNOTATION_FREE or step.equal(before.get(k), after.get(k))
            for k in before.keys() | after.keys()
        ):
            step.explained.add(number)
            step.roles.add(number)
            step.annotated = True


def _safe(view: View, number: int) -> dict[str, Any] | None:
    found = view.value(number) if view.location(number) is not None else None
    return found if isinstance(found, dict) else None
