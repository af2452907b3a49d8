"""What the form says for all its fields: how readers draw them, and the data of dynamic forms."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.pdf.document import View
from agreegen.pdf.fields import form_fields, text_of
from agreegen.verification.changes.interface import Finding, Pair, RevisionStep
from agreegen.verification.changes.painted_boxes import has_normal_look
from agreegen.verification.changes.roles import Role

_DATA = (b"datasets", b"form", b"localeSet")


def check_form(step: RevisionStep) -> Iterator[Finding]:
    """Check the entries of the form that work on all fields at once."""
    for pair in step.pairs_of(Role.FORM):
        for reason in (*_check_drawing(step, pair), *_check_xfa(step, pair)):
            yield Finding("form", reason)


def _check_drawing(step: RevisionStep, pair: Pair) -> Iterator[str]:
    """Nothing makes readers draw fields that they did not draw, or draw them anew from their values."""
    one, two = pair.old or {}, pair.new or {}
    before = step.old.resolve(one.get("NeedAppearances")) is True
    after = step.new.resolve(two.get("NeedAppearances")) is True
    if after and not before:
        yield "the form now asks readers to draw its fields anew"
    if before and not after and any(_has_value(step.old, value) for value in _drawn_fields(step.old)):
        yield "the form no longer asks readers to draw its fields anew"
    fonts = _names_of_fonts(step.new, two) - _names_of_fonts(step.old, one)
    if fonts and any(
        _waits_for_font(step.old, value, fonts, asked=before) for value in _drawn_fields(step.old)
    ):
        yield "a font was added to the form for which a value had waited"
    if step.equality.kept(one.get("DA"), two.get("DA")):
        return
    if one.get("DA") is not None:
        yield "the form's /DA was changed"
    elif any(_waits_for_style(step.old, value, asked=before) for value in _drawn_fields(step.old)):
        # A value that no reader could draw for want of a font would be seen.
        yield "the form's /DA was added, which lets readers draw values that they did not show"


def _drawn_fields(view: View) -> Iterator[dict[str, object]]:
    """Yield what each field that is drawn from its value has, with what it inherits, widget by widget."""
    for field in form_fields(view):
        if field.kind == "Sig":
            continue
        above: dict[str, object] = {}
        holder = field.value
        for _ in range(60):
            above = {**{key: holder[key] for key in ("V", "DA") if key in holder}, **above}
            if holder.get("Parent") is None:
                break
            holder = view.dictionary(holder.get("Parent"))
        for widget in field.widgets:
            yield {**above, **view.dictionary(widget)}


def _has_value(view: View, field: dict[str, object]) -> bool:
    return view.resolve(field.get("V")) not in (None, b"", "Off")


def _waits_for_style(view: View, field: dict[str, object], *, asked: bool) -> bool:
    if field.get("DA") is not None:
        return False
    drawn = has_normal_look(view, field) and not asked
    captions = view.dictionary(field.get("MK")).keys() & {"CA", "RC", "AC"}
    return not drawn and (_has_value(view, field) or bool(captions))


def _names_of_fonts(view: View, form: dict[str, object]) -> set[str]:
    return set(view.dictionary(view.dictionary(form.get("DR")).get("Font")))


def _waits_for_font(view: View, field: dict[str, object], fonts: set[str], *, asked: bool) -> bool:
    """A value whose font is missing is not drawn, or with another one, until the form gets that font."""
    style = view.resolve(field.get("DA", view.dictionary(view.catalog.get("AcroForm")).get("DA")))
    named = set(text_of(style).replace("/", " /").split()) if isinstance(style, bytes) else set[str]()
    waits = bool(named & {f"/{font}" for font in fonts})
    return waits and _has_value(view, field) and (asked or not has_normal_look(view, field))


def _check_xfa(step: RevisionStep, pair: Pair) -> Iterator[str]:
    """Of an XFA form only the data may change; it counts as filling in."""
    one, two = (pair.old or {}).get("XFA"), (pair.new or {}).get("XFA")
    if step.equality.untouched(one, two):
        return
    left, right = step.old.array(one), step.new.array(two)
    if not left or len(left) != len(right):
        yield "the form's /XFA was changed"
        return
    for index in range(0, len(left) - 1, 2):
        if step.equality.untouched(left[index + 1], right[index + 1]):
            continue
        if left[index] != right[index] or left[index] not in _DATA:
            yield "the form's /XFA was changed"
            return


def fills_xfa(step: RevisionStep) -> bool:
    """Tell whether the data of a dynamic form changed."""
    return any(
        not step.equality.untouched((pair.old or {}).get("XFA"), (pair.new or {}).get("XFA"))
        for pair in step.pairs_of(Role.FORM)
    )
