"""In which state a row of a roster is: one function decides, whatever else happened to its documents."""

from __future__ import annotations

import pytest

from agreegen.register.coverage import CoverageState, SeenKeys, Standing, best_standing, find_standing
from agreegen.register.interface import EventDraft, EventKind, How
from agreegen.register.store import Register
from tests.unit.register.conftest import NOW, made, on_paper, registration

ROLES = ["pledger"]


def standing(register: Register, number: int, name: str = "王秀英") -> Standing:
    return find_standing(register.documents_of(registration(number).row_key), ROLES, name)


def test_a_unit_that_attested_signs_for_nobody(filled: Register) -> None:
    assert standing(filled, 0).state is CoverageState.MADE
    assert standing(filled, 0).roles == (("pledger", None),)
    assert standing(filled, 77).state is CoverageState.NO_DOCUMENT


@pytest.mark.parametrize(
    ("facts", "how"), [({}, How.CERTIFICATE), ({"method": "device"}, How.DEVICE), (None, How.PAPER)]
)
def test_signed_whatever_becomes_of_the_document(
    filled: Register, facts: dict[str, str] | None, how: How
) -> None:
    known = registration(0).id
    signed = (
        on_paper(0).to_draft()
        if facts is None
        else EventDraft(EventKind.SIGNED, known, "pledger", "77" * 32, facts)
    )
    filled.record(signed, now=NOW)
    for event in (
        EventDraft(EventKind.PRINTED, known),
        EventDraft(EventKind.ARCHIVED, known, details={"bag": "b"}),
    ):
        found = standing(filled, 0)
        assert (found.state, found.how) == (CoverageState.SIGNED, how)
        assert found.since is not None
        filled.record(event, now=NOW)
    assert standing(filled, 0).state is CoverageState.SIGNED


def test_printed_and_not_signed_yet(filled: Register) -> None:
    filled.record(EventDraft(EventKind.PRINTED, registration(0).id), now=NOW)
    assert standing(filled, 0).state is CoverageState.PRINTED


def test_signed_and_then_replaced(filled: Register) -> None:
    old = registration(0)
    filled.record(on_paper(0).to_draft(), now=NOW)
    filled.record(EventDraft(EventKind.SUPERSEDED, old.id, details={"by": "f" * 32}), now=NOW)
    found = standing(filled, 0)
    assert found.state is CoverageState.REPLACED
    assert found.reason is not None
    assert old.id in str(found.reason)


def test_another_name_is_another_person_until_somebody_has_looked(filled: Register) -> None:
    filled.record(on_paper(0).to_draft(), now=NOW)
    found = standing(filled, 0, "李四")
    assert (found.state, found.how) == (CoverageState.NAME_DIFFERS, None)


def test_without_roles_nobody_has_signed(filled: Register) -> None:
    assert find_standing(filled.documents_of(registration(0).row_key), [], "").state is CoverageState.MADE


def test_of_several_registers_the_one_that_goes_furthest(filled: Register) -> None:
    none, here = standing(filled, 77), standing(filled, 0)
    assert best_standing([none, here]) is here


def test_seen_keys() -> None:
    seen = SeenKeys()
    seen.add("a")
    seen.add("a")
    assert "a" in seen
    assert "b" not in seen
    seen.close()
    assert made(1)
