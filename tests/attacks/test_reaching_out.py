"""What shows in one reader only is found by rules: no picture here is drawn by the reader that is fooled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agreegen.model.report import Verdict
from agreegen.pdf.limits import Limits
from agreegen.verification.examination import examine
from agreegen.verification.interface import UNSIGNED_CONTENT, Options
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.reaching_out import ATTACKS, HONEST, TOLD


@pytest.mark.parametrize("name", ATTACKS)
def test_what_reaches_out_is_no_permitted_change(name: str) -> None:
    structure = scan_structure(ATTACKS[name](), Limits())
    assert structure.sound is False
    assert any(signature.reasons for signature in structure.signatures)


@pytest.mark.parametrize("name", TOLD)
def test_what_nobody_signed_is_told(name: str) -> None:
    report = examine(name, TOLD[name](), Options(now=datetime.now(UTC)))
    assert report.verdict is not Verdict.VALID
    assert UNSIGNED_CONTENT in {alarm.code for alarm in report.alarms}


@pytest.mark.parametrize("name", HONEST)
def test_honest_twin_passes(name: str) -> None:
    structure = scan_structure(HONEST[name](), Limits())
    assert [signature.reasons for signature in structure.signatures] == [()] * len(structure.signatures)
    assert structure.sound is True
