"""What the walk over two revisions hands to the rules, and what rules return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from agreegen.messages import Message
from agreegen.pdf.document import View
from agreegen.pdf.objects import Value
from agreegen.pdf.pages import PageBoxes
from agreegen.verification.changes.equality import Equality
from agreegen.verification.changes.permissions import Permissions
from agreegen.verification.changes.renderings import Renderings
from agreegen.verification.changes.role_map import RoleMap
from agreegen.verification.changes.roles import Role


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a later revision is not acceptable.

    Attributes:
        topic: What it is about, in a word that the reports explain.
        reason: What was done, as the end of a sentence.
    """

    topic: str
    reason: Message


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An object, or what stood in its place, in two revisions.

    Attributes:
        role: What it is for.
        old: Its value before; None where there was none.
        new: Its value after; None where there is none.
        number: Its object number after; None for a direct object.
        label: How to call it in a sentence; None for what needs no name.
        page_index: Index of its page, where it has one.
    """

    role: Role
    old: Value
    new: Value
    number: int | None
    label: Message | None
    page_index: int | None = None

    @property
    def before(self) -> dict[str, Any]:
        """Its dictionary before; empty where it was none, which the schemas tell."""
        return self.old if isinstance(self.old, dict) else {}

    @property
    def after(self) -> dict[str, Any]:
        """Its dictionary after; empty where it is none any more, which the schemas tell."""
        return self.new if isinstance(self.new, dict) else {}


@dataclass(frozen=True, slots=True, eq=False)
class WidgetPair:
    """A widget of a field in two revisions.

    Attributes:
        number: Its object number; None for a direct object.
        old: Its dictionary before.
        new: Its dictionary after.
        merged: Whether it is the field's own dictionary.
    """

    number: int | None
    old: dict[str, Any]
    new: dict[str, Any]
    merged: bool


@dataclass(frozen=True, slots=True, eq=False)
class FieldPair:
    """A terminal field that was there before, in two revisions.

    Attributes:
        name: Fully qualified name.
        number: Its object number after; None for a direct object.
        old: Its dictionary before.
        new: Its dictionary after.
        old_attributes: `/FT`, `/Ff`, `/V`, `/DA` and `/Q` before, inherited from above, itself included.
        new_attributes: The same after.
        widgets: Its widgets; None where their list was changed.
    """

    name: str
    number: int | None
    old: dict[str, Any]
    new: dict[str, Any]
    old_attributes: dict[str, Value]
    new_attributes: dict[str, Value]
    widgets: tuple[WidgetPair, ...] | None

    @property
    def kind(self) -> Value:
        """What kind of field it is."""
        return self.old_attributes.get("FT") or self.new_attributes.get("FT")


@dataclass(frozen=True, slots=True, eq=False)
class NewField:
    """A field that was added.

    Attributes:
        name: Fully qualified name.
        number: Its object number; None for a direct object.
        value: Its dictionary.
        attributes: As in `FieldPair`.
        widgets: Number and dictionary of its widgets, itself where it has no kids.
        children: Whether its kids are fields again.
    """

    name: str
    number: int | None
    value: dict[str, Any]
    attributes: dict[str, Value]
    widgets: tuple[tuple[int | None, dict[str, Any]], ...]
    children: bool


@dataclass(frozen=True, slots=True, eq=False)
class NewAnnotation:
    """An annotation that was put on a page.

    Attributes:
        page_index: Index of the page.
        number: Its object number; None for a direct object.
        value: Its dictionary, empty where it is not one.
    """

    page_index: int
    number: int | None
    value: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What the walk found to be different.

    Attributes:
        pairs: Objects that were there and were changed, or that came.
        fields: Terminal fields that were changed.
        new_fields: Fields that were added.
        new_annotations: Annotations that were added.
        compared: Numbers of all objects that were compared.
        findings: What cannot be compared at all.
    """

    pairs: tuple[Pair, ...]
    fields: tuple[FieldPair, ...]
    new_fields: tuple[NewField, ...]
    new_annotations: tuple[NewAnnotation, ...]
    compared: frozenset[int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RevisionStep:
    """Two revisions that follow each other, with all that rules may ask; no rule changes anything in it.

    Attributes:
        old: The view before.
        new: The view after.
        first: The view of the first signed revision.
        changed: Numbers of the objects that differ.
        roles: The roles of all objects in all revisions up to the new one.
        roles_before: The roles that the changed objects had before.
        pointed_before: The changed objects that something pointed at before.
        permissions: What the signatures so far permit.
        comparison: What is different, by role.
        equality: Compares values of the two views.
        pages: The pages with their inherited boxes.
        renderings: Pictures of the pages of any revision.
    """

    old: View
    new: View
    first: View
    changed: frozenset[int]
    roles: RoleMap
    roles_before: dict[int, frozenset[Role]]
    pointed_before: frozenset[int]
    permissions: Permissions
    comparison: Comparison
    equality: Equality
    pages: PageBoxes
    renderings: Renderings

    def pairs_of(self, role: Role) -> list[Pair]:
        """Return the pairs of one role."""
        return [pair for pair in self.comparison.pairs if pair.role is role]


class Rule(Protocol):
    """A rule on what may follow a signature.

    A new rule is a module with a function of this shape, its line in `structure.changes.RULES`, its sample in
    `tests/attacks` and the explanation of its topic.
    """

    def __call__(self, step: RevisionStep) -> Iterable[Finding]:
        """Return what is not acceptable about a step, nothing where all is well."""
        ...
