"""What the signatures so far permit is all that may happen."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.verification.changes.field_changes import is_timestamp, was_filled, was_signed
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.metadata_words import new_words
from agreegen.verification.changes.permissions import ANNOTATIONS, NO_CHANGES
from agreegen.verification.changes.roles import Role
from agreegen.verification.changes.rules.form_rule import fills_xfa
from agreegen.verification.changes.rules.note_rule import is_note_annotation


def check_permissions(step: RevisionStep) -> Iterator[Finding]:
    """Hold what was signed, filled in and noted against certification and locks."""
    for reason in (*_signing(step), *_filling(step), *_noting(step), *_describing(step)):
        yield Finding("not-permitted", reason)


def _signing(step: RevisionStep) -> Iterator[Message]:
    signed = [
        (field.name, field.new_attributes.get("V"), True)
        for field in step.comparison.fields
        if was_signed(step, field)
    ]
    signed += [(new.name, new.attributes.get("V"), False) for new in step.comparison.new_fields]
    for name, value, was_there in signed:
        signature = step.new.resolve(value)
        if signature is None:
            if step.permissions.strictest == NO_CHANGES and not was_there:
                yield message("verification.field-added-although-document-permits-no", name=name)
            continue
        if step.permissions.strictest == NO_CHANGES and not is_timestamp(signature):
            yield message("verification.field-signed-although-document-permits-no", name=name)
        elif was_there and step.permissions.locks(name):
            yield message("verification.field-signed-although-signature-locks", name=name)


def _describing(step: RevisionStep) -> Iterator[Message]:
    """Level 1 permits evidence and time, no other title."""
    if step.permissions.strictest == NO_CHANGES and new_words(step.old, step.new):
        yield message("verification.document-described-anew-although-permits-no")


def _filling(step: RevisionStep) -> Iterator[Message]:
    filled = [field.name for field in step.comparison.fields if was_filled(step, field)]
    if fills_xfa(step):
        filled.append("XFA")
    for name in filled:
        if step.permissions.strictest == NO_CHANGES:
            yield message("verification.field-filled-although-document-permits-no", name=name)
        elif step.permissions.locks(name):
            yield message("verification.field-filled-although-signature-locks", name=name)


def _noting(step: RevisionStep) -> Iterator[Message]:
    level = step.permissions.strictest
    noted = any(is_note_annotation(step, note) for note in step.comparison.new_annotations)
    if (noted or step.pairs_of(Role.NOTE)) and level is not None and level < ANNOTATIONS:
        yield message("verification.annotations-were-added-although-certification-do")
