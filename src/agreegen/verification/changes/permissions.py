"""What the signatures up to a revision permit (ISO 32000-1, clauses 12.7.4.5, 12.8.2.2 and 12.8.2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agreegen.pdf.document import View
from agreegen.pdf.fields import SignatureFields, text_of
from agreegen.pdf.objects import StructureError, same

NO_CHANGES, FORM_FILLING, ANNOTATIONS = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the signatures up to a revision permit.

    Attributes:
        certified: Whether one of them certifies.
        level: The strictest DocMDP level, None where there is none.
        lock_level: The strictest level that a lock dictionary asks for.
        locked: Locks on fields: action and names.
    """

    certified: bool = False
    level: int | None = None
    lock_level: int | None = None
    locked: tuple[tuple[str, frozenset[str]], ...] = ()

    @property
    def strictest(self) -> int | None:
        """The level in force."""
        return _strictest(self.level, self.lock_level)

    def locks(self, name: str) -> bool:
        """Tell whether a field may not be filled in any more."""
        for action, names in self.locked:
            listed = any(name == one or name.startswith(one + ".") for one in names)
            if action == "All" or (action == "Include" and listed) or (action == "Exclude" and not listed):
                return True
        return False


def permissions_of(
    views: list[View], signatures: list[tuple[int, dict[str, Any]]]
) -> list[tuple[int, Permissions]]:
    """Return what each signature permits, with the index of the revision it signs.

    Args:
        views: The views of all revisions.
        signatures: Index of the revision and signature dictionary.
    """
    found: list[tuple[int, Permissions]] = []
    fields = SignatureFields()
    for revision, value in sorted(signatures, key=lambda item: item[0]):
        view = views[revision]
        level = docmdp_level(view, value)
        locks = _locks(view, value, fields)
        lock_levels = [lock_level for _, _, lock_level in locks if lock_level is not None]
        locked = tuple((action, names) for action, names, _ in locks)
        certified = level is not None and _certifies(view, value)
        own = Permissions(certified, level, min(lock_levels, default=None), locked)
        found.append((revision, own))
    return found


def in_force(own: list[tuple[int, Permissions]], index: int) -> Permissions:
    """Take the strictest of what the signatures at or before a revision permit."""
    counted = [item for revision, item in own if revision <= index]
    return Permissions(
        any(item.certified for item in counted),
        _strictest(*(item.level for item in counted)),
        _strictest(*(item.lock_level for item in counted)),
        tuple(lock for item in counted for lock in item.locked),
    )


def _strictest(*levels: int | None) -> int | None:
    return min((level for level in levels if level is not None), default=None)


def _certifies(view: View, signature: dict[str, Any]) -> bool:
    """A signature certifies if the catalogue says so (ISO 32000-1, clause 12.8.4); else it only limits."""
    try:
        named = view.resolve(view.dictionary(view.catalog.get("Perms")).get("DocMDP"))
    except StructureError:
        return True
    return isinstance(named, dict) and same(named, signature)


def _locks(
    view: View, signature: dict[str, Any], fields: SignatureFields
) -> list[tuple[str, frozenset[str], int | None]]:
    """Return the field locks of a signature: its FieldMDP transform, and its field's /Lock."""
    found: list[dict[str, Any]] = []
    try:
        for item in view.array(signature.get("Reference")):
            reference = view.dictionary(item)
            if view.resolve(reference.get("TransformMethod")) == "FieldMDP":
                found.append(view.dictionary(reference.get("TransformParams")))
        for entry in fields.of(view):
            if view.resolve(entry.value.get("V")) is signature:
                found.append(view.dictionary(entry.value.get("Lock")))
    except StructureError:
        return [("All", frozenset(), NO_CHANGES)]
    return [_read_lock(view, lock) for lock in found if lock]


def _read_lock(view: View, lock: dict[str, Any]) -> tuple[str, frozenset[str], int | None]:
    action, level = view.resolve(lock.get("Action")), view.resolve(lock.get("P"))
    names = frozenset(text_of(view.resolve(name)) for name in view.array(lock.get("Fields")))
    known = str(action) if action in ("All", "Include", "Exclude") else "All"
    return known, names, level if level in (1, 2, 3) else None


def docmdp_level(view: View, value: dict[str, Any]) -> int | None:
    """Return the permission level that a signature certifies with (ISO 32000-1, clause 12.8.2.2)."""
    try:
        for item in view.array(value.get("Reference")):
            reference = view.dictionary(item)
            if view.resolve(reference.get("TransformMethod")) == "DocMDP":
                level = view.resolve(view.dictionary(reference.get("TransformParams")).get("P"))
                return level if level in (1, 2, 3) else FORM_FILLING
    except StructureError:
        return NO_CHANGES
    return None
