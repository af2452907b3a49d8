"""Who has a pledge: every required role has signed it, or its paper was scanned."""

from __future__ import annotations

from agreegen.register.coverage import RosterPerson, measure_coverage
from agreegen.register.store import Register
from tests.unit.register.conftest import NOW, on_paper, registration


def people(*numbers: int) -> list[RosterPerson]:
    return [RosterPerson(registration(n).row_key, f"S{n:04}", registration(n).name) for n in numbers]


def test_everyone_with_a_signed_document_is_covered(filled: Register) -> None:
    coverage = measure_coverage(filled, people(0, 1, 2, 3, 4), required_roles=["unit"])
    assert coverage.complete
    assert (coverage.rows, coverage.covered, coverage.no_longer) == (5, 5, ())


def test_a_required_role_that_has_not_signed_leaves_the_person_uncovered(filled: Register) -> None:
    coverage = measure_coverage(filled, people(0, 1), required_roles=["pledger"])
    assert not coverage.complete
    assert [person.label for person in coverage.missing] == ["S0000", "S0001"]


def test_a_scan_of_the_signed_paper_covers(filled: Register) -> None:
    filled.record(on_paper(0).to_draft(), now=NOW)
    coverage = measure_coverage(filled, people(0, 1), required_roles=["pledger"])
    assert [person.label for person in coverage.missing] == ["S0001"]


def test_people_without_document_and_documents_without_people(filled: Register) -> None:
    coverage = measure_coverage(filled, people(0, 7))
    assert [person.label for person in coverage.missing] == ["S0007"]
    assert {person.label for person in coverage.no_longer} == {"S0001", "S0002", "S0003", "S0004"}


def test_an_empty_roster_is_not_complete(filled: Register) -> None:
    assert not measure_coverage(filled, []).complete
