"""Which changes of the structure tree are permitted after signing (ISO 32000-1, clause 14.7): additions."""

from __future__ import annotations

from typing import Any

from agreegen.pdf.objects import Ref, Value
from agreegen.verification.structure.step import Spot, Step, as_dictionary

_MAX_NODES = 200_000
_MAX_DEPTH = 30
_STRUCTURE_KEYS = ("K", "ParentTree", "IDTree", "Kids", "Nums", "Names")
_COUNTERS = frozenset({"ParentTreeNextKey", "Limits"})


def check_structure_tree(step: Step, old: Spot, new: Spot) -> None:
    """New signature fields may take their place in the structure tree (ISO 32000-1, clause 14.7)."""
    left, right = as_dictionary(old), as_dictionary(new)
    if "StructTreeRoot" not in left and "StructTreeRoot" not in right:
        return
    root = step.new.resolve(right.get("StructTreeRoot"))
    if step.old.resolve(left.get("StructTreeRoot")) is not None and root is None:
        step.forbid("the structure tree was removed")
        return
    unexplained = any(step.old.location(number) is not None for number in step.changed - step.explained)
    if not unexplained and left.get("StructTreeRoot") == right.get("StructTreeRoot"):
        return
    if not _keeps(step, left.get("StructTreeRoot"), right.get("StructTreeRoot"), 0):
        step.forbid("another structure tree was put in place")
        return
    reached = {late: _walk_tree(step, spot, late) for spot, late in ((old, False), (new, True))}
    for number in step.changed & (reached[False].keys() | reached[True].keys()):
        before, after = reached[False].get(number), reached[True].get(number)
        if before is None:
            before = Spot(step.old.value(number), number, ())
        if before.value is None and after is not None and _claims_content(step, after.value):
            step.forbid("a new structure element claims content that was on the page")
        if after is not None and _tree_change_is_harmless(step, before.value, after.value):
            step.explained.add(number)


def _walk_tree(step: Step, catalog: Spot, late: bool) -> dict[int, Spot]:
    found: dict[int, Spot] = {}
    pending = [step.down(catalog, "StructTreeRoot", new=late)]
    while pending and len(found) < _MAX_NODES:
        spot = pending.pop()
        if spot.ref is not None:
            if spot.ref.num in found:
                continue
            found[spot.ref.num] = spot
        if isinstance(spot.value, dict):
            if spot.value.get("Type") in ("OBJR", "MCR"):
                continue
            step.down(spot, "P", new=late)
            pending.extend(step.down(spot, key, new=late) for key in _STRUCTURE_KEYS if key in spot.value)
        elif isinstance(spot.value, list):
            pending.extend(
                step.down(spot, at, new=late)
                for at, item in enumerate(spot.value)
                if not isinstance(item, int)
            )
    return found


def _tree_change_is_harmless(step: Step, before: Value, after: Value) -> bool:
    return before is None or _keeps(step, before, after, 0)


def _keeps(step: Step, before: Value, after: Value, depth: int) -> bool:
    """Tell whether all that stood somewhere still stands there in its order; more may have come."""
    if isinstance(before, Ref) and before == after:
        return True
    one, two = step.old.resolve(before), step.new.resolve(after)
    if one is None or depth > _MAX_DEPTH:
        return one is None
    if isinstance(two, list):
        rest = iter(two)
        kept = one if isinstance(one, list) else [before]
        return all(any(_is_kept(step, item, other, depth + 1) for other in rest) for item in kept)
    if isinstance(one, dict) and isinstance(two, dict):
        return _keeps_keys(step, one, two, depth)
    return step.equal(one, two)


def _is_kept(step: Step, item: Value, other: Value, depth: int) -> bool:
    """In a list another reference is another element, whatever it leads to."""
    if isinstance(item, Ref) and isinstance(other, Ref):
        return item == other
    return _keeps(step, item, other, depth)


def _keeps_keys(step: Step, one: dict[str, Any], two: dict[str, Any], depth: int) -> bool:
    for key in one.keys() | two.keys():
        if key in _COUNTERS:
            continue
        if key in _STRUCTURE_KEYS:
            if not _keeps(step, one.get(key), two.get(key), depth + 1):
                return False
        elif not step.equal(one.get(key), two.get(key)):
            return False
    return True


def _claims_content(step: Step, value: Value) -> bool:
    """A new element has nothing of the page's content, which is all old, but fields and annotations."""
    if not isinstance(value, dict) or "S" not in value:
        return False
    held = step.new.resolve(value.get("K"))
    for item in held if isinstance(held, list) else [held]:
        found = step.new.resolve(item)
        if isinstance(found, int) or (isinstance(found, dict) and found.get("Type") == "MCR"):
            return True
    return False
