"""The walk over two revisions at once, from the trailer down, along the keys that own.

It goes only where something changed: into objects that differ, and those that own them. What it meets it
hands to the rules; what it cannot compare it says.
"""

from __future__ import annotations

from typing import Any

from agreegen.messages import Message, message
from agreegen.pdf.document import View
from agreegen.pdf.fields import text_of
from agreegen.pdf.objects import Ref, Value
from agreegen.pdf.pages import PageBoxes
from agreegen.verification.changes.equality import Equality
from agreegen.verification.changes.interface import (
    Comparison,
    FieldPair,
    Finding,
    NewAnnotation,
    NewField,
    Pair,
    WidgetPair,
)
from agreegen.verification.changes.role_map import settled
from agreegen.verification.changes.roles import Change, Role
from agreegen.verification.changes.schemas import SCHEMAS

_INHERITED = ("FT", "Ff", "V", "DA", "Q")
_MAX_DEPTH = 60
_LABELS = {
    Role.TRAILER: message("verification.trailer"),
    Role.INFORMATION: message("verification.information-dictionary"),
    Role.CATALOG: message("verification.document-catalogue"),
    Role.NAMES: message("verification.name-dictionary"),
    Role.PAGE_TREE: message("verification.page-tree"),
    Role.FORM: message("verification.form"),
    Role.FORM_RESOURCES: message("verification.forms-resources"),
    Role.RESOURCES_OF_A_KIND: message("verification.forms-resources"),
}
_Attributes = dict[str, Value]


def compare(old: View, new: View, equality: Equality, pages: PageBoxes) -> Comparison:
    """Compare two revisions along the keys that own.

    Args:
        old: The view before.
        new: The view after.
        equality: Compares their values, and knows where something changed.
        pages: The pages of the document.
    """
    walk = _Walk(old, new, equality, pages)
    walk.pair(Role.TRAILER, old.trailer, new.trailer)
    return Comparison(
        tuple(walk.pairs),
        tuple(walk.fields),
        tuple(walk.new_fields),
        tuple(walk.new_annotations),
        frozenset(walk.compared),
        tuple(walk.findings),
    )


