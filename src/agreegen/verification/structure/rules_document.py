"""Which changes of the trailer, the catalogue and what hangs on it are permitted after signing."""

from __future__ import annotations

from typing import Any

from agreegen.pdf.objects import Ref, Stream, Value
from agreegen.verification.structure.step import Spot, Step, as_array, as_dictionary

_TRAILER_FREE = frozenset(
    {"Size", "Prev", "XRefStm", "ID", "Length", "Filter", "DecodeParms", "W", "Index", "Type", "Info", "Root"}
)
_CATALOG_RULED = frozenset(
    {"AcroForm", "DSS", "Extensions", "Metadata", "Perms", "StructTreeRoot", "Version", "Names"}
)
_CATALOG_FREE = frozenset({"PieceInfo", "LastModified"})
_MAX_NODES = 200_000


def check_trailer(step: Step) -> tuple[Spot, Spot]:
    """Check the trailer and return the two catalogues."""
    old, new = step.old.trailer, step.new.trailer
    for key in old.keys() | new.keys():
        if key in _TRAILER_FREE or step.equal(old.get(key), new.get(key)):
            continue
        if key == "AdditionalStreams" and not _reaches_stream(step, new.get(key)):
            continue
        if key != "Encrypt" and not isinstance(new.get(key), Ref | dict | list):
            continue
        step.forbid(f"the trailer's /{key} was changed")
    if old.get("Root") != new.get("Root"):
        step.forbid("another document catalogue was put in place")
    info = [
        step.follow(view.get("Info"), -1, ("Info",), new=late) for view, late in ((old, False), (new, True))
    ]
    if isinstance(info[1].value, dict | None):
        step.explain(*info)
    return (
        step.follow(old.get("Root"), -1, ("Root",), new=False),
        step.follow(new.get("Root"), -1, ("Root",), new=True),
    )


def _reaches_stream(step: Step, value: Value) -> bool:
    """Some writers leave a dangling reference here; a stream would be a second document."""
    items = value if isinstance(value, list) else [value]
    found = [step.new.resolve(item) for item in items]
    return any(isinstance(item, Stream) and item.dictionary.get("Type") != "XRef" for item in found)


def check_catalog(step: Step, old: Spot, new: Spot) -> None:
    """Check the catalogue key by key, except for the form and the pages' contents."""
    if not isinstance(new.value, dict) or not isinstance(old.value, dict):
        step.forbid("the document catalogue is missing")
        return
    step.explain(new, role=True)
    for key in old.value.keys() | new.value.keys():
        if (
            key in _CATALOG_RULED
            or key in _CATALOG_FREE
            or step.equal(old.value.get(key), new.value.get(key))
        ):
            continue
        step.forbid(f"the catalogue's /{key} was changed")
    _check_store(step, old, new)
    _check_metadata(step, old, new)
    _check_permissions(step, old, new)
    _check_names(step, old, new)


def _check_store(step: Step, old: Spot, new: Spot) -> None:
    """Security store and list of extensions may be rewritten: they are not part of what a reader sees."""
    for spot, late in ((old, False), (new, True)):
        pending, seen = [step.down(spot, key, new=late) for key in ("DSS", "Extensions")], set[int]()
        while pending:
            item = pending.pop()
            if item.ref is not None:
                if item.ref.num in seen or len(seen) > _MAX_NODES:
                    continue
                seen.add(item.ref.num)
                step.explain(item)
            for key in _keys(item.value):
                if key not in ("Parent", "P"):
                    pending.append(step.down(item, key, new=late))


def _keys(value: Value) -> list[Any]:
    if isinstance(value, Stream):
        return list(value.dictionary)
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


def _check_metadata(step: Step, old: Spot, new: Spot) -> None:
    pair = step.pair(old, new, "Metadata")
    if isinstance(pair[1].value, Stream | None):
        step.explain(*pair)
    else:
        step.forbid("the catalogue's /Metadata is no longer a stream")


def _check_permissions(step: Step, old: Spot, new: Spot) -> None:
    before, after = step.pair(old, new, "Perms")
    one, two = as_dictionary(before), as_dictionary(after)
    for key in one.keys() | two.keys():
        if step.equal(one.get(key), two.get(key)):
            continue
        if key == "UR3" and key not in two:
            continue
        if key == "DocMDP" and key not in one and _is_new_signature(step, two[key]):
            step.down(after, key, new=True)
            continue
        step.forbid(f"the permissions' /{key} was changed")
    step.explain(before, after)


def _is_new_signature(step: Step, holder: Value) -> bool:
    """Only a signature that is made now may certify: nothing turns an earlier one into a certification."""
    fresh = isinstance(holder, Ref) and step.old.location(holder.num) is None
    return fresh and isinstance(step.new.resolve(holder), dict)


def _check_names(step: Step, old: Spot, new: Spot) -> None:
    before, after = step.pair(old, new, "Names")
    one, two = as_dictionary(before), as_dictionary(after)
    for key in one.keys() | two.keys():
        # /AP holds named appearances, which only scripts put on a page.
        if key == "AP" and key not in one:
            continue
        if not step.equal(one.get(key), two.get(key)):
            step.forbid(f"the name dictionary's /{key} was changed")
    step.explain(before, after)


def check_deletions(step: Step) -> None:
    """A freed object is harmless where nothing refers to it any more; the edge check sees to that."""
    for number in step.changed:
        if step.new.location(number) is None:
            step.explained.add(number)


__all__ = ["as_array", "check_catalog", "check_deletions", "check_trailer"]
