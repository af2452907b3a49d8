"""What the form says for all its fields: how readers draw them, and the data of dynamic forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.messages import Message, message
from agreegen.pdf.document import View
from agreegen.pdf.objects import Stream
from agreegen.verification.changes.interface import Finding, Pair, RevisionStep
from agreegen.verification.changes.painted_boxes import has_normal_look, with_inherited
from agreegen.verification.changes.roles import Role

_Field = dict[str, Any]
_DATA = (b"datasets", b"form", b"localeSet")


def check_form_entries(step: RevisionStep) -> Iterator[Finding]:
    """Check the entries of the form that work on all fields at once."""
    for pair in step.pairs_of(Role.FORM):
        for reason in (*_check_drawing(step, pair), *_check_xfa(step, pair)):
            yield Finding("form", reason)


def _check_drawing(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    """Nothing makes readers draw fields that they did not draw, or draw them anew from their values."""
    one, two = pair.before, pair.after
    before = step.old.resolve(one.get("NeedAppearances")) is True
    after = step.new.resolve(two.get("NeedAppearances")) is True
    if after and not before:
        yield message("verification.form-now-asks-readers-draw-fields")
    if before and not after and any(_has_value(step.old, field) for field in _drawn_fields(step)):
        yield message("verification.form-no-longer-asks-readers-draw")
    yield from _check_style(step, one, two, asked=before)


def _check_style(step: RevisionStep, one: _Field, two: _Field, *, asked: bool) -> Iterator[Message]:
    fonts = _names_of_fonts(step.new, two) - _names_of_fonts(step.old, one)
    restyled = not step.equality.kept(one.get("DA"), two.get("DA"))
    if restyled and one.get("DA") is not None:
        yield message("verification.forms-da-changed")
    elif restyled or fonts:
        yield from _check_waiting(step, one, fonts, asked=asked, restyled=restyled)


def _check_waiting(
    step: RevisionStep, form: _Field, fonts: set[str], *, asked: bool, restyled: bool
) -> Iterator[Message]:
    """A value that no reader could draw for want of a font or a style would be seen."""
    waiting = [field for field in _drawn_fields(step) if _waits(step.old, field, asked=asked)]
    if any(fonts & _fonts_of(step.old, field, form) for field in waiting):
        yield message("verification.font-added-form-for-value-had")
    if restyled and any(field.get("DA") is None for field in waiting):
        yield message("verification.forms-da-added-lets-readers-draw")


def _drawn_fields(step: RevisionStep) -> Iterator[_Field]:
    """Yield what each widget on the pages has and inherits, whether the form knows it or not.

    Signatures are not drawn from their values; free text is, with the fonts of the form.
    """
    view = step.old
    for page in step.pages.pages:
        holder = view.value(page.number)
        for item in view.array(holder.get("Annots")) if isinstance(holder, dict) else ():
            widget = view.dictionary(item)
            if view.resolve(widget.get("Subtype")) == "Widget":
                field = with_inherited(view, widget)
                if view.resolve(field.get("FT")) != "Sig":
                    yield field
            elif "DA" in widget:
                yield {**widget, "V": widget.get("Contents")}


def _has_value(view: View, field: _Field) -> bool:
    return view.resolve(field.get("V")) not in (None, b"", "Off")


def _waits(view: View, field: _Field, *, asked: bool) -> bool:
    """Tell whether a field has something to show that readers would have to draw themselves."""
    if _has_chosen_look(view, field) and not asked:
        return False
    captions = view.dictionary(field.get("MK")).keys() & {"CA", "RC", "AC"}
    return _has_value(view, field) or bool(captions)


def _has_chosen_look(view: View, field: _Field) -> bool:
    """Tell whether readers have a look to show; of several states that of a text has to be named."""
    looks = view.resolve(view.dictionary(field.get("AP")).get("N"))
    if not isinstance(looks, dict) or view.resolve(field.get("FT")) == "Btn":
        return has_normal_look(view, field)
    return isinstance(view.resolve(looks.get(str(view.resolve(field.get("AS"))))), Stream)


def _names_of_fonts(view: View, form: _Field) -> set[str]:
    return set(view.dictionary(view.dictionary(form.get("DR")).get("Font")))


def _fonts_of(view: View, field: _Field, form: _Field) -> set[str]:
    """Return the fonts that a field's style names, with all its other words."""
    style = view.resolve(field.get("DA", form.get("DA")))
    words = style.replace(b"/", b" ").split() if isinstance(style, bytes) else []
    return {word.decode("latin-1") for word in words}


def _check_xfa(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    """Of an XFA form only the data may change; it counts as filling in."""
    one, two = pair.before.get("XFA"), pair.after.get("XFA")
    if step.equality.untouched(one, two):
        return
    left, right = step.old.array(one), step.new.array(two)
    if not left or len(left) != len(right):
        yield message("verification.forms-xfa-changed")
        return
    for index in range(0, len(left) - 1, 2):
        if step.equality.untouched(left[index + 1], right[index + 1]):
            continue
        if left[index] != right[index] or left[index] not in _DATA:
            yield message("verification.forms-xfa-changed")
            return


def fills_xfa(step: RevisionStep) -> bool:
    """Tell whether the data of a dynamic form changed."""
    return any(
        not step.equality.untouched(pair.before.get("XFA"), pair.after.get("XFA"))
        for pair in step.pairs_of(Role.FORM)
    )