class _Walk:
    """One comparison while it goes on."""

    def __init__(self, old: View, new: View, equality: Equality, pages: PageBoxes) -> None:
        self._old, self._new = old, new
        self._equality = equality
        self._pages = pages
        self.pairs: list[Pair] = []
        self.fields: list[FieldPair] = []
        self.new_fields: list[NewField] = []
        self.new_annotations: list[NewAnnotation] = []
        self.compared: set[int] = set()
        self.findings: list[Finding] = []

    def pair(
        self, role: Role, left: Value, right: Value, label: Message | None = None, page: int | None = None
    ) -> None:
        """Compare what stands in one place, where anything in or below it changed."""
        if self._is_quiet(left, right):
            return
        label = label or _LABELS.get(role)
        one, two = self._old.resolve(left), self._new.resolve(right)
        if one is None and two is None:
            return
        self._note(left, right)
        if role is Role.PAGE:
            one, two = self._whole_page(one, page), self._whole_page(two, page)
        self.pairs.append(Pair(role, one, two, _number(right), label, page))
        if not isinstance(one, dict | None) or not isinstance(two, dict):
            return
        before = one or {}
        for key in sorted(before.keys() | two.keys()):
            if _is_followed(role, key):
                self._follow(role, key, before.get(key), two.get(key), page)

    def _whole_page(self, value: Value, page: int | None) -> Value:
        """Add what a page inherits: some writers put it into the page itself, where it says the same."""
        if page is None or not isinstance(value, dict):
            return value
        return {**self._pages.pages[page].attributes, **value}

    def _follow(self, role: Role, key: str, left: Value, right: Value, page: int | None) -> None:
        owns = SCHEMAS[role].key(key).owns
        if self._is_quiet(left, right):
            return
        if owns is Role.FIELDS:
            self._note(left, right)
            self._field_lists(left, right, "", ({}, {}), 0)
        elif owns is Role.PAGE_LIST:
            self._page_lists(left, right)
        elif owns is Role.ANNOTATIONS and page is not None:
            self._annotation_lists(left, right, page)
        elif isinstance(owns, Role):
            self.pair(owns, left, right, page=page)
        elif owns is not None:
            self._family(owns, left, right)

    def _family(self, owns: Any, left: Value, right: Value) -> None:
        before, after = settled(self._old, left, owns), settled(self._new, right, owns)
        if before is not after or not isinstance(before, Role) or before is Role.FROZEN:
            self._forbid("pages", message("verification.pages-were-replaced-by-something-else"))
            return
        page = self._pages.index_of.get(right.num) if isinstance(right, Ref) else None
        label = None
        if before is Role.PAGE and page is not None:
            label = message("verification.page", number=page + 1)
        self.pair(before, left, right, label, page)

    def _page_lists(self, left: Value, right: Value) -> None:
        """Pages keep their place and their number."""
        before, after = self._old.array(left), self._new.array(right)
        self._note(left, right)
        if before != after:
            self._forbid("pages", message("verification.pages-were-added-removed-or-moved"))
            return
        for one, two in zip(before, after, strict=True):
            if not self._is_quiet(one, two):
                self._family(SCHEMAS[Role.PAGE_LIST].items, one, two)

    def _annotation_lists(self, left: Value, right: Value, page: int) -> None:
        """Annotations that were there keep their order; others may come."""
        before, after = self._old.array(left), self._new.array(right)
        self._note(left, right)
        if left is not None and not isinstance(self._new.resolve(right), list):
            self._forbid("annotations", message("verification.annotations-page-were-removed", page=page + 1))
            return
        kept = self._aligned(before, after)
        for item, place in zip(before, kept, strict=True):
            if place is not None:
                self._annotation(item, after[place], page)
            elif self._old.resolve(item) is not None:
                self._forbid(
                    "annotations",
                    message("verification.annotation-page-removed-or-moved-below", page=page + 1),
                )
        taken = set(kept)
        for index, item in enumerate(after):
            if index not in taken:
                self._new_annotation(item, page)

    def _new_annotation(self, item: Value, page: int) -> None:
        self._note(item)
        if self._new.resolve(item) is not None:
            value = self._new.dictionary(item)
            self.new_annotations.append(NewAnnotation(page, _number(item), value))

    def _aligned(self, before: list[Value], after: list[Value]) -> list[int | None]:
        """Return for each old member where it stands in the new list, in order; None where it is gone."""
        places: dict[Value, list[int]] = {}
        for place, item in enumerate(after):
            places.setdefault(item if isinstance(item, Ref) else None, []).append(place)
        found: list[int | None] = []
        last = -1
        for item in before:
            direct = not isinstance(item, Ref)
            options = places.get(None if direct else item, [])
            at = next(
                (i for i in options if i > last and (not direct or self._equality.kept(item, after[i]))), None
            )
            found.append(at)
            last = last if at is None else at
        return found

    def _annotation(self, left: Value, right: Value, page: int) -> None:
        if self._is_quiet(left, right) or not isinstance(right, Ref):
            return
        one = self._old.dictionary(left)
        role = settled(self._old, left, SCHEMAS[Role.ANNOTATIONS].items or Role.FROZEN)
        if role is Role.NOTE:
            self._note(left, right)
            two = self._new.resolve(right)
            label = message("verification.annotation-on-page", page=page + 1)
            self.pairs.append(Pair(Role.NOTE, one, two, right.num, label, page))

    def _field_lists(
        self, left: Value, right: Value, prefix: str, above: tuple[_Attributes, _Attributes], depth: int
    ) -> None:
        """Fields that were there stay in their order; others may come."""
        if depth > _MAX_DEPTH:
            self._forbid("form", message("verification.form-nested-too-deeply"))
            return
        before, after = self._old.array(left), self._new.array(right)
        if before == after[: len(before)]:
            places: list[int | None] = list(range(len(before)))
            touched = self._equality.touched
            # Of tens of thousands of fields, each update touches a few.
            open_ones = [
                at for at, item in enumerate(before) if not isinstance(item, Ref) or item.num in touched
            ]
        else:
            places = self._places_of(before, after)
            open_ones = list(range(len(before)))
        for index in open_ones:
            self._known_field(before[index], places[index], after, prefix, above, depth)
        if len(after) > len(before) or None in places:
            taken = set(places)
            for index, item in enumerate(after):
                if index not in taken:
                    self._new_field(item, prefix, above[1], depth)

    def _known_field(
        self,
        item: Value,
        at: int | None,
        after: list[Value],
        prefix: str,
        above: tuple[_Attributes, _Attributes],
        depth: int,
    ) -> None:
        if at is None:
            if self._old.resolve(item) is not None:
                self._forbid("form", message("verification.field-removed-from-form"))
        elif not self._is_quiet(item, after[at]):
            self._field(item, after[at], prefix, above, depth)

    def _places_of(self, before: list[Value], after: list[Value]) -> list[int | None]:
        places: dict[object, int] = {}
        for at in range(len(after) - 1, -1, -1):
            places[self._identity(self._new, after[at])] = at
        return [places.get(self._identity(self._old, item)) for item in before]

    def _identity(self, view: View, item: Value) -> object:
        if isinstance(item, Ref):
            return item
        return ("named", view.resolve(item.get("T"))) if isinstance(item, dict) else None

    def _field(
        self, left: Value, right: Value, prefix: str, above: tuple[_Attributes, _Attributes], depth: int
    ) -> None:
        one, two = self._old.dictionary(left), self._new.dictionary(right)
        self._note(left, right)
        if not two:
            self._forbid("form", message("verification.field-removed-from-form"))
            return
        name = _joined(prefix, text_of(self._new.resolve(two.get("T"))))
        attributes = _inherit(above[0], one), _inherit(above[1], two)
        kids = self._old.array(one.get("Kids"))
        if any("T" in self._old.dictionary(kid) for kid in kids):
            self._note(one.get("Kids"), two.get("Kids"))
            if not self._is_kept_above(one, two):
                self._forbid("form", message("verification.field-changed-from-others-inherit", name=name))
            self._field_lists(one.get("Kids"), two.get("Kids"), name, attributes, depth + 1)
            return
        widgets = self._widgets(right, one, two)
        self.fields.append(FieldPair(name, _number(right), one, two, *attributes, widgets))

    def _is_kept_above(self, one: dict[str, Any], two: dict[str, Any]) -> bool:
        """Attributes of kids do not change from above: all but their list is kept, values throughout."""
        for key in (one.keys() | two.keys()) - {"Kids"}:
            same = self._equality.untouched if key in _INHERITED else self._equality.kept
            if not same(one.get(key), two.get(key)):
                return False
        return True

    def _widgets(
        self, right: Value, one: dict[str, Any], two: dict[str, Any]
    ) -> tuple[WidgetPair, ...] | None:
        before, after = self._old.array(one.get("Kids")), self._new.array(two.get("Kids"))
        self._note(one.get("Kids"), two.get("Kids"))
        if not before and not after:
            # Without kids the field is its own widget.
            return (WidgetPair(_number(right), one, two, merged=True),)
        if before != after:
            return None
        found = []
        for item, other in zip(before, after, strict=True):
            self._note(item, other)
            old_value, new_value = self._old.dictionary(item), self._new.dictionary(other)
            found.append(WidgetPair(_number(other), old_value, new_value, merged=False))
        return tuple(found)

    def _new_field(self, item: Value, prefix: str, above: _Attributes, depth: int) -> None:
        value = self._new.dictionary(item)
        self._note(item)
        name = _joined(prefix, text_of(self._new.resolve(value.get("T"))))
        attributes = _inherit(above, value)
        kids = self._new.array(value.get("Kids"))
        below = [self._new.dictionary(kid) for kid in kids]
        children = any("T" in kid for kid in below)
        if children and depth < _MAX_DEPTH:
            for kid in kids:
                self._new_field(kid, name, attributes, depth + 1)
        for kid in kids:
            self._note(kid)
        numbers: list[int | None] = [_number(kid) for kid in kids]
        widgets = tuple(zip(numbers, below, strict=True)) or ((_number(item), value),)
        self.new_fields.append(NewField(name, _number(item), value, attributes, widgets, children))

    def _is_quiet(self, left: Value, right: Value) -> bool:
        return isinstance(left, Ref) and left == right and left.num not in self._equality.touched

    def _note(self, *values: Value) -> None:
        self.compared.update(value.num for value in values if isinstance(value, Ref))

    def _forbid(self, topic: str, reason: Message) -> None:
        self.findings.append(Finding(topic, reason))


def _is_followed(role: Role, key: str) -> bool:
    entry = SCHEMAS[role].key(key)
    return entry.change is Change.FOLLOWED and entry.owns is not None


def _number(value: Value) -> int | None:
    return value.num if isinstance(value, Ref) else None


def _joined(prefix: str, title: str) -> str:
    return ".".join(part for part in (prefix, title) if part)


def _inherit(above: _Attributes, value: dict[str, Any]) -> _Attributes:
    own = {key: value[key] for key in _INHERITED if value.get(key) is not None}
    return {**above, **own} if own else above
