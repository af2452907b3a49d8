"""What a look draws with ends all that it begins, and nothing else.

A `Q` too many undoes the clip and the matrix by which a reader had put the look into its place: pdf.js then
lets a field of one line paint over the whole page. What is begun and not ended, a hidden layer or a clip, may
reach into what is drawn next (ISO 32000-1, clauses 8.4.2, 8.5.4 and 14.6.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agreegen.messages import message
from agreegen.pdf.content import leaves_all_as_it_was
from agreegen.pdf.document import View
from agreegen.pdf.fields import form_fields
from agreegen.pdf.filters import is_drawn_alike, is_unpacked_alike
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.painted_boxes import looks_of
from agreegen.verification.changes.roles import Role

_UPWARD = frozenset({"P", "Parent"})
_WAITING = frozenset({"R", "D"})
_MOST_VALUES = 100_000


def check_contents(step: RevisionStep) -> Iterator[Finding]:
    """Read every look that came or was chosen, and all that it draws with."""
    for number in sorted(step.changed):
        value = step.new.value(number)
        if isinstance(value, dict) and "AP" in value:
            looks = list(looks_of(step.new, value))
        elif isinstance(value, Stream) and Role.LOOK in step.roles.roles(number) and _draws(step.new, value):
            looks = [value]
        else:
            continue
        if not all(_is_closed(step.new, content) for look in looks for content in _contents(step.new, look)):
            yield Finding("covering", message("verification.look-undoes-what-it-did-not", number=number))


def find_open_look(view: View) -> int | None:
    """Return the object number of a field of the form whose look leaves something open; None without one.

    A look that waits for the mouse is open as well: what the page shows is not all that there is.

    Args:
        view: A revision that nobody signed before, so that no rule compares it with anything.

    Raises:
        StructureError: The form cannot be read.
        LimitError: A look is made of too much.
    """
    for field in form_fields(view):
        for widget in (field.value, *map(view.dictionary, field.widgets)):
            if view.dictionary(widget.get("AP")).keys() & _WAITING or not _all_closed(view, widget):
                return field.ref.num if field.ref is not None else 0
    return None


def _all_closed(view: View, annotation: dict[str, Any]) -> bool:
    looks = looks_of(view, annotation)
    return all(_is_closed(view, content) for look in looks for content in _contents(view, look))


def _is_closed(view: View, stream: Stream) -> bool:
    if _is_picture(view, stream):
        return is_drawn_alike(stream.dictionary)
    try:
        packed = view.resolved_filters(stream)
        return is_unpacked_alike(packed.dictionary) and leaves_all_as_it_was(view.file.expand(packed))
    except LimitError:
        raise
    except StructureError:
        return False


def _contents(view: View, look: Stream) -> Iterator[Stream]:
    """Yield a look and all forms, patterns, pictures and drawn glyphs that it reaches."""
    yield look
    seen, count = set[int](), 0
    pending: list[tuple[Value, bool]] = [(look.dictionary.get("Resources"), False)]
    while pending:
        item, is_glyph = pending.pop()
        count += 1
        if count > _MOST_VALUES:
            raise LimitError(message("verification.look-draws-with-too-much"))
        if isinstance(item, Ref):
            if item.num in seen:
                continue
            seen.add(item.num)
            item = view.resolve(item)
        if isinstance(item, Stream) and (is_glyph or _draws(view, item) or _is_picture(view, item)):
            yield item
        pending += _parts(item, are_glyphs=is_glyph)


def _parts(item: Value, *, are_glyphs: bool) -> list[tuple[Value, bool]]:
    """Return what stands in a value, and whether each is a drawn glyph or the dictionary of those."""
    if isinstance(item, Stream):
        item, are_glyphs = item.dictionary, False
    if isinstance(item, dict):
        return [
            (child, are_glyphs or key == "CharProcs") for key, child in item.items() if key not in _UPWARD
        ]
    return [(child, False) for child in item] if isinstance(item, list) else []


def _is_picture(view: View, stream: Stream) -> bool:
    return bool(view.resolve(stream.dictionary.get("Subtype")) == "Image")


def _draws(view: View, stream: Stream) -> bool:
    """Tell whether a stream is a form or a tiling pattern; shadings, which have a box, too, hold numbers."""
    entries = stream.dictionary
    if view.resolve(entries.get("Subtype")) == "Form":
        return True
    return bool(entries.keys() & {"BBox", "PatternType"}) and "ShadingType" not in entries
