"""Every object that was there keeps what its schema does not free; a key without an entry may not change."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import Message, message
from agreegen.pdf.objects import Ref, Stream, Value
from agreegen.verification.changes.interface import Finding, Pair, RevisionStep
from agreegen.verification.changes.roles import Change, Role
from agreegen.verification.changes.schemas import SCHEMAS

_TOPICS = {
    Role.PAGE: "pages",
    Role.PAGE_TREE: "pages",
    Role.NOTE: "annotations",
    Role.FORM: "form",
    Role.FORM_RESOURCES: "form",
    Role.RESOURCES_OF_A_KIND: "form",
}
_RULED = frozenset({Role.INFORMATION})


def check_schemas(step: RevisionStep) -> Iterator[Finding]:
    """Hold every object that was compared against the schema of its role."""
    for pair in step.comparison.pairs:
        if pair.role not in _RULED:
            topic = _TOPICS.get(pair.role, "document")
            for reason in _check(step, pair):
                yield Finding(topic, reason)


def _check(step: RevisionStep, pair: Pair) -> Iterator[Message]:
    one, two = pair.old, pair.new
    if not isinstance(one, dict | None) or not isinstance(two, dict):
        if not step.equality.kept(one, two):
            yield message("verification.removed-or-replaced", label=pair.label)
        return
    schema, before = SCHEMAS[pair.role], one or {}
    for key in sorted(before.keys() | two.keys()):
        entry = schema.key(key)
        if not _may(step, entry.change, before.get(key), two.get(key), deep=entry.owns is not None):
            yield message("verification.changed-2", key=key, label=pair.label)


def _may(step: RevisionStep, change: Change, one: Value, two: Value, *, deep: bool) -> bool:
    if change is Change.RULED:
        return True
    if change is Change.FOLLOWED:
        return one is None or two is not None
    if change is Change.ADDED and one is None:
        return True
    if change is Change.FREE and (deep or not isinstance(step.new.resolve(two), dict | Stream)):
        return deep or not _refers(two)
    return step.equality.kept(one, two)


def _refers(value: Value) -> bool:
    """Where a plain value belongs, a list may hold no way to anything else."""
    return isinstance(value, list) and any(isinstance(item, Ref | list | dict) for item in value)
