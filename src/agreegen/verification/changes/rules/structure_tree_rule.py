"""The structure tree: new fields may take their place in it; what it says of the pages stays.

Trees of numbers and names are compared by key and content (ISO 32000-1, clauses 7.9.6, 7.9.7 and 14.7): some
writers copy them, with all that they list, into new objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from agreegen.messages import Message, message
from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, Stream, Value
from agreegen.verification.changes.interface import Finding, RevisionStep
from agreegen.verification.changes.roles import Role

_MAX_NODES = 200_000
_FREE_OF_ROOT = frozenset({"K", "ParentTree", "IDTree", "ParentTreeNextKey"})
_SPOKEN = frozenset({"ActualText", "E", "Alt", "Phoneme"})
"""Entries that are read in place of what an element holds (ISO 32000-2, table 355)."""
_MAX_ATTRIBUTES = 200


def check_structure_tree(step: RevisionStep) -> Iterator[Finding]:
    """Check the tree where anything in it changed."""
    for pair in step.pairs_of(Role.CATALOG):
        one, two = pair.before.get("StructTreeRoot"), pair.after.get("StructTreeRoot")
        if step.equality.untouched(one, two):
            continue
        before, after = step.old.resolve(one), step.new.resolve(two)
        if not isinstance(after, dict):
            yield Finding("reading-aids", message("verification.structure-tree-removed"))
        elif not isinstance(before, dict | None):
            yield Finding("reading-aids", message("verification.another-structure-tree-put-place"))
        else:
            for reason in _Trees(step).compare(before or {}, after):
                yield Finding("reading-aids", reason)


class _Trees:
    """One comparison of two structure trees."""

    def __init__(self, step: RevisionStep) -> None:
        self._step = step
        self._seen: set[tuple[int, int]] = set()

    def compare(self, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Message]:
        """Yield what was not only added."""
        for key in sorted((before.keys() | after.keys()) - _FREE_OF_ROOT):
            if not before and key in ("Type", "RoleMap", "ClassMap", "Namespaces"):
                continue
            if not self._step.equality.kept(before.get(key), after.get(key)):
                yield message("verification.structure-tree-changed", key=key)
        yield from self._kids(before.get("K"), after.get("K"))
        yield from self._parents(before.get("ParentTree"), after.get("ParentTree"))
        yield from self._identifiers(before.get("IDTree"), after.get("IDTree"))

    def _kids(self, one: Value, two: Value) -> Iterator[Message]:
        """Compare lists of kids, level by level: what was there stays in its order, new elements may come."""
        pending = [(one, two)]
        while pending:
            left, right = pending.pop()
            before, after = _as_list(self._step.old, left), _as_list(self._step.new, right)
            at = 0
            for item in before:
                while at < len(after) and not self._is_same_place(item, after[at]):
                    yield from self._new_kid(after[at])
                    at += 1
                if at == len(after):
                    yield message("verification.element-structure-tree-removed-or-moved")
                    return
                yield from self._element(item, after[at], pending)
                at += 1
            for item in after[at:]:
                yield from self._new_kid(item)

    def _is_same_place(self, one: Value, two: Value) -> bool:
        if isinstance(one, Ref) or isinstance(two, Ref):
            return bool(one == two)
        if isinstance(one, dict) and isinstance(two, dict):
            return self._step.equality.kept(_without_kids(one), _without_kids(two))
        return self._step.equality.kept(one, two)

    def _element(self, left: Value, right: Value, pending: list[tuple[Value, Value]]) -> Iterator[Message]:
        if isinstance(left, Ref):
            key = (left.num, right.num)
            if key in self._seen or left.num not in self._step.equality.touched:
                return
            self._seen.add(key)
            if len(self._seen) > _MAX_NODES:
                raise LimitError(message("verification.structure-tree-too-many-elements"))
        one, two = self._step.old.resolve(left), self._step.new.resolve(right)
        if not isinstance(one, dict) or not isinstance(two, dict):
            if not self._step.equality.kept(one, two):
                yield message("verification.element-structure-tree-replaced")
            return
        if not self._step.equality.kept(_without_kids(one), _without_kids(two)):
            yield message("verification.element-structure-tree-changed")
        pending.append((one.get("K"), two.get("K")))

    def _new_kid(self, item: Value) -> Iterator[Message]:
        """A new element has nothing of the page's content, which is all old, but fields and annotations."""
        pending, count = [item], 0
        while pending:
            found = self._step.new.resolve(pending.pop())
            count += 1
            if count > _MAX_NODES:
                raise LimitError(message("verification.structure-tree-too-many-elements"))
            if isinstance(found, list):
                pending.extend(found)
            elif isinstance(found, int):
                yield message("verification.new-structure-element-claims-content-on")
                return
            elif isinstance(found, dict):
                if self._step.new.resolve(found.get("Type")) == "MCR" or "MCID" in found:
                    yield message("verification.new-structure-element-claims-content-on")
                    return
                if self._speaks(found):
                    yield message("verification.new-structure-element-text-own")
                    return
                if found.get("Type") != "OBJR":
                    pending.append(found.get("K"))

    def _speaks(self, element: dict[str, Any]) -> bool:
        """Tell whether an element is read out in words of its own; a field or note may be described."""
        spoken = element.keys() & _SPOKEN
        if spoken and not (spoken == {"Alt"} and self._holds_new_objects(element.get("K"))):
            return True
        return any(self._has_text(element[key]) for key in element.keys() & {"A", "C"})

    def _holds_new_objects(self, kids: Value) -> bool:
        """Only what is new may get words: those of a field that was signed stay."""
        view = self._step.new
        found = [view.dictionary(kid) for kid in _as_list(view, kids)]
        targets = [kid.get("Obj") for kid in found if kid.get("Type") == "OBJR"]
        new = [one for one in targets if isinstance(one, Ref) and self._step.old.location(one.num) is None]
        return bool(found) and len(new) == len(found)

    def _has_text(self, attributes: Value) -> bool:
        """Attributes may hold summaries and descriptions, which are read out as well (14.8.5)."""
        view, pending, count = self._step.new, [attributes], 0
        while pending:
            found = view.resolve(pending.pop())
            count += 1
            if isinstance(found, bytes | Stream) or count > _MAX_ATTRIBUTES:
                return True
            if isinstance(found, dict | list):
                pending.extend(found.values() if isinstance(found, dict) else found)
        return False

    def _parents(self, one: Value, two: Value) -> Iterator[Message]:
        """Compare the parent trees: which element each mark of a page belongs to."""
        earlier = _Tree.of(self._step.old, one, "Nums", int)
        later = _Tree.of(self._step.new, two, "Nums", int)
        before, after = earlier.entries, later.entries
        if later.misleads(earlier):
            yield message("verification.parent-tree-no-longer-says-element")
            return
        for key, item in before.items():
            other = after.get(key)
            left, right = self._step.old.resolve(item), self._step.new.resolve(other)
            if isinstance(left, list):
                same = isinstance(right, list) and right[: len(left)] == left
            else:
                same = item == other or (item is not None and not isinstance(item, Ref) and left == right)
            if not same and left is not None:
                yield message("verification.parent-tree-no-longer-says-element")
                return
        if any(isinstance(self._step.new.resolve(after[key]), list) for key in after.keys() - before.keys()):
            # Lists are for marks in contents, which are all old; a field or a note has one element.
            yield message("verification.parent-tree-says-elements-further-marks")

    def _identifiers(self, one: Value, two: Value) -> Iterator[Message]:
        earlier = _Tree.of(self._step.old, one, "Names", bytes)
        later = _Tree.of(self._step.new, two, "Names", bytes)
        kept = self._step.equality.kept
        moved = any(not kept(item, later.entries.get(key)) for key, item in earlier.entries.items())
        if moved or later.misleads(earlier):
            yield message("verification.tree-identifiers-changed")


