"""Every object has one role: what is two things, or none, may not change.

The walk compares by paths, as one reader finds its way. Another reader may take another path, so the objects
themselves are looked at, too: whatever changed has to be reached by roles that may change, and by no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

from agreegen.messages import Message, message
from agreegen.pdf.objects import LimitError, Stream, StructureError
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.roles import Role

_COMPARED = frozenset(
    {
        Role.CATALOG, Role.PAGE_TREE, Role.PAGE, Role.ANNOTATIONS, Role.NOTE, Role.FORM, Role.FIELDS,
        Role.FIELD, Role.FORM_RESOURCES, Role.RESOURCES_OF_A_KIND, Role.NAMES, Role.PAGE_LIST,
    }
)  # fmt: skip
"""Roles whose objects the walk compares one by one; the others are judged as a whole by their rules."""
_OF_FIELDS = frozenset({Role.LOOK, Role.LOOKS, Role.VALUE})
"""Roles that the rules on fields judge with the field that owns them."""
_BESIDE_FIELDS = frozenset(
    {Role.FORM, Role.FORM_RESOURCES, Role.CATALOG, Role.FIELDS, Role.RESOURCES_OF_A_KIND}
)
"""What else may own such an object: the form with its resources and its XFA data."""
_MAY_DANGLE = frozenset(
    {Role.STORE_STREAM, Role.STORE_LIST, Role.STORE_ENTRY, Role.PRIVATE, Role.INFORMATION}
)
"""References without an object that some writers leave, and fill later."""


def check_objects(step: RevisionStep) -> Iterator[Finding]:
    """Look at every object that differs."""
    for number in sorted(step.changed):
        check = _defined if step.old.location(number) is None else _redefined
        reason = check(step, number)
        if reason is not None:
            yield Finding("content", reason)


def _defined(step: RevisionStep, number: int) -> Message | None:
    roles = step.roles_before.get(number, frozenset())
    if (roles and not roles <= _MAY_DANGLE) or (number in step.pointed_before and not roles):
        return message("verification.object-defined-signed-revision-refers-but", number=number)
    return None


def _redefined(step: RevisionStep, number: int) -> Message | None:
    # What nobody reads takes no part: private data often name the pages that they were made from.
    roles = step.roles.roles(number)
    roles = roles - {Role.PRIVATE} or roles
    if not roles:
        freed = step.new.location(number) is None
        harmless = (freed or _is_bookkeeping(step, number)) and not step.roles.pointed_at(number)
        return (
            None
            if harmless
            else message("verification.object-redefined-no-permitted-change-explains", number=number)
        )
    if roles & {Role.FROZEN, Role.NAMED}:
        return message("verification.object-redefined-may-not-change", number=number)
    if len(roles) > 1:
        names = reduce(_joined, sorted(map(_words, roles), key=str))
        return message("verification.object-redefined-at-once", number=number, names=names)
    (role,) = roles
    return _misused(step, number, role)


def _misused(step: RevisionStep, number: int, role: Role) -> Message | None:
    if any(role not in allowed for allowed in step.roles.pointed_at(number)):
        return message("verification.object-redefined-although-other-parts-document", number=number)
    compared = number in step.comparison.compared or step.new.location(number) is None
    if role in _COMPARED and not compared:
        return message(
            "verification.object-redefined-where-nothing-compares", number=number, value=_words(role)
        )
    if role in _OF_FIELDS and not _belongs_to_compared(step, number):
        return message(
            "verification.object-redefined-whose-field-form-does", number=number, value=_words(role)
        )
    return None


def _belongs_to_compared(step: RevisionStep, number: int) -> bool:
    """Tell whether only fields that were compared, and the form, own a look or a value.

    A widget that stands on a page and in no form is compared by nobody, and so is what hangs on it.
    """
    pending, seen = [number], {number}
    while pending:
        for owner in step.roles.owners(pending.pop()):
            roles = step.roles.roles(owner) - {Role.PRIVATE}
            if roles <= _OF_FIELDS:
                pending += [] if owner in seen else [owner]
                seen.add(owner)
            elif not (
                roles <= _BESIDE_FIELDS or (roles == {Role.FIELD} and owner in step.comparison.compared)
            ):
                return False
    return True


def _words(role: Role) -> Message:
    return message(f"verification.role.{role.name.lower()}")


def _joined(first: Message, rest: Message) -> Message:
    return message("verification.roles", first=first, rest=rest)


def _is_bookkeeping(step: RevisionStep, number: int) -> bool:
    try:
        value = step.old.value(number)
    except LimitError:
        raise
    except StructureError:
        return False
    return isinstance(value, Stream) and value.dictionary.get("Type") in ("XRef", "ObjStm")
