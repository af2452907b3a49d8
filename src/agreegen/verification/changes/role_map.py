"""Which roles each object has, found by walking the file from its trailer, revision by revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agreegen.pdf.document import View
from agreegen.pdf.graph import TRAILER, raw_references
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value
from agreegen.verification.changes.roles import Kin, Role
from agreegen.verification.changes.schemas import NOTES, POINTS, SCHEMAS, TREE_POINTS, WITHOUT_POINTERS

_FITS = frozenset({"XYZ", "Fit", "FitH", "FitV", "FitR", "FitB", "FitBH", "FitBV"})
UPWARD = frozenset({Role.PAGE, Role.PAGE_TREE, Role.FIELD})
"""Readers that look upwards take inherited attributes from /Parent, so it has to be the owner."""
_LONG_LIST = 64
_NO_ROLES: frozenset[Role] = frozenset()
_Found = tuple[Value, Role | Kin | frozenset[Role]]
"""A value below another one, with the role it gets or, for pointers, the roles that it may point at."""


class RoleMap:
    """Roles, owners and pointers of all objects; they are only ever added to.

    An object that had a role once keeps it: a later revision cannot make it something else in two steps.
    """

    def __init__(self, view: View) -> None:
        """Walk the whole file as it stands at a view."""
        self._roles: dict[int, frozenset[Role]] = {}
        self._owners: dict[int, set[int]] = {}
        self._pointed: dict[int, set[frozenset[Role]]] = {}
        self._upward: list[tuple[int, int]] = []
        self._pending: list[tuple[int, Role, View | None]] = [(TRAILER, Role.TRAILER, None)]
        self._run(view)

    def advance(self, old: View, view: View, changed: set[int]) -> None:
        """Walk again from the objects that changed between two views."""
        self._pending = [(number, role, old) for number in changed for role in self.roles(number)]
        self._pending.append((TRAILER, Role.TRAILER, None))
        self._run(view)

    def roles(self, number: int) -> frozenset[Role]:
        """Return all roles of an object; none where nothing from the trailer leads to it."""
        return self._roles.get(number, _NO_ROLES)

    def owners(self, number: int) -> frozenset[int]:
        """Return the numbers of the objects that own an object, the trailer as -1."""
        return frozenset(self._owners.get(number, ()))

    def pointed_at(self, number: int) -> frozenset[frozenset[Role]]:
        """Return what the keys that point at an object take it for."""
        return frozenset(self._pointed.get(number, ()))

    def above(self, changed: set[int]) -> set[int]:
        """Return the objects that changed and all that own them, directly or not."""
        found, pending = set(changed), list(changed)
        while pending:
            for owner in self._owners.get(pending.pop(), ()):
                if owner not in found:
                    found.add(owner)
                    pending.append(owner)
        return found

    def _run(self, view: View) -> None:
        while True:
            while self._pending:
                self._walk_object(view, *self._pending.pop())
            self._check_upward()
            strays = [number for number in self._pointed if number not in self._roles]
            if not strays and not self._pending:
                return
            for number in strays:
                self._give(number, Role.FROZEN, TRAILER)

    def _give(self, number: int, role: Role, owner: int) -> None:
        self._owners.setdefault(number, set()).add(owner)
        known = self._roles.get(number, _NO_ROLES)
        if role not in known:
            self._roles[number] = known | {role}
            self._pending.append((number, role, None))

    def _walk_object(self, view: View, number: int, role: Role, old: View | None) -> None:
        try:
            value = view.trailer if number == TRAILER else view.value(number)
        except LimitError:
            raise
        except StructureError:
            # What cannot be parsed may still be read by others: take what looks like a reference.
            for target in raw_references(view, number):
                self._give(target, Role.FROZEN, number)
            return
        if old is not None and number != TRAILER:
            value = _grown(old.value(number), value)
        for child, below in _below(view, value, role):
            self._settle(view, child, below, number, role)

    def _settle(
        self, view: View, child: Value, below: Role | Kin | frozenset[Role], owner: int, above: Role
    ) -> None:
        if isinstance(below, frozenset):
            if isinstance(child, Ref):
                self._point(view, child, below, owner, above)
            return
        if not isinstance(child, Ref):
            return
        found = settled(view, child, below)
        if isinstance(found, Role):
            self._give(child.num, found, owner)
        elif found is not None:
            self._pointed.setdefault(child.num, set()).add(found)

    def _point(self, view: View, target: Ref, allowed: frozenset[Role], owner: int, above: Role) -> None:
        if allowed is POINTS["Parent"] and above in UPWARD:
            self._upward.append((owner, target.num))
        found = resolved(view, target)
        if isinstance(found, list):
            # The list itself may not change; what it lists is pointed at.
            self._roles[target.num] = self.roles(target.num) | {Role.FROZEN}
            targets = [item.num for item in found if isinstance(item, Ref)]
        else:
            targets = [target.num]
        for number in targets:
            self._pointed.setdefault(number, set()).add(allowed)

    def _check_upward(self) -> None:
        for number, parent in self._upward:
            if parent not in self.parents(number):
                self._give(parent, Role.FROZEN, number)
        self._upward.clear()

    def parents(self, number: int) -> set[int]:
        """Return the numbers of the objects that own an object, through indirect arrays."""
        found, pending, seen = set[int](), [number], set[int]()
        while pending:
            for owner in self._owners.get(pending.pop(), ()):
                if owner in seen:
                    continue
                seen.add(owner)
                if self.roles(owner) & {Role.FIELDS, Role.PAGE_LIST}:
                    pending.append(owner)
                else:
                    found.add(owner)
        return found


def _grown(before: Value, after: Value) -> Value:
    """Leave out of long lists what was in them before: each update may write a list of all fields again."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return _tail(before, after)
    return {key: _tail(before.get(key), value) for key, value in after.items()}