def _without_kids(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != "K"}


def _as_list(view: View, value: Value) -> list[Any]:
    found = view.resolve(value)
    if isinstance(found, list):
        return found
    return [] if found is None else [value]


@dataclass(frozen=True, slots=True)
class _Tree:
    """A tree of numbers or names (ISO 32000-1, clauses 7.9.6 and 7.9.7).

    Attributes:
        entries: Key to value, the first where a key stands twice.
        doubled: Keys that stand there again.
        hidden: Keys outside of the limits that the tree states above them.
        in_order: Whether each key is greater than the one before it.
    """

    entries: dict[Any, Value]
    doubled: frozenset[Any]
    hidden: frozenset[Any]
    in_order: bool

    @classmethod
    def of(cls, view: View, tree: Value, name: str, kind: type[int] | type[bytes]) -> _Tree:
        """Read a tree whose keys are of a kind and stand under a name."""
        entries: dict[Any, Value] = {}
        doubled, hidden, keys = set[Any](), set[Any](), list[Any]()
        for leaf, limits in _leaves(view, tree, name):
            for at in range(0, len(leaf) - 1, 2):
                key = view.resolve(leaf[at])
                if type(key) is not kind:
                    continue
                keys.append(key)
                if key in entries:
                    doubled.add(key)
                if not all(low <= key <= high for low, high in limits if type(low) is type(high) is kind):
                    hidden.add(key)
                entries.setdefault(key, leaf[at + 1])
        ordered = all(one < two for one, two in pairwise(keys))
        return cls(entries, frozenset(doubled), frozenset(hidden), ordered)

    def misleads(self, earlier: _Tree) -> bool:
        """Tell whether readers that search by order and limits no longer find what others find.

        Some read a whole tree, others look for a key by halves.
        """
        astray = (self.doubled - earlier.doubled) | (self.hidden - earlier.hidden)
        return bool(astray & earlier.entries.keys()) or (earlier.in_order and not self.in_order)


def _leaves(view: View, tree: Value, key: str) -> Iterator[tuple[list[Any], list[list[Any]]]]:
    """Yield the list of each node, with the limits that it and those above it state."""
    pending, seen = [(tree, list[list[Any]]())], set[int]()
    while pending:
        item, limits = pending.pop()
        if isinstance(item, Ref):
            if item.num in seen:
                continue
            seen.add(item.num)
            if len(seen) > _MAX_NODES:
                raise LimitError(message("verification.tree-names-or-numbers-too-many"))
        node = view.dictionary(item)
        own = [view.resolve(limit) for limit in view.array(node.get("Limits"))]
        limits = [*limits, own] if len(own) == 2 else limits
        yield view.array(node.get(key)), limits
        pending.extend((kid, limits) for kid in reversed(view.array(node.get("Kids"))))
