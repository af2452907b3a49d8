"""Which changes of the form are permitted after signing: signing, filling in, and nothing else."""

from __future__ import annotations

from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.fields import text_of
from agreegen.pdf.objects import Ref, Stream, Value
from agreegen.verification.structure.rules_look import visible_rectangle
from agreegen.verification.structure.step import Spot, Step, as_array, as_dictionary

_FORM_FREE = frozenset({"SigFlags"})
_FORM_RULED = frozenset({"Fields", "DR", "XFA", "NeedAppearances", "DA"})
_VALUE_KEYS = frozenset({"V", "I", "RV", "TI"})
_FILL_KEYS = _VALUE_KEYS | {"AS", "AP", "F", "Ff", "DA", "Q", "M", "MK"}
_SIGN_KEYS = frozenset({"V", "AP", "F", "Ff", "M", "MK", "DA", "DR", "P"})
_MAY_BE_NAMED = {"Type": "Annot", "Subtype": "Widget"}
_APPEARANCE_KEYS = frozenset({"N", "R", "D"})
_UNUSED_RESOURCES = frozenset({"XObject", "ProcSet"})
"""Default appearances use fonts and colours only (ISO 32000-1, 12.7.3.3); some signers replace the rest."""
_HIDING_FLAGS = 1 | 2 | 32
_PRINTED = 4
_READ_ONLY, _PUSH_BUTTON = 1, 1 << 16
_MAX_DEPTH = 60


def check_form(step: Step, old: Spot, new: Spot) -> None:
    """Check the form of the two catalogues."""
    before, after = step.pair(old, new, "AcroForm")
    one, two = as_dictionary(before), as_dictionary(after)
    if one and not two:
        step.forbid("the form was removed")
        return
    for key in one.keys() | two.keys():
        if key in _FORM_FREE or key in _FORM_RULED or step.equal(one.get(key), two.get(key)):
            continue
        step.forbid(f"the form's /{key} was changed")
    if two.get("NeedAppearances") is True and one.get("NeedAppearances") is not True:
        step.forbid("the form now asks readers to draw its fields anew")
    if "DA" in one and not step.equal(one["DA"], two.get("DA")):
        step.forbid("the form's /DA was changed")
    step.explain(before, after)
    _check_resources(step, before, after)
    _check_xfa(step, before, after)
    _check_kids(step, *step.pair(before, after, "Fields"), prefix="", kind=None, depth=0)


def _check_resources(step: Step, before: Spot, after: Spot) -> None:
    """Resources may be added to the form's, none may be replaced."""
    one, two = step.pair(before, after, "DR")
    left, right = as_dictionary(one), as_dictionary(two)
    for key in left.keys() | right.keys():
        deep_one, deep_two = step.pair(one, two, key)
        below, above = as_dictionary(deep_one), as_dictionary(deep_two)
        if not isinstance(deep_two.value, dict) or not isinstance(deep_one.value, dict | None):
            if key not in _UNUSED_RESOURCES and not step.equal(left.get(key), right.get(key)):
                step.forbid(f"the form's resources /{key} were replaced")
            continue
        for name in below:
            if key not in _UNUSED_RESOURCES and not step.equal(below[name], above.get(name)):
                step.forbid(f"the form's resource /{name} was replaced")
        step.explain(deep_one, deep_two)
    step.explain(one, two)


def _check_xfa(step: Step, before: Spot, after: Spot) -> None:
    """Of an XFA form only the data may change; it counts as filling in."""
    one, two = step.pair(before, after, "XFA")
    if step.equal(one.value, two.value) and not _changed_below(step, two):
        return
    left, right = as_array(one), as_array(two)
    if not left or len(left) != len(right):
        step.forbid("the form's /XFA was changed")
        return
    for index in range(0, len(left) - 1, 2):
        deep = step.pair(one, two, index + 1)
        if step.untouched(left[index + 1], right[index + 1]):
            continue
        if left[index] == right[index] and left[index] in (b"datasets", b"form", b"localeSet"):
            step.explain(*deep)
            step.filled.append("XFA")
        else:
            step.forbid("the form's /XFA was changed")
    step.explain(one, two)


