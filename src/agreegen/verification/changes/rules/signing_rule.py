"""Signature fields: an empty one may be signed, a new one may come; what was signed stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.pdf.objects import Ref, Stream, Value
from agreegen.verification.changes.field_changes import was_signed
from agreegen.verification.changes.interface import FieldPair, Finding, NewField, RevisionStep, WidgetPair
from agreegen.verification.changes.painted_boxes import painted_box
from agreegen.verification.changes.roles import Role

SIGNING_KEYS = frozenset({"V", "AP", "F", "Ff", "M", "MK", "DA", "DR", "P"})
"""What signing may add to or change in a signature field that was empty."""
_NEW_FIELD_KEYS = frozenset(
    {
        "Type", "Subtype", "FT", "T", "TU", "V", "Rect", "P", "Parent", "Kids", "F", "Ff", "AP", "MK", "DA",
        "Q", "DR", "M", "Lock", "SV", "H", "BS", "Border", "StructParent", "NM", "Contents", "Lang",
    }
)  # fmt: skip
"""What a signature field and its widget have (ISO 32000-1, tables 164, 188, 220 and 232)."""
_VALUES = frozenset({"V", "RV", "I", "TI"})
_LOOKS = frozenset({"AP", "MK", "DR"})
_MAY_BE_NAMED = {"Type": "Annot", "Subtype": "Widget"}


def check_signing(step: RevisionStep) -> Iterator[Finding]:
    """Check signature fields that were there and fields that came."""
    for field in step.comparison.fields:
        if field.kind == "Sig":
            for reason in _check_known(step, field):
                yield Finding("form", reason)
    for new in step.comparison.new_fields:
        for reason in _check_new(step, new):
            yield Finding("form", reason)


def _check_known(step: RevisionStep, field: FieldPair) -> Iterator[str]:
    signing = was_signed(step, field)
    if signing:
        yield from _check_fresh(step, field.new.get("V"), field.name)
    elif not step.equality.kept(field.old.get("V"), field.new.get("V")):
        yield f"the signature of the field “{field.name}” was replaced or removed"
    free = SIGNING_KEYS if signing else frozenset[str]()
    if field.widgets is None:
        yield f"the widgets of the field “{field.name}” were changed"
        return
    yield from other_keys(step, field.old, field.new, free | {"Kids"}, field.name)
    for widget in field.widgets:
        if not widget.merged:
            yield from other_keys(step, widget.old, widget.new, free | {"Parent"}, field.name)
        if not signing and not step.equality.untouched(widget.old.get("AP"), widget.new.get("AP")):
            yield f"the appearance of the field “{field.name}” was changed"
        if signing:
            yield from check_look(step, widget.new, field.name)
            yield from check_replaced_look(step, widget, field.name)


def other_keys(
    step: RevisionStep, one: dict[str, Any], two: dict[str, Any], free: frozenset[str], name: str
) -> Iterator[str]:
    """Yield which other keys of a field were changed than those that may."""
    for key in sorted(one.keys() | two.keys()):
        named = key in _MAY_BE_NAMED and one.get(key) is None and two.get(key) == _MAY_BE_NAMED[key]
        # Looks and values that hang on a field are its own: nothing else says when they were replaced.
        deep = key in _VALUES and not isinstance(step.new.resolve(two.get(key)), dict)
        same = step.equality.untouched if deep or key in _LOOKS else step.equality.kept
        if key not in free and not named and not same(one.get(key), two.get(key)):
            yield f"/{key} of the field “{name}” was changed"


def check_look(step: RevisionStep, widget: dict[str, Any], name: str) -> Iterator[str]:
    """An appearance consists of streams, directly or by state; a signature has one, not one for the mouse."""
    appearance = step.new.resolve(widget.get("AP"))
    if appearance is None:
        return
    if not isinstance(appearance, dict) or appearance.keys() - {"N"}:
        yield f"the appearance of the field “{name}” is not one"
        return
    if not isinstance(step.new.resolve(appearance.get("N")), Stream | None):
        yield f"the appearance of the field “{name}” is not one"


def check_replaced_look(step: RevisionStep, widget: WidgetPair, name: str) -> Iterator[str]:
    """The appearance that goes is that of fields alone: nothing else can have been shown by it."""
    appearance = widget.old.get("AP")
    if step.equality.untouched(appearance, widget.new.get("AP")):
        return
    holder = step.old.dictionary(appearance)
    for item in (appearance, *holder.values()):
        if isinstance(item, Ref) and step.roles.roles(item.num) - {Role.LOOK, Role.LOOKS, Role.PRIVATE}:
            yield f"an appearance of the field “{name}” was replaced that other parts of the document use"


def _check_fresh(step: RevisionStep, holder: Value, name: str) -> Iterator[str]:
    """A signature that was in the file already may not appear in a further field."""
    if isinstance(holder, Ref) and step.old.location(holder.num) is not None:
        yield f"an earlier signature was put into the field “{name}”"


def _check_new(step: RevisionStep, new: NewField) -> Iterator[str]:
    """A field that was added has to be a signature field, its widgets as well, without actions."""
    if new.children:
        if new.value.keys() - {"T", "TU", "Kids", "Parent", "FT", "Ff"}:
            yield f"the field “{new.name}” was added, from which others would inherit"
        return
    if step.new.resolve(new.attributes.get("FT")) != "Sig":
        yield f"the field “{new.name}” was added, which is not a signature field"
        return
    signature = step.new.resolve(new.value.get("V"))
    if signature is not None and not isinstance(signature, dict):
        yield f"the value of the new field “{new.name}” is not a signature"
    yield from _check_fresh(step, new.value.get("V"), new.name)
    yield from _check_new_widgets(step, new)


def _check_new_widgets(step: RevisionStep, new: NewField) -> Iterator[str]:
    for number, widget in new.widgets:
        existed = number is not None and step.old.location(number) is not None
        if existed:
            yield f"the new field “{new.name}” uses an object that was there before"
        for holder in (new.value, widget):
            yield from _check_new_keys(step, holder, new.name)
        if number is None and painted_box(step.new, widget) is not None:
            yield f"the field “{new.name}” is visible without being an object of its own"
        yield from check_look(step, widget, new.name)


def _check_new_keys(step: RevisionStep, holder: dict[str, Any], name: str) -> Iterator[str]:
    for key in sorted(holder.keys() - _NEW_FIELD_KEYS):
        yield f"the new field “{name}” carries /{key}"
    if step.new.resolve(holder.get("FT")) not in ("Sig", None):
        yield f"a widget of the new field “{name}” is a field of another kind"
    if step.new.resolve(holder.get("Subtype")) not in ("Widget", None):
        yield f"a widget of the new field “{name}” is another annotation"