def _tail(before: Value, after: Value) -> Value:
    if not isinstance(before, list) or not isinstance(after, list) or len(before) < _LONG_LIST:
        return after
    return after[len(before) :] if after[: len(before)] == before else after


def resolved(view: View, value: Value) -> Value:
    """Resolve a value; None where it cannot be had."""
    try:
        return view.resolve(value)
    except LimitError:
        raise
    except StructureError:
        return None


def settled(view: View, value: Value, role: Role | Kin) -> Role | frozenset[Role] | None:
    """Return the role of a value within a family of roles; a set of roles where it is only a pointer."""
    if isinstance(role, Role):
        return role
    return _FAMILIES[role](view, resolved(view, value))


def _page_or_node(_view: View, value: Value) -> Role:
    """Some readers go by /Type, others by /Kids: where they would differ, nothing may change."""
    if not isinstance(value, dict):
        return Role.FROZEN
    kind = value.get("Type")
    if isinstance(value.get("Kids"), list | Ref) and kind in ("Pages", None) and "Contents" not in value:
        return Role.PAGE_TREE
    return Role.PAGE if "Kids" not in value and kind in ("Page", None) else Role.FROZEN


def _annotation(view: View, value: Value) -> Role:
    if not isinstance(value, dict):
        return Role.FROZEN
    kind = resolved(view, value.get("Subtype"))
    if kind == "Widget":
        return Role.FIELD
    return Role.NOTE if kind in NOTES else Role.FROZEN


def _structure(view: View, value: Value) -> Role | None:
    if isinstance(value, list):
        return Role.STRUCTURE_KIDS
    if not isinstance(value, dict):
        return Role.FROZEN if value is not None else None
    kind = resolved(view, value.get("Type"))
    return Role.STRUCTURE_REFERENCE if kind in ("OBJR", "MCR") else Role.STRUCTURE_ELEMENT


def _value(_view: View, value: Value) -> Role:
    return Role.FROZEN if isinstance(value, dict) else Role.VALUE


def _additional(_view: View, value: Value) -> Role | None:
    return Role.FROZEN if isinstance(value, Stream) else None


def _parents(_view: View, value: Value) -> Role | frozenset[Role]:
    return Role.PARENT_LIST if isinstance(value, list) else TREE_POINTS


_FAMILIES: dict[Kin, Callable[[View, Value], Role | frozenset[Role] | None]] = {
    Kin.PAGES: _page_or_node,
    Kin.ANNOTATION: _annotation,
    Kin.STRUCTURE: _structure,
    Kin.PARENTS: _parents,
    Kin.VALUE: _value,
    Kin.ADDITIONAL: _additional,
}


def _below(view: View, value: Value, role: Role) -> Iterator[_Found]:
    """Yield the references in a value of a role, with the role each gets."""
    pending: list[tuple[Value, Role | Kin | frozenset[Role]]] = [(value, role)]
    while pending:
        item, kind = pending.pop()
        if isinstance(item, Ref):
            yield item, kind
            continue
        if not isinstance(item, dict | list | Stream):
            continue
        if isinstance(kind, Kin):
            kind = settled(view, item, kind) or Role.FROZEN
        if isinstance(item, Stream):
            item = item.dictionary
        pending.extend(_keys(item, kind) if isinstance(item, dict) else _items(item, kind))


def _keys(value: dict[str, Value], kind: Role | frozenset[Role]) -> Iterator[_Found]:
    """A dictionary where only pointers belong is not one: what it holds is frozen."""
    schema = SCHEMAS[kind if isinstance(kind, Role) else Role.FROZEN]
    for name, child in value.items():
        if not isinstance(child, Ref | dict | list | Stream):
            continue
        entry = schema.key(name)
        if entry.owns is None or (
            name in POINTS and name not in schema.keys and kind not in WITHOUT_POINTERS
        ):
            yield child, POINTS.get(name, TREE_POINTS)
        else:
            yield child, entry.owns


def _items(items: list[Value], kind: Role | frozenset[Role]) -> Iterator[_Found]:
    if isinstance(kind, frozenset):
        below: Role | Kin | frozenset[Role] = kind
    elif kind is Role.FROZEN and len(items) > 1 and isinstance(items[1], str) and items[1] in _FITS:
        below = POINTS["Dest"]
    else:
        # A single value where a list of its kind may stand.
        found = SCHEMAS[kind].items
        below = TREE_POINTS if kind is Role.PARENT_LIST else kind if found is None else found
    return ((item, below) for item in items if isinstance(item, Ref | dict | list))
