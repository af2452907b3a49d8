"""Updates of which no page shows anything: the store of evidence grew, or a blank field was signed.

What a renderer draws follows from the objects that it reaches from the trailer. So where both files have the
canonical form throughout, in which every reader finds and reads the same objects, and each object that the
update wrote is either of a kind that nobody draws, or says what it said, key by key, but for a list at whose
end fields without place and ink were put, then it draws the same pages. Whatever else an update holds, or
might hold by another reading, has to be drawn: nothing here says that it is wrong.
"""

from __future__ import annotations

from typing import Any

from agreegen.pdf.objects import Ref, Stream, StructureError, Value
from agreegen.verification.changes.interface import RevisionStep
from agreegen.verification.changes.roles import Role

_NEVER_DRAWN = frozenset(
    {
        Role.STORE, Role.STORE_LIST, Role.STORE_INDEX, Role.STORE_ENTRY, Role.STORE_STREAM,
        Role.INFORMATION, Role.METADATA, Role.EXTENSIONS,
    }
)  # fmt: skip
_HANGS_ON_FIELDS = frozenset({Role.FROZEN, Role.LOOK, Role.LOOKS})
"""What a field that came may bring along: its signature, and a look without ink."""
_TRAILER_KEYS = frozenset(
    {
        "Size", "Prev", "ID", "Info", "Length", "Filter", "DecodeParms", "W", "Index", "Type",
        "AdditionalStreams", "DocChecksum",
    }
)  # fmt: skip
_MAY_DIFFER = {
    Role.TRAILER: _TRAILER_KEYS,
    Role.CATALOG: frozenset({"DSS", "Extensions", "Metadata"}),
    Role.FORM: frozenset({"SigFlags"}),
    Role.PAGE_TREE: frozenset({"ITXT"}),
    Role.PAGE: frozenset[str](),
}
_MAY_GROW = {Role.FORM: "Fields", Role.PAGE: "Annots"}
_LISTS_OF = {
    Role.FIELDS: frozenset({Role.FORM, Role.CATALOG}),
    Role.ANNOTATIONS: frozenset({Role.PAGE}),
}
_FIELD_KEYS = frozenset(
    {"Type", "Subtype", "FT", "T", "V", "Rect", "P", "F", "Ff", "AP", "DR", "Lock", "M", "NM", "TU"}
)
_LOOK_KEYS = frozenset(
    {"Type", "Subtype", "FormType", "BBox", "Matrix", "Resources", "Length", "Filter", "DecodeParms"}
)


def shows_nothing(step: RevisionStep) -> bool:
    """Tell whether an update that the rules found nothing against changes nothing that is drawn.

    1. The trailer names the same catalogue, and no other key of it that is drawn changed.
    2. Every object that the update wrote, whether it says something new or not, is of a kind that is never
       drawn; or a catalogue, form, page or list that grew only by fields without place and ink; or hangs on
       such a field.
    3. An object that came has a number that nothing waited for.

    The caller still owes that the file is canonical throughout, and that both parsers read it alike.
    """
    try:
        return _Update(step).shows_nothing()
    except StructureError:
        return False


