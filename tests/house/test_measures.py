"""The house stays livable: these figures may only get better."""

from __future__ import annotations

import pytest

from tests.house import measures

MOST_BRANCHED = 18
"""Functions with more than ten branch points."""
STATEMENTS_BEFORE = 6412
"""Statements of `pki` and `signing` while signing still judged certificates and containers itself."""


@pytest.fixture(scope="module")
def modules() -> dict[str, measures.Module]:
    return measures.read_modules()


def test_no_folder_is_a_heap() -> None:
    assert measures.crowded_folders() == {}


def test_decisions_are_parted(modules: dict[str, measures.Module]) -> None:
    found = measures.branchings(modules)
    assert len(found) <= MOST_BRANCHED, "\n".join(f"{one.points} {one.where}" for one in found)


def test_no_function_is_long(modules: dict[str, measures.Module]) -> None:
    assert measures.long_functions(modules) == []


def test_no_modules_import_each_other_in_a_circle(modules: dict[str, measures.Module]) -> None:
    assert measures.circles(modules) == []


def test_nothing_is_there_for_tests_alone(modules: dict[str, measures.Module]) -> None:
    assert measures.modules_nothing_imports(modules) == []
    assert measures.names_nothing_uses(modules) == []


def test_lists_of_exports_repeat_nothing(modules: dict[str, measures.Module]) -> None:
    assert measures.needless_export_lists(modules) == []


def test_what_signs_and_judges_did_not_grow_back(modules: dict[str, measures.Module]) -> None:
    """Signing judges with `pki`: both together hold fewer statements than when each judged for itself."""
    rooms = measures.statements_by_room(modules)
    assert rooms["pki"] + rooms["signing"] < STATEMENTS_BEFORE
