"""The proof of the engine for flowing text: its pages are LibreOffice's, glyph for glyph, pixel for pixel."""

from __future__ import annotations

import pytest

from tests.soak.agreements import AGREEMENTS, run

pytestmark = pytest.mark.libreoffice


@pytest.mark.parametrize("name", AGREEMENTS)
def test_agreements_are_libreoffices(name: str) -> None:
    figures = run(name, 16, seed=1)
    assert not figures.differing
    assert figures.equal.total() >= 6


@pytest.mark.soak
@pytest.mark.parametrize("name", AGREEMENTS)
def test_hundreds_of_agreements_are_libreoffices(name: str) -> None:
    figures = run(name, 1000, seed=2)
    assert not figures.differing
    assert figures.equal.total() >= 450
    assert set(range(4, 13)) <= set(figures.equal), "pages"