def _changed_below(step: Step, spot: Spot) -> bool:
    return any(isinstance(item, Ref) and item.num in step.changed for item in as_array(spot))


def _check_kids(step: Step, old: Spot, new: Spot, *, prefix: str, kind: Value, depth: int) -> None:
    """Compare the fields of one level: all old ones stay in their order, new ones are signature fields."""
    if depth > _MAX_DEPTH:
        step.forbid("the form is nested too deeply")
        return
    step.explain(old, new)
    before, after = as_array(old), as_array(new)
    remaining = list(enumerate(after))
    for index, item in enumerate(before):
        at = next((i for i, other in remaining if _same_place(step, item, other)), None)
        if at is None:
            step.forbid("a field was removed from the form")
            continue
        remaining = [(i, other) for i, other in remaining if i != at]
        _check_field(
            step,
            step.down(old, index, new=False),
            step.down(new, at, new=True),
            prefix=prefix,
            kind=kind,
            depth=depth,
        )
    for index, _ in remaining:
        _check_new_field(step, step.down(new, index, new=True), prefix, depth)


def _same_place(step: Step, one: Value, two: Value) -> bool:
    if isinstance(one, Ref) or isinstance(two, Ref):
        return isinstance(one, Ref) and isinstance(two, Ref) and one == two
    return isinstance(one, dict) and isinstance(two, dict) and step.equal(one.get("T"), two.get("T"))


def _check_field(step: Step, old: Spot, new: Spot, *, prefix: str, kind: Value, depth: int) -> None:
    one, two = as_dictionary(old), as_dictionary(new)
    if not one and not two:
        return
    if not two:
        step.forbid("a field was removed from the form")
        return
    title = step.new.resolve(two.get("T"))
    name = ".".join(part for part in (prefix, text_of(title)) if part)
    kind = step.new.resolve(two.get("FT")) or kind
    step.explain(new, role=True)
    kids = as_array(Spot(step.old.resolve(one.get("Kids")), old.source, ()))
    if kids and any("T" in step.old.dictionary(kid) for kid in kids):
        _forbid_other_keys(step, one, two, frozenset({"Kids"}), name)
        _check_kids(step, *step.pair(old, new, "Kids"), prefix=name, kind=kind, depth=depth + 1)
    elif kind == "Sig":
        _check_signature_field(step, old, new, name)
    else:
        _check_filling(step, old, new, name, kind)


def _forbid_other_keys(
    step: Step, one: dict[str, Any], two: dict[str, Any], free: frozenset[str], name: str
) -> None:
    for key in one.keys() | two.keys():
        if key in _MAY_BE_NAMED and one.get(key) is None and two.get(key) == _MAY_BE_NAMED[key]:
            continue
        if key not in free and not step.equal(one.get(key), two.get(key)):
            step.forbid(f"/{key} of the field “{name}” was changed")


def _widgets(step: Step, old: Spot, new: Spot) -> list[tuple[Spot, Spot]]:
    """Return the widgets of a terminal field on both sides, the field itself where it has none."""
    if "Kids" not in as_dictionary(old) and "Kids" not in as_dictionary(new):
        return [(old, new)]
    before, after = step.pair(old, new, "Kids")
    left, right = as_array(before), as_array(after)
    step.explain(before, after)
    if not left and not right:
        # Without kids the field is its own widget, which the comparison of kids would not see.
        return [(old, new)]
    if len(left) != len(right) or any(not _same_place(step, a, b) for a, b in zip(left, right, strict=True)):
        step.forbid("the widgets of a field were changed")
        return []
    return [(step.down(before, at, new=False), step.down(after, at, new=True)) for at in range(len(left))]


