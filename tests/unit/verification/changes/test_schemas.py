"""The tables of roles are whole."""

from __future__ import annotations

from agreegen.verification.changes.roles import Change, Kin, Role
from agreegen.verification.changes.schemas import POINTS, SCHEMAS


def test_every_role_has_a_schema() -> None:
    assert set(SCHEMAS) == set(Role)


def test_what_is_followed_is_owned() -> None:
    for schema in SCHEMAS.values():
        for key in (*schema.keys.values(), schema.others):
            assert key.change is not Change.FOLLOWED or isinstance(key.owns, Role | Kin)


def test_frozen_objects_own_frozen_ones_alone() -> None:
    owned = {key.owns for key in (*SCHEMAS[Role.FROZEN].keys.values(), SCHEMAS[Role.FROZEN].others)}
    assert owned <= {Role.FROZEN, Role.NAMED}


def test_nothing_points_at_what_may_be_rewritten_freely() -> None:
    free = {Role.STORE_STREAM, Role.INFORMATION, Role.PRIVATE, Role.METADATA, Role.EXTENSIONS, Role.LOOK}
    assert not any(free & allowed for allowed in POINTS.values())
