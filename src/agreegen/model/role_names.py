"""What to call a signature role in a sentence: programs know its id, people its label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class NamedRole(Protocol):
    """A role that has an id and says its name."""

    @property
    def id(self) -> str:
        """Name of the role and of its field."""
        ...

    def in_language(self, language: str) -> str:
        """Return what readers of a language call it."""
        ...


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role that a person may type on the command line or into a file: its id, for people with its label.

    Attributes:
        role: The role.
    """

    role: NamedRole

    def in_language(self, language: str) -> str:
        """Return the id, and the label where that is something else."""
        title = self.role.in_language(language)
        return self.role.id if title == self.role.id else f"{self.role.id} {title}"