def _check_signature_field(step: Step, old: Spot, new: Spot, name: str) -> None:
    one, two = as_dictionary(old), as_dictionary(new)
    was, value = step.old.resolve(one.get("V")), step.new.resolve(two.get("V"))
    signing = was is None and isinstance(value, dict)
    if not signing:
        if not step.untouched(one.get("V"), two.get("V")):
            step.forbid(f"the signature of the field “{name}” was replaced or removed")
        free = frozenset({"Kids"})
    else:
        free = _SIGN_KEYS | {"Kids"}
        step.signed.append((name, _is_timestamp(value), True))
        _check_fresh(step, two.get("V"), name)
        step.down(new, "V", new=True)
    _forbid_other_keys(step, one, two, free, name)
    for before, after in _widgets(step, old, new):
        step.explain(after, role=True)
        if after.source != new.source or after.path != new.path:
            _forbid_other_keys(step, as_dictionary(before), as_dictionary(after), free | {"Parent"}, name)
        if signing:
            _check_flags(step, before, after, name, signing=True)
            _explain_appearance(step, before, after, name)
            _note(step, step.signed_widgets, after, name)
        elif not step.untouched(as_dictionary(before).get("AP"), as_dictionary(after).get("AP")):
            step.forbid(f"the appearance of the field “{name}” was changed")


def _check_fresh(step: Step, holder: Value, name: str) -> None:
    """A signature that was in the file already may not appear in a further field."""
    if isinstance(holder, Ref) and step.old.location(holder.num) is not None:
        step.forbid(f"an earlier signature was put into the field “{name}”")


def _is_timestamp(value: dict[str, Any]) -> bool:
    return value.get("SubFilter") == "ETSI.RFC3161"


def _check_flags(step: Step, before: Spot, after: Spot, name: str, *, signing: bool) -> None:
    one, two = (
        step.old.resolve(as_dictionary(before).get("F")),
        step.new.resolve(as_dictionary(after).get("F")),
    )
    left, right = (flags if type(flags) is int else 0 for flags in (one, two))
    if not signing and ((left ^ right) & _HIDING_FLAGS or left & ~right & _PRINTED):
        step.forbid(f"the field “{name}” was hidden or shown")


def _explain_appearance(step: Step, before: Spot, after: Spot, name: str) -> None:
    """Accept new appearances: streams that stand under /AP, directly or by state."""
    for spot, late in ((before, False), (after, True)):
        appearance = step.down(spot, "AP", new=late)
        if appearance.value is None:
            continue
        if not isinstance(appearance.value, dict) or appearance.value.keys() - _APPEARANCE_KEYS:
            # What was there before and is none, no reader has drawn.
            if late:
                step.forbid(f"the appearance of the field “{name}” is not one")
            continue
        step.explain(appearance)
        for key in appearance.value:
            entry = step.down(appearance, key, new=late)
            step.explain(entry)
            if not late:
                step.replaced.update(item.ref.num for item in (appearance, entry) if item.ref is not None)
            if isinstance(entry.value, dict):
                for state in entry.value:
                    step.explain(step.down(entry, state, new=late))
    _explain_resources(step, before, after)


def _explain_resources(step: Step, before: Spot, after: Spot) -> None:
    """Accept rewritten resource dictionaries that only the appearance uses."""
    for spot, late in ((before, False), (after, True)):
        appearance = step.down(spot, "AP", new=late)
        entry = step.down(appearance, "N", new=late)
        if isinstance(entry.value, Stream):
            step.explain(step.down(entry, "Resources", new=late), step.down(entry, "Length", new=late))


def _check_filling(step: Step, old: Spot, new: Spot, name: str, kind: Value) -> None:
    one, two = as_dictionary(old), as_dictionary(new)
    value_changed = any(not step.untouched(one.get(key), two.get(key)) for key in _VALUE_KEYS)
    if isinstance(step.new.resolve(two.get("V")), dict):
        step.forbid(f"the value of the field “{name}” is not one")
    _forbid_other_keys(step, one, two, _FILL_KEYS | {"Kids"}, name)
    touched = value_changed
    for before, after in _widgets(step, old, new):
        step.explain(after, role=True)
        left, right = as_dictionary(before), as_dictionary(after)
        merged = after.source == new.source and after.path == new.path
        if not merged:
            _forbid_other_keys(step, left, right, _FILL_KEYS, name)
        _check_flags(step, before, after, name, signing=False)
        redrawn = not step.untouched(left.get("AP"), right.get("AP"))
        switched = not step.equal(left.get("AS"), right.get("AS"))
        if redrawn or switched:
            if not value_changed:
                step.forbid(f"the field “{name}” looks different although its value is the same")
            _explain_appearance(step, before, after, name)
            _note(step, step.filled_widgets, after, name)
        for key in ("DA", "Q", "MK"):
            if not value_changed and not step.equal(left.get(key), right.get(key)):
                step.forbid(f"the field “{name}” looks different although its value is the same")
        touched = touched or redrawn or switched
    step.explain(*step.pair(old, new, "V"))
    _check_read_only(step, old, new, name, filled=touched)
    if touched and kind == "Btn" and (_flags(step.old, old) or 0) & _PUSH_BUTTON:
        step.forbid(f"the button “{name}” looks different; buttons have no value to fill in")
    if touched:
        step.filled.append(name)


