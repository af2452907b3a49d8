"""The areas of the office, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.web.store.users import Role, User

OFFICER = frozenset({Role.OFFICER})
READERS = frozenset({Role.OFFICER, Role.READER, Role.INSPECTOR})
INSPECTORS = frozenset({Role.OFFICER, Role.INSPECTOR})
DESK = frozenset({Role.OFFICER, Role.DESK})
EVERY_ROLE = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Area:
    """One entry of the menu.

    Attributes:
        path: Where it is.
        word: Code of its name.
        icon: Its picture in `icons.svg`.
        roles: Whose it is.
    """

    path: str
    word: str
    icon: str
    roles: frozenset[Role]

    def holds(self, path: str) -> bool:
        """Whether a page belongs to this area."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


AREAS: tuple[Area, ...] = (
    Area("/", "web.area.verify", "shield", EVERY_ROLE),
    Area("/batches", "web.area.batches", "stack", READERS),
    Area("/coverage", "web.area.coverage", "people", READERS),
    Area("/scans", "web.area.scans", "scan", OFFICER),
    Area("/agreements", "web.area.agreements", "pen", OFFICER),
    Area("/archive", "web.area.archive", "box", READERS),
    Area("/ledger", "web.area.ledger", "book", READERS),
    Area("/desk", "web.area.desk", "tablet", DESK),
    Area("/audit", "web.area.audit", "eye", INSPECTORS),
    Area("/users", "web.area.users", "key", OFFICER),
)


def areas_of(user: User | None) -> tuple[Area, ...]:
    """Return the menu of an account; of nobody it has nothing but verification."""
    return AREAS[:1] if user is None else tuple(area for area in AREAS if user.role in area.roles)
