"""The whole acceptance of scans: three hundred pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scans.acceptance import run_acceptance

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("seed", [1, 2])
def test_three_hundred_pages(tmp_path: Path, seed: int) -> None:
    outcome = run_acceptance(tmp_path, 300, seed)
    print(outcome.describe())
    assert outcome.wrong() == []
    assert outcome.bad_accepted() == []
    assert outcome.good_share() >= 0.95, outcome.describe()