def _check_read_only(step: Step, old: Spot, new: Spot, name: str, *, filled: bool) -> None:
    """A field may be closed when it has been filled in; what was closed stays as it was.

    Fields that are calculated from others (ISO 32000-1, clause 12.7.2) are closed to people only.
    """
    left, right = _flags(step.old, old), _flags(step.new, new)
    if left is None or right is None or (left ^ right) & ~_READ_ONLY or left & ~right:
        step.forbid(f"/Ff of the field “{name}” was changed")
    elif filled and left & _READ_ONLY and not _is_calculated(step, old):
        step.forbid(f"the field “{name}” was filled in although it is read-only")


def _flags(view: View, field: Spot) -> int | None:
    """Return the flags of a field, inherited where it has none; None where they are no number."""
    value: Value = field.value
    for _ in range(_MAX_DEPTH):
        if not isinstance(value, dict):
            break
        found = view.resolve(value.get("Ff"))
        if found is not None:
            return found if type(found) is int else None
        value = view.resolve(value.get("Parent"))
    return 0


def _is_calculated(step: Step, field: Spot) -> bool:
    form = step.old.dictionary(step.old.catalog.get("AcroForm"))
    order = step.old.array(form.get("CO"))
    return "XFA" in form or (field.ref is not None and any(item == field.ref for item in order))


def _check_new_field(step: Step, new: Spot, prefix: str, depth: int) -> None:
    """A field that was added has to be a signature field without actions."""
    value = as_dictionary(new)
    name = ".".join(part for part in (prefix, text_of(step.new.resolve(value.get("T")))) if part)
    kids = [
        step.new.dictionary(kid)
        for kid in as_array(Spot(step.new.resolve(value.get("Kids")), new.source, ()))
    ]
    if depth < _MAX_DEPTH and kids and any("T" in kid for kid in kids) and "V" not in value:
        step.explain(new, role=True)
        _check_kids(
            step,
            Spot(None, new.source, ()),
            step.down(new, "Kids", new=True),
            prefix=name,
            kind=None,
            depth=depth + 1,
        )
        return
    if step.new.resolve(value.get("FT")) != "Sig" or any("T" in kid for kid in kids):
        step.forbid(f"the field “{name}” was added, which is not a signature field")
        return
    signature = step.new.resolve(value.get("V"))
    if isinstance(signature, dict):
        step.signed.append((name, _is_timestamp(signature), False))
        _check_fresh(step, value.get("V"), name)
        step.down(new, "V", new=True)
    step.explain(new, role=True)
    holder = step.down(new, "Kids", new=True) if kids else None
    widgets = [new] if holder is None else [step.down(holder, at, new=True) for at in range(len(kids))]
    for widget in widgets:
        if {"A", "AA"} & as_dictionary(widget).keys():
            step.forbid(f"the new field “{name}” carries an action")
        if {"R", "D"} & step.new.dictionary(as_dictionary(widget).get("AP")).keys():
            step.forbid(f"the new field “{name}” has another look for the mouse")
        step.explain(widget, role=True)
        _note(step, step.new_widgets, widget, name)


def _note(step: Step, widgets: dict[int, str], widget: Spot, name: str) -> None:
    """Remember a widget by its number, so that it is found again on its page."""
    if widget.ref is not None:
        widgets[widget.ref.num] = name
    elif visible_rectangle(step, as_dictionary(widget)) is not None:
        step.forbid(f"the field “{name}” is visible without being an object of its own")


__all__ = ["check_form"]
