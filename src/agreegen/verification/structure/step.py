"""One step from a revision to the next: what changed, and which references the rules have looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.graph import Edge
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value, same

_POINTERS = frozenset({"Parent", "P", "Data"})
"""Keys that point up or across (ISO 32000-1, tables 164, 220 and 253), where the same reference is enough."""

_MAX_PAIRS = 20_000


@dataclass(frozen=True, slots=True)
class Addition:
    """Something visible that a step puts on a page.

    Attributes:
        page: Number of the page's object.
        rectangle: Left, bottom, right, top.
        label: How to call it in a sentence.
        annotation: Whether it is an annotation other than a signature field.
        number: Its own object number.
        telling: Whether it shows text or pictures of its own, which nobody tells from the page's.
        signed: Whether it is the look of somebody's signature, which the pictures judge.
    """

    page: int
    rectangle: tuple[float, float, float, float]
    label: str
    annotation: bool
    number: int
    telling: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Spot:
    """A value and where it stands: in which object, on which path."""

    value: Value
    source: int
    path: tuple[str | int, ...]
    ref: Ref | None = None


@dataclass(slots=True)
class Step:
    """The comparison of two revisions that follow each other.

    Attributes:
        old: The view before.
        new: The view after.
        first: The view of the first signed revision.
        changed: Numbers of the objects that differ.
        reasons: Why the step is not acceptable whatever the permissions.
        topic: What the rule that looks now is about, in a word that the reports explain.
        topics: Reason to its topic.
        filled: Names of the fields whose value changed (not signatures).
        signed: Names of the fields that were signed, whether each is a timestamp, and whether it was there.
        annotated: Whether annotations were added or changed.
        additions: Visible things that were added.
        overwritten: Rectangles of filled fields: page, rectangle, name.
        sealed: Those of signed fields that stood empty when the first signature was made, with their number.
        explained: Numbers of the objects whose change a rule accepts.
        roles: Those of them that any other object may refer to, because a rule has compared them key by key.
        edges_old: By object number, the references to it in the old view that a rule has looked at.
        edges_new: The same in the new view.
        new_widgets: Object numbers of widgets of fields that were added, with the field's name.
        signed_widgets: Those of fields that were there and were signed.
        filled_widgets: Those of fields that were filled in.
        replaced: Numbers of the appearances that fields had before.
    """

    old: View
    new: View
    first: View
    changed: set[int]
    reasons: list[str] = field(default_factory=list)
    topic: str = "structure"
    topics: dict[str, str] = field(default_factory=dict)
    filled: list[str] = field(default_factory=list)
    signed: list[tuple[str, bool, bool]] = field(default_factory=list)
    annotated: bool = False
    additions: list[Addition] = field(default_factory=list)
    overwritten: list[tuple[int, tuple[float, float, float, float], str]] = field(default_factory=list)
    sealed: list[tuple[int, tuple[float, float, float, float], str, int]] = field(default_factory=list)
    explained: set[int] = field(default_factory=set)
    roles: set[int] = field(default_factory=set)
    edges_old: dict[int, set[Edge]] = field(default_factory=dict)
    edges_new: dict[int, set[Edge]] = field(default_factory=dict)
    new_widgets: dict[int, str] = field(default_factory=dict)
    signed_widgets: dict[int, str] = field(default_factory=dict)
    filled_widgets: dict[int, str] = field(default_factory=dict)
    replaced: set[int] = field(default_factory=set)

    def forbid(self, reason: str) -> None:
        """Note a reason once."""
        if reason not in self.reasons:
            self.reasons.append(reason)
            self.topics[reason] = self.topic

    def explain(self, *spots: Spot, role: bool = False) -> None:
        """Say that an object's change is accepted; `role` if any reference to it is harmless."""
        for spot in spots:
            if spot.ref is not None:
                self.explained.add(spot.ref.num)
                if role:
                    self.roles.add(spot.ref.num)

    def down(self, spot: Spot, key: str | int, *, new: bool) -> Spot:
        """Go to a child, through a reference where there is one, and remember this edge."""
        holder = spot.value.dictionary if isinstance(spot.value, Stream) else spot.value
        child: Value = None
        if isinstance(holder, dict) and isinstance(key, str):
            child = holder.get(key)
        elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
            child = holder[key]
        return self.follow(child, spot.source, (*spot.path, key), new=new)

    def follow(self, value: Value, source: int, path: tuple[str | int, ...], *, new: bool) -> Spot:
        """Resolve a value that stands at a path of an object."""
        if not isinstance(value, Ref):
            return Spot(value, source, path)
        edges = self.edges_new if new else self.edges_old
        edges.setdefault(value.num, set()).add((source, path))
        view = self.new if new else self.old
        found = view.resolve(value)
        return Spot(found, value.num, (), value)

    def pair(self, old: Spot, new: Spot, key: str | int) -> tuple[Spot, Spot]:
        """Go to the same child on both sides."""
        return self.down(old, key, new=False), self.down(new, key, new=True)

    def equal(self, one: Value, two: Value) -> bool:
        """Tell whether two values, one of each view, are the same, references followed where they differ."""
        return same(one, two) or deep_same(self.old, one, self.new, two)

    def untouched(self, one: Value, two: Value) -> bool:
        """Tell whether two values are the same, down to the last object that they reach."""
        return deep_same(self.old, one, self.new, two)


