"""Whoever has a page read out hears what was signed, however the reader looks it up."""

from __future__ import annotations

import pytest

from agreegen.pdf.limits import Limits
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.reading_aids import ATTACKS, HONEST


@pytest.mark.parametrize("name", ATTACKS)
def test_tree_that_readers_search_differently_is_noticed(name: str) -> None:
    structure = scan_structure(ATTACKS[name](), Limits())
    assert structure.sound is False
    assert {alarm.code for alarm in structure.alarms} == {"forbidden-change"}


@pytest.mark.parametrize("name", HONEST)
def test_honest_twin_passes(name: str) -> None:
    structure = scan_structure(HONEST[name](), Limits())
    assert [signature.reasons for signature in structure.signatures] == [()]
    assert structure.sound is True
