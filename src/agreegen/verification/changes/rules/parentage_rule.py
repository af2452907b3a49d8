"""From whom an object inherits attributes: from the one that lists it among its kids, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

from agreegen.messages import message
from agreegen.pdf.document import View
from agreegen.pdf.objects import Ref, Value, same
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.role_map import UPWARD


def check_parents(step: RevisionStep) -> Iterator[Finding]:
    """A parent that does not list the object is found by readers that look upwards, and by no other.

    An empty signature field whose /Parent is a filled text field shows that field's value as its own in some
    readers, however the tree of fields looks.
    """
    for number in sorted(step.changed):
        if not step.roles.roles(number) & UPWARD:
            continue
        parent = _parent(step.new, number)
        if parent is None or _stood(step, number, parent):
            continue
        if not isinstance(parent, Ref) or parent.num not in step.roles.parents(number):
            yield Finding(
                "structure", message("verification.object-names-parent-does-not-list", number=number)
            )
    for new in step.comparison.new_fields:
        for own, widget in ((new.number, new.value), *new.widgets):
            if own is None and not _is_listed(step, widget):
                yield Finding(
                    "structure", message("verification.new-field-names-parent-does-not", name=new.name)
                )


def _stood(step: RevisionStep, number: int, parent: Value) -> bool:
    return step.old.location(number) is not None and same(_parent(step.old, number), parent)


def _parent(view: View, number: int) -> Value:
    value = view.value(number)
    return value.get("Parent") if isinstance(value, dict) else None


def _is_listed(step: RevisionStep, kid: dict[str, Value]) -> bool:
    """Tell whether a direct object has no parent, or one that lists it."""
    parent = kid.get("Parent")
    kids = step.new.array(step.new.dictionary(parent).get("Kids")) if isinstance(parent, Ref) else ()
    return parent is None or any(same(item, kid) for item in kids)
