"""The roles of objects: what an object is for, by the path that leads to it from the trailer.

Readers find their way by different keys, so a file may be built in which one object is two things: a page
that is an annotation, too, or a page tree that is also a structure tree. Whoever may change the one would
change the other. So every object has the roles of all paths that own it, and one with two may not change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto


class Role(Enum):
    """What an object is for."""

    FROZEN = auto()
    """Everything that may not change: contents, fonts, actions, outlines, attachments, signatures."""
    NAMED = auto()
    """Resources under names that the file chose: frozen, and no name among them is that of a pointer."""
    TRAILER = auto()
    INFORMATION = auto()
    ADDITIONAL_STREAMS = auto()
    CATALOG = auto()
    PERMISSIONS = auto()
    NAMES = auto()
    EXTENSIONS = auto()
    METADATA = auto()
    PRIVATE = auto()
    PAGE_TREE = auto()
    PAGE_LIST = auto()
    PAGE = auto()
    ANNOTATIONS = auto()
    NOTE = auto()
    FORM = auto()
    FORM_RESOURCES = auto()
    RESOURCES_OF_A_KIND = auto()
    FIELDS = auto()
    FIELD = auto()
    """A field, a widget, or both in one dictionary: the standard joins them (ISO 32000-1, 12.5.6.19)."""
    VALUE = auto()
    LOOKS = auto()
    LOOK = auto()
    STRUCTURE_ROOT = auto()
    STRUCTURE_ELEMENT = auto()
    STRUCTURE_KIDS = auto()
    STRUCTURE_REFERENCE = auto()
    PARENT_TREE = auto()
    PARENT_NUMBERS = auto()
    PARENT_LIST = auto()
    ID_TREE = auto()
    STORE = auto()
    STORE_LIST = auto()
    STORE_INDEX = auto()
    STORE_ENTRY = auto()
    STORE_STREAM = auto()


class Kin(Enum):
    """A family of roles of which the value decides, where one key leads to several."""

    PAGES = auto()
    """A node of the page tree or a page."""
    ANNOTATION = auto()
    """A widget, a note or another annotation."""
    STRUCTURE = auto()
    """A structure element, a list of such, a reference to content or an object."""
    PARENTS = auto()
    """A list of structure elements in the parent tree, or one element."""
    VALUE = auto()
    """What was filled in, or a signature, which is frozen."""
    ADDITIONAL = auto()
    """What the trailer of a hybrid file names besides: a second document, or objects that never were."""


class Change(Enum):
    """What may happen to a key."""

    KEPT = "kept"
    ADDED = "may be added"
    FREE = "may change"
    FOLLOWED = "compared as what it leads to"
    RULED = "judged by a rule"


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a schema.

    Attributes:
        change: What may happen to it.
        owns: The role of what it leads to; None where it only points.
    """

    change: Change
    owns: Role | Kin | None = Role.FROZEN


KEPT = Key(Change.KEPT)


@dataclass(frozen=True, slots=True)
class Schema:
    """The keys of a role; a key without an entry is kept, and what it leads to is frozen.

    Attributes:
        keys: Key to entry.
        others: The entry of all other keys.
        items: The role of the members of a list.
    """

    keys: dict[str, Key] = field(default_factory=dict)
    others: Key = KEPT
    items: Role | Kin | None = None

    def key(self, name: str) -> Key:
        """Return the entry of a key."""
        return self.keys.get(name, self.others)