class _Update:
    def __init__(self, step: RevisionStep) -> None:
        self._step = step
        self._old, self._new = step.old, step.new
        self._entries = step.new.file.revisions[step.new.index].entries

    def shows_nothing(self) -> bool:
        one, two = self._old.trailer, self._new.trailer
        return (
            self._step.changed <= self._entries.keys()
            and self._is_kept(Role.TRAILER, one, two)
            and all(map(self._is_unseen, self._entries))
        )

    def _is_unseen(self, number: int) -> bool:
        if not self._entries[number].kind:
            return number == 0
        roles = self._step.roles.roles(number)
        if not roles:
            return self._is_fresh(number) and _is_bookkeeping(self._new.value(number))
        if roles <= _NEVER_DRAWN:
            return not self._step.roles.pointed_at(number)
        if self._is_fresh(number):
            return roles <= _HANGS_ON_FIELDS or self._is_blank_field(Ref(number, 0))
        return len(roles) == 1 and self._is_grown(number, *roles)

    def _is_fresh(self, number: int) -> bool:
        """Tell whether an object came under a number that nothing referred to, by no path."""
        step = self._step
        return (
            number in step.changed
            and self._old.location(number) is None
            and not step.roles_before.get(number)
            and number not in step.pointed_before
            and not step.roles.pointed_at(number)
        )

    def _is_grown(self, number: int, role: Role) -> bool:
        """Tell whether an object says what it said, but for what nobody draws."""
        one, two = self._old.value(number), self._new.value(number)
        if role not in _LISTS_OF:
            return role in _MAY_DIFFER and self._is_kept(role, one, two)
        # Kids of a field are such a list, too, and another matter.
        owners = map(self._step.roles.roles, self._step.roles.owners(number))
        return all(roles <= _LISTS_OF[role] for roles in owners) and self._is_longer(one, two)

    def _is_kept(self, role: Role, one: Value, two: Value) -> bool:
        if not isinstance(one, dict) or not isinstance(two, dict):
            return False
        for key in (one.keys() | two.keys()) - _MAY_DIFFER[role]:
            before, after = one.get(key), two.get(key)
            if _is_identical(before, after):
                continue
            form = role is Role.CATALOG and key == "AcroForm"
            if not (
                (form and self._is_kept(Role.FORM, before, after))
                or (key == _MAY_GROW.get(role) and self._is_longer(before, after))
            ):
                return False
        return True

    def _is_longer(self, one: Value, two: Value) -> bool:
        before = [] if one is None else one
        if not isinstance(before, list) or not isinstance(two, list):
            return False
        kept, added = two[: len(before)], two[len(before) :]
        return _is_identical(before, kept) and all(map(self._is_blank_field, added))

    def _is_blank_field(self, item: Value) -> bool:
        """Tell whether it is a signature field that came, without place, ink, style and family."""
        if not isinstance(item, Ref) or item.gen or self._step.roles.roles(item.num) != {Role.FIELD}:
            return False
        value = self._new.value(item.num)
        return (
            self._is_fresh(item.num)
            and isinstance(value, dict)
            and not value.keys() - _FIELD_KEYS
            and (value.get("FT"), value.get("Subtype")) == ("Sig", "Widget")
            and value.get("Type") in (None, "Annot")
            and _is_nowhere(value.get("Rect"))
            and self._is_page(value.get("P"))
            and self._brings_nothing(value.get("DR"))
            and self._is_without_ink(value.get("AP"))
        )

    def _is_page(self, value: Value) -> bool:
        return value is None or (isinstance(value, Ref) and self._step.roles.roles(value.num) == {Role.PAGE})

    def _is_without_ink(self, value: Value) -> bool:
        looks = self._new.resolve(value)
        if looks is None:
            return True
        if not isinstance(looks, dict) or looks.keys() != {"N"}:
            return False
        look = self._new.resolve(looks["N"])
        if not isinstance(look, Stream) or look.dictionary.keys() - _LOOK_KEYS:
            return False
        content = self._new.file.expand(self._new.resolved_filters(look))
        return not content.strip(b"\t\n\r ") and self._brings_nothing(look.dictionary.get("Resources"))

    def _brings_nothing(self, resources: Value) -> bool:
        """Renderers keep fonts by what they look like, so that one that is not used may stand for another."""
        found = self._new.resolve(resources)
        return found is None or (isinstance(found, dict) and found.keys() <= {"ProcSet"})


def _is_identical(one: Value, two: Value) -> bool:
    """Tell whether two values are the same to the last digit, references included."""
    if type(one) is not type(two) or isinstance(one, Stream):
        return False
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(_is_identical(one[key], two[key]) for key in one)
    if isinstance(one, list):
        if one == two and {Ref}.issuperset(map(type, (*one, *two))):
            return True  # a form may have thousands of fields
        return len(one) == len(two) and all(map(_is_identical, one, two))
    return bool(one == two)


def _is_nowhere(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 4:
        return False
    numbers = {int, float}.issuperset(map(type, value))
    return numbers and bool(value[0] == value[2] and value[1] == value[3])


def _is_bookkeeping(value: Value) -> bool:
    return isinstance(value, Stream) and value.dictionary.get("Type") in ("XRef", "ObjStm")
