"""Filling in: value and look together, only from empty to filled where the field is closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.messages import Message, message
from agreegen.pdf.objects import Stream, Value
from agreegen.verification.changes.field_changes import VALUE_KEYS, is_redrawn, value_changed, was_filled
from agreegen.verification.changes.field_values import is_nested, is_of_another_kind
from agreegen.verification.changes.interface import FieldPair, Finding, RevisionStep, WidgetPair
from agreegen.verification.changes.rules.signing_rule import check_replaced_look, other_keys

FILLING_KEYS = frozenset(VALUE_KEYS) | {"AS", "AP", "F", "Ff", "DA", "Q", "M", "MK", "BS"}
"""What filling may change in a field; /BS may only come, as some programs write out what holds anyway."""
_SHOWING_FLAGS = 1 | 2 | 8 | 16 | 32 | 256
"""Hidden, out of sight, or of its own size and turn, so that it comes to lie over other parts of the page."""
_PRINTED = 4
_READ_ONLY, _PUSH_BUTTON = 1, 1 << 16
_STYLE = ("DA", "Q", "MK", "BS")
_PLAIN_BORDER = {"Type": ("Border",), "S": ("S",), "W": (0, 1)}
_STATES = frozenset({"N", "R", "D"})
_WITH_A_VALUE = ("I", "RV", "TI")
"""What goes with a value: marked choices, styled text, the line scrolled to."""


def check_filling(step: RevisionStep) -> Iterator[Finding]:
    """Check every field of the form that is not a signature and was changed."""
    for field in step.comparison.fields:
        if field.kind != "Sig":
            for reason in _check(step, field):
                yield Finding("form", reason)


def _check(step: RevisionStep, field: FieldPair) -> Iterator[Message]:
    changed = value_changed(step, field)
    value = field.new.get("V")
    if isinstance(step.new.resolve(value), dict) or is_nested(step.new, value):
        yield message("verification.value-field-not-one", name=field.name)
    if field.widgets is None:
        yield message("verification.widgets-field-were-changed", name=field.name)
        return
    yield from other_keys(step, field.old, field.new, FILLING_KEYS | {"Kids"}, field.name)
    for widget in field.widgets:
        if not widget.merged:
            yield from other_keys(step, widget.old, widget.new, FILLING_KEYS - set(VALUE_KEYS), field.name)
        yield from _check_widget(step, field, widget, changed=changed)
    if not changed and is_of_another_kind(
        step.old, field.old_attributes.get("V"), step.new, field.new_attributes.get("V")
    ):
        yield message("verification.field-changed-although-value-same", key="V", name=field.name)
    for key in _WITH_A_VALUE:
        if not changed and not step.equality.untouched(field.old.get(key), field.new.get(key)):
            yield message("verification.field-changed-although-value-same", key=key, name=field.name)
    yield from _check_flags(step, field)


def _check_widget(
    step: RevisionStep, field: FieldPair, widget: WidgetPair, *, changed: bool
) -> Iterator[Message]:
    old, new = widget.old, widget.new
    left, right = (_number(step.old.resolve(old.get("F"))), _number(step.new.resolve(new.get("F"))))
    if (left ^ right) & _SHOWING_FLAGS or left & ~right & _PRINTED:
        yield message("verification.field-hidden-or-shown-or-size", name=field.name)
    if is_redrawn(step.equality, widget):
        if not changed:
            yield message("verification.field-looks-different-although-value-same", name=field.name)
        yield from _check_look(step, new, field.name)
        yield from check_replaced_look(step, widget, field.name)
    for key in _STYLE:
        if not changed and not step.equality.untouched(old.get(key), new.get(key)):
            yield message("verification.field-looks-different-although-value-same", name=field.name)
    if not step.equality.kept(old.get("BS"), new.get("BS")) and not _is_plain(step, old, new):
        yield message("verification.bs-field-changed", name=field.name)


def _is_plain(step: RevisionStep, old: dict[str, Any], new: dict[str, Any]) -> bool:
    """A border that says what holds anyway: solid, one point wide."""
    style = step.new.dictionary(new.get("BS"))
    plain = all(step.new.resolve(value) in _PLAIN_BORDER.get(key, ()) for key, value in style.items())
    return plain and old.get("BS") is None and old.get("Border") is None


def _check_look(step: RevisionStep, widget: dict[str, Any], name: str) -> Iterator[Message]:
    """An appearance consists of streams, directly or by state."""
    appearance = step.new.resolve(widget.get("AP"))
    if appearance is None:
        return
    if not isinstance(appearance, dict) or appearance.keys() - _STATES:
        yield message("verification.appearance-field-not-one", name=name)
        return
    for entry in appearance.values():
        found = step.new.resolve(entry)
        items = found.values() if isinstance(found, dict) else [found]
        if not all(isinstance(step.new.resolve(item), Stream | None) for item in items):
            yield message("verification.appearance-field-not-one", name=name)


def _check_flags(step: RevisionStep, field: FieldPair) -> Iterator[Message]:
    """A field may be closed when it has been filled in; a closed one only filled where it was empty.

    Signing platforms close fields to people and fill them themselves; fields that are calculated from others
    (ISO 32000-1, clause 12.7.2) are closed to people only.
    """
    left = step.old.resolve(field.old_attributes.get("Ff", 0))
    right = step.new.resolve(field.new_attributes.get("Ff", 0))
    if type(left) is not int or type(right) is not int or (left ^ right) & ~_READ_ONLY or left & ~right:
        yield message("verification.ff-field-changed", name=field.name)
        return
    if not was_filled(step, field):
        return
    if field.kind == "Btn" and left & _PUSH_BUTTON:
        yield message("verification.button-looks-different-buttons-have-no", name=field.name)
    if left & _READ_ONLY and not _is_calculated(step, field) and not _was_empty(step, field):
        yield message("verification.field-filled-although-read-only", name=field.name)


def _was_empty(step: RevisionStep, field: FieldPair) -> bool:
    return step.old.resolve(field.old_attributes.get("V")) in (None, b"", "Off", b"\xfe\xff")


def _is_calculated(step: RevisionStep, field: FieldPair) -> bool:
    form = step.old.dictionary(step.old.catalog.get("AcroForm"))
    order = step.old.array(form.get("CO"))
    return "XFA" in form or any(getattr(item, "num", None) == field.number for item in order)


def _number(value: Value) -> int:
    return value if type(value) is int else 0
