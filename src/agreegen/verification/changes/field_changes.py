"""What happened to a field: was it signed, filled in, drawn anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.pdf.objects import Value
from agreegen.pdf.pages import Rectangle, rectangle_of
from agreegen.verification.changes.equality import Equality
from agreegen.verification.changes.field_values import says_the_same
from agreegen.verification.changes.interface import FieldPair, RevisionStep, WidgetPair
from agreegen.verification.changes.painted_boxes import is_hidden, painted_box
from agreegen.verification.changes.painted_places import PermittedPlace, PlaceKind

VALUE_KEYS = ("V", "I", "RV", "TI")


def was_signed(step: RevisionStep, field: FieldPair) -> bool:
    """Tell whether an empty signature field got a signature."""
    if field.kind != "Sig":
        return False
    was = step.old.resolve(field.old_attributes.get("V"))
    return was is None and isinstance(step.new.resolve(field.new_attributes.get("V")), dict)


def value_changed(step: RevisionStep, field: FieldPair) -> bool:
    """Tell whether a field says something else.

    The same words written in another way are no other value; lines scrolled to, choices marked and styles of
    text (/TI, /I, /RV) go with a value and are none: else a look could say anything while the value stays.
    """
    one, two = field.old_attributes.get("V"), field.new_attributes.get("V")
    return not says_the_same(step.old, one, step.new, two)


def is_redrawn(equality: Equality, widget: WidgetPair) -> bool:
    """Tell whether a widget shows another appearance, or another of its states."""
    return any(not equality.untouched(widget.old.get(key), widget.new.get(key)) for key in ("AP", "AS"))


def was_filled(step: RevisionStep, field: FieldPair) -> bool:
    """Tell whether a field was filled in, that is, shows or holds something else than before."""
    if field.kind == "Sig":
        return False
    redrawn = any(is_redrawn(step.equality, widget) for widget in field.widgets or ())
    return value_changed(step, field) or redrawn


def is_timestamp(signature: Value) -> bool:
    """Tell whether a signature dictionary is that of a document timestamp."""
    return isinstance(signature, dict) and signature.get("SubFilter") == "ETSI.RFC3161"


def pages_of(step: RevisionStep, number: int | None) -> list[int]:
    """Return the indices of the pages that list an annotation."""
    if number is None:
        return []
    found = set[int]()
    for owner in step.roles.owners(number):
        for holder in {owner, *step.roles.owners(owner)}:
            if holder in step.pages.index_of and _lists(step, holder, number):
                found.add(step.pages.index_of[holder])
    return sorted(found)


def _lists(step: RevisionStep, page: int, number: int) -> bool:
    holder = step.new.value(page)
    listed = step.new.array(holder.get("Annots")) if isinstance(holder, dict) else []
    return any(getattr(item, "num", None) == number for item in listed)


def stood_empty(step: RevisionStep, page: int, number: int | None, box: Rectangle) -> bool:
    """Tell whether a widget stood in the same place when the first signature was made."""
    if number is None or step.first.location(number) is None:
        return False
    before = step.first.value(number)
    if not isinstance(before, dict) or before.get("Subtype") != "Widget" or is_hidden(step.first, before):
        return False
    holder = step.first.value(step.pages.pages[page].number)
    listed = step.first.array(holder.get("Annots")) if isinstance(holder, dict) else []
    known = rectangle_of(before.get("Rect"), step.first)
    same_place = known is not None and all(abs(a - b) < 0.01 for a, b in zip(known, box, strict=True))
    return same_place and any(getattr(item, "num", None) == number for item in listed)


def permitted_places(step: RevisionStep) -> list[PermittedPlace]:
    """Return where a step that no rule forbids paints."""
    found = [*_changed_fields(step), *_new_fields(step)]
    known = {place.annotation for place in found}
    for note in step.comparison.new_annotations:
        turned = step.pages.pages[note.page_index].rotate != 0
        box = painted_box(step.new, note.value, turned=turned)
        if box is not None and note.number is not None and note.number not in known:
            place = PermittedPlace(step.new.index, note.page_index, box, PlaceKind.NOTE, None, note.number)
            found.append(place)
    return found


def _changed_fields(step: RevisionStep) -> Iterator[PermittedPlace]:
    for field in step.comparison.fields:
        signed = was_signed(step, field)
        if signed or was_filled(step, field):
            kind = PlaceKind.SIGNED_FIELD if signed else PlaceKind.FILLED_FIELD
            for widget in field.widgets or ():
                yield from _places(step, widget.new, widget.number, kind, field.name)


def _new_fields(step: RevisionStep) -> Iterator[PermittedPlace]:
    for new in step.comparison.new_fields:
        for number, widget in new.widgets:
            yield from _places(step, widget, number, PlaceKind.NEW_SIGNATURE_LOOK, new.name)


def _places(
    step: RevisionStep, widget: dict[str, Any], number: int | None, kind: PlaceKind, name: str
) -> list[PermittedPlace]:
    box = painted_box(step.new, widget)
    if box is None or number is None:
        return []
    found = list[PermittedPlace]()
    for page in pages_of(step, number):
        late = kind is PlaceKind.SIGNED_FIELD and not stood_empty(step, page, number, box)
        real = PlaceKind.NEW_SIGNATURE_LOOK if late else kind
        found.append(PermittedPlace(step.new.index, page, box, real, name, number))
    return found
