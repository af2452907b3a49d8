"""Annotations: of which kinds they may come, and what those say that were there."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.pdf.pages import rectangle_of
from agreegen.verification.changes.interface import Finding, NewAnnotation, RevisionStep
from agreegen.verification.changes.schemas import NOTES

_COMMON = frozenset(
    {
        "Type", "Subtype", "Rect", "Contents", "P", "NM", "M", "F", "AP", "AS", "Border", "C", "StructParent",
        "T", "Popup", "CA", "RC", "CreationDate", "IRT", "Subj", "RT", "IT", "ExData", "BS", "BE", "IC", "RD",
        "State", "StateModel", "Name", "Open", "Parent", "L", "LE", "LL", "LLE", "LLO", "Cap", "CP", "CO",
        "Measure", "Vertices", "QuadPoints", "InkList", "Sy", "Lang", "BM", "ca",
    }
)  # fmt: skip
"""What notes have (ISO 32000-1, tables 164, 166, 170, 172 and 174 to 182); no actions, no layers."""

_OF_POPUPS = _COMMON - {"Contents", "RC", "T", "Subj"}
"""The window of a note has no words of its own (table 183): it shows those of its note."""


def check_notes(step: RevisionStep) -> Iterator[Finding]:
    """Check the annotations that were put on pages."""
    known = _widgets_of_the_form(step)
    for note in step.comparison.new_annotations:
        if note.number is None or note.number not in known:
            for reason in _check(step, note):
                yield Finding("annotations", reason)


def _widgets_of_the_form(step: RevisionStep) -> set[int | None]:
    """Return the widgets that another rule judges: those of signature fields that came or were signed.

    A field that holds a value and stood on no page may not be put on one.
    """
    known = {number for field in step.comparison.new_fields for number, _ in field.widgets}
    for field in step.comparison.fields:
        if field.kind == "Sig":
            known |= {field.number, *(widget.number for widget in field.widgets or ())}
    return known


def is_note_annotation(step: RevisionStep, note: NewAnnotation) -> bool:
    """Tell whether a new annotation is a note, not the widget of a field."""
    return bool(step.new.resolve(note.value.get("Subtype")) != "Widget")


def _check(step: RevisionStep, note: NewAnnotation) -> Iterator[Message]:
    kind, page = step.new.resolve(note.value.get("Subtype")), note.page_index + 1
    if kind == "Widget":
        if not _is_nowhere(step, note):
            yield message("verification.field-form-does-not-know-put", page=page)
        return
    if kind not in NOTES:
        yield message("verification.annotation-kind-not-permitted-put-on", kind=kind, page=page)
        return
    for key in sorted(note.value.keys() - (_OF_POPUPS if kind == "Popup" else _COMMON)):
        yield message("verification.annotation-with-put-on-page", key=key, page=page)
    if note.number is None:
        yield message("verification.annotation-put-on-page-not-object", page=page)
    elif step.old.location(note.number) is not None:
        yield message("verification.object-there-put-on-page-as", page=page)


def _is_nowhere(step: RevisionStep, note: NewAnnotation) -> bool:
    """Some programs list the invisible widgets of fields that they have not put into the form."""
    box = rectangle_of(note.value.get("Rect"), step.new)
    empty = box is not None and box[0] == box[2] and box[1] == box[3]
    return empty and step.new.resolve(note.value.get("FT")) in ("Sig", None)
