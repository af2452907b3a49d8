"""A number that was signed stays that number, to the last digit that anybody could see."""

from __future__ import annotations

import pytest

from agreegen.pdf.limits import Limits
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.numbers_close_by import ATTACKS, HONEST


@pytest.mark.parametrize("name", ATTACKS)
def test_another_number_is_another_object(name: str) -> None:
    structure = scan_structure(ATTACKS[name](), Limits())
    assert structure.sound is False


@pytest.mark.parametrize("name", HONEST)
def test_honest_twin_passes(name: str) -> None:
    structure = scan_structure(HONEST[name](), Limits())
    assert [signature.reasons for signature in structure.signatures] == [()]
    assert structure.sound is True


@pytest.mark.parametrize("name", ATTACKS)
def test_the_rules_alone_show_it(name: str) -> None:
    """A picture would have to be made of the very page, by the very reader."""
    structure = scan_structure(ATTACKS[name](), Limits())
    assert {alarm.code for alarm in structure.alarms} == {"forbidden-change"}
