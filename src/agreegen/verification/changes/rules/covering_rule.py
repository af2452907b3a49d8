"""What comes later covers nothing that a reader saw when the document was signed."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.verification.changes.field_changes import is_timestamp, permitted_places, was_signed
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.painted_boxes import has_normal_look
from agreegen.verification.changes.painted_places import PermittedPlace, PlaceKind


def check_covering(step: RevisionStep) -> Iterator[Finding]:
    """Ask of every place that is painted now what was there before."""
    for place in permitted_places(step):
        for reason in _check(step, place):
            yield Finding("covering", reason)


def _check(step: RevisionStep, place: PermittedPlace) -> Iterator[Message]:
    page, box, number = place.page_index, place.box, place.annotation
    if place.kind is PlaceKind.SIGNED_FIELD:
        # A field that stood there when the first signature was made may cover text, as seals do.
        return
    if place.kind is PlaceKind.FILLED_FIELD:
        yield from _check_filled(step, place)
        return
    label = (
        message("verification.field", field_name=place.field_name)
        if place.field_name is not None
        else message("verification.annotation-on-page", page=page + 1)
    )
    if place.kind is PlaceKind.NEW_SIGNATURE_LOOK and step.permissions.certified:
        yield message("verification.added-visibly-after-document-had-been", label=label)
    elif not _is_seal(step, place) and not step.renderings.is_clear(step.old.index, page, box, number):
        yield message("verification.covers-something-there-when-document-signed", label=label)


def _is_seal(step: RevisionStep, place: PermittedPlace) -> bool:
    """Tell whether somebody's signature shows there: seals stand over text, and pictures judge them.

    A document timestamp is nobody's, and a field without a signature has nothing to show.
    """
    if place.kind is not PlaceKind.NEW_SIGNATURE_LOOK:
        return False
    for new in step.comparison.new_fields:
        if any(number == place.annotation for number, _ in new.widgets):
            signature = step.new.resolve(new.attributes.get("V"))
            return isinstance(signature, dict) and not is_timestamp(signature)
    return any(
        was_signed(step, field) and not is_timestamp(step.new.resolve(field.new_attributes.get("V")))
        for field in step.comparison.fields
        if field.name == place.field_name
    )


def _check_filled(step: RevisionStep, place: PermittedPlace) -> Iterator[Message]:
    page, box, number = place.page_index, place.box, place.annotation
    name = place.field_name
    if step.renderings.has_text(step.first.index, page, box):
        yield message("verification.filled-over-text", name=name)
    elif step.renderings.has_picture(step.first.index, page, box):
        yield message("verification.filled-over-picture", name=name)
    elif step.renderings.meets_annotation(step.old.index, page, box, number):
        yield message("verification.filled-over-annotation", name=name)
    elif _has_no_look(step, number) and not step.renderings.is_clear(step.old.index, page, box, number):
        yield message("verification.filled-over-drawing", name=name)


def _has_no_look(step: RevisionStep, number: int) -> bool:
    """Without a look of its own each reader draws a field as it likes, background and all."""
    return not has_normal_look(step.new, step.new.dictionary(step.new.value(number)))
