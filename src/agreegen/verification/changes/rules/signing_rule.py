"""Signature fields: an empty one may be signed, a new one may come; what was signed stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.messages import Message, message
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


def _check_known(step: RevisionStep, field: FieldPair) -> Iterator[Message]:
    signing = was_signed(step, field)
    if signing:
        yield from _check_fresh(step, field.new.get("V"), field.name)
    elif not step.equality.kept(field.old.get("V"), field.new.get("V")):
        yield message("verification.signature-field-replaced-or-removed", name=field.name)
    free = SIGNING_KEYS if signing else frozenset[str]()
    if field.widgets is None:
        yield message("verification.widgets-field-were-changed", name=field.name)
        return
    yield from other_keys(step, field.old, field.new, free | {"Kids"}, field.name)
    for widget in field.widgets:
        if not widget.merged:
            yield from other_keys(step, widget.old, widget.new, free | {"Parent"}, field.name)
        if not signing and not step.equality.untouched(widget.old.get("AP"), widget.new.get("AP")):
            yield message("verification.appearance-field-changed", name=field.name)
        if signing:
            yield from check_look(step, widget.new, field.name)
            yield from check_replaced_look(step, widget, field.name)


def other_keys(
    step: RevisionStep, one: dict[str, Any], two: dict[str, Any], free: frozenset[str], name: str
) -> Iterator[Message]:
    """Yield which other keys of a field were changed than those that may."""
    for key in sorted(one.keys() | two.keys()):
        named = key in _MAY_BE_NAMED and one.get(key) is None and two.get(key) == _MAY_BE_NAMED[key]
        # Looks and values that hang on a field are its own: nothing else says when they were replaced.
        deep = key in _VALUES and not isinstance(step.new.resolve(two.get(key)), dict)
        same = step.equality.untouched if deep or key in _LOOKS else step.equality.kept
        if key not in free and not named and not same(one.get(key), two.get(key)):
            yield message("verification.field-changed", key=key, name=name)


def check_look(step: RevisionStep, widget: dict[str, Any], name: str) -> Iterator[Message]:
    """An appearance consists of streams, directly or by state; a signature has one, not one for the mouse."""
    appearance = step.new.resolve(widget.get("AP"))
    if appearance is None:
        return
    if not isinstance(appearance, dict) or appearance.keys() - {"N"}:
        yield message("verification.appearance-field-not-one", name=name)
        return
    if not isinstance(step.new.resolve(appearance.get("N")), Stream | None):
        yield message("verification.appearance-field-not-one", name=name)


def check_replaced_look(step: RevisionStep, widget: WidgetPair, name: str) -> Iterator[Message]:
    """The appearance that goes is that of fields alone: nothing else can have been shown by it."""
    appearance = widget.old.get("AP")
    if step.equality.untouched(appearance, widget.new.get("AP")):
        return
    holder = step.old.dictionary(appearance)
    for item in (appearance, *holder.values()):
        if isinstance(item, Ref) and step.roles.roles(item.num) - {Role.LOOK, Role.LOOKS, Role.PRIVATE}:
            yield message("verification.appearance-field-replaced-other-parts-document", name=name)


def _check_fresh(step: RevisionStep, holder: Value, name: str) -> Iterator[Message]:
    """A signature that was in the file already may not appear in a further field."""
    if isinstance(holder, Ref) and step.old.location(holder.num) is not None:
        yield message("verification.earlier-signature-put-into-field", name=name)


def _check_new(step: RevisionStep, new: NewField) -> Iterator[Message]:
    """A field that was added has to be a signature field, its widgets as well, without actions."""
    if new.children:
        if new.value.keys() - {"T", "TU", "Kids", "Parent", "FT", "Ff"}:
            yield message("verification.field-added-from-others-would-inherit", name=new.name)
        return
    if step.new.resolve(new.attributes.get("FT")) != "Sig":
        yield message("verification.field-added-not-signature-field", name=new.name)
        return
    signature = step.new.resolve(new.value.get("V"))
    if signature is not None and not isinstance(signature, dict):
        yield message("verification.value-new-field-not-signature", name=new.name)
    yield from _check_fresh(step, new.value.get("V"), new.name)
    yield from _check_new_widgets(step, new)


def _check_new_widgets(step: RevisionStep, new: NewField) -> Iterator[Message]:
    for number, widget in new.widgets:
        existed = number is not None and step.old.location(number) is not None
        if existed:
            yield message("verification.new-field-uses-object-there-before", name=new.name)
        for holder in (new.value, widget):
            yield from _check_new_keys(step, holder, new.name)
        if number is None and painted_box(step.new, widget) is not None:
            yield message("verification.field-visible-without-being-object-own", name=new.name)
        yield from check_look(step, widget, new.name)


def _check_new_keys(step: RevisionStep, holder: dict[str, Any], name: str) -> Iterator[Message]:
    for key in sorted(holder.keys() - _NEW_FIELD_KEYS):
        yield message("verification.new-field-carries", name=name, key=key)
    if step.new.resolve(holder.get("FT")) not in ("Sig", None):
        yield message("verification.widget-new-field-field-another-kind", name=name)
    if step.new.resolve(holder.get("Subtype")) not in ("Widget", None):
        yield message("verification.widget-new-field-another-annotation", name=name)