def as_dictionary(spot: Spot) -> dict[str, Any]:
    """Return the dictionary at a spot, empty where there is something else."""
    return spot.value if isinstance(spot.value, dict) else {}


def as_array(spot: Spot) -> list[Any]:
    """Return the array at a spot, empty where there is something else."""
    return spot.value if isinstance(spot.value, list) else []


def deep_same(old: View, one: Value, new: View, two: Value) -> bool:
    """Compare two values with all that hangs on them; parents and pages are compared by reference only."""
    pending, seen = [(one, two, "")], set[tuple[Value, Value]]()
    while pending:
        left, right, key = pending.pop()
        if isinstance(left, Ref) or isinstance(right, Ref):
            if key in _POINTERS and left == right:
                continue
            if isinstance(left, Ref) and isinstance(right, Ref):
                if (left, right) in seen:
                    continue
                seen.add((left, right))
                if len(seen) > _MAX_PAIRS:
                    return False
            left, right = old.resolve(left), new.resolve(right)
        if not _same_level(left, right, pending):
            return False
    return True


def _same_level(left: Value, right: Value, pending: list[tuple[Value, Value, str]]) -> bool:
    """Compare two resolved values without their children, which go onto the list."""
    if isinstance(left, Stream) and isinstance(right, Stream):
        if left.raw != right.raw:
            return False
        left, right = left.dictionary, right.dictionary
        pending.extend((left.get(k), right.get(k), k) for k in (left.keys() | right.keys()) - {"Length"})
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        pending.extend((left.get(k), right.get(k), k) for k in left.keys() | right.keys())
        return True
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        pending.extend((a, b, "") for a, b in zip(left, right, strict=True))
        return True
    return same(left, right)


def _generation(view: View, number: int) -> int | None:
    """References to another generation lead nowhere, so it is part of what an object is."""
    location = view.location(number)
    return None if location is None else location[2] if location[0] == 1 else 0


def changed_objects(old: View, new: View) -> tuple[set[int], list[str]]:
    """Return the numbers of the objects that differ between two views, and what could not be read."""
    candidates = set(new.file.revisions[new.index].entries)
    replaced = {n for n in candidates if old.location(n) != new.location(n)}
    if any(entry.kind == 2 and entry.place in replaced for entry in old.entries.values()):
        candidates |= {n for n, entry in old.entries.items() if entry.kind == 2 and entry.place in replaced}
    changed: set[int] = set()
    problems: list[str] = []
    for number in candidates:
        if old.location(number) == new.location(number):
            continue
        try:
            after = new.value(number)
        except LimitError:
            raise
        except StructureError as problem:
            problems.append(f"object {number} of a later revision cannot be read: {problem.message}")
            changed.add(number)
            continue
        try:
            before = old.value(number)
        except StructureError:
            changed.add(number)
            continue
        if _generation(old, number) != _generation(new, number) or not same(before, after):
            changed.add(number)
    return changed, problems
