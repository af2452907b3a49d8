"""Whoever signs an agreement of ours chooses a look, and takes nobody's words away with it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agreegen.model.report import FileReport
from agreegen.verification.examination import examine
from agreegen.verification.interface import Options
from agreegen.verification.proof.rebuilding import prove
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.own_looks import EARLIER, FIRST, HONEST, LATER, REACHING, TWO_PICTURES, WIPING, signed_by

OPTIONS = Options(now=datetime(2026, 1, 2, tzinfo=UTC))


def codes(report: FileReport) -> set[str]:
    return {alarm.code for alarm in report.alarms}


@pytest.mark.parametrize("name", WIPING | REACHING)
def test_look_that_is_no_ink_does_not_prove_itself(name: str) -> None:
    assert prove(signed_by({FIRST: (WIPING | REACHING)[name]}), OPTIONS) is None
    assert prove(signed_by({LATER: (WIPING | REACHING)[name]}), OPTIONS) is None


@pytest.mark.parametrize("name", WIPING)
def test_first_signer_wipes_out_no_name(name: str) -> None:
    assert "text-hidden" in codes(examine(name, signed_by({FIRST: WIPING[name]}), OPTIONS))


@pytest.mark.parametrize("name", REACHING)
def test_first_signer_paints_in_his_field_only(name: str) -> None:
    assert "engine-differs" in codes(examine(name, signed_by({FIRST: REACHING[name]}), OPTIONS))


@pytest.mark.parametrize("name", WIPING | REACHING)
def test_later_signer_changes_nothing_that_was_signed(name: str) -> None:
    structure = scan_structure(signed_by({LATER: (WIPING | REACHING)[name]}), OPTIONS.limits)
    assert structure.sound is False


@pytest.mark.parametrize("name", TWO_PICTURES)
def test_look_that_is_two_pictures_does_not_prove_itself(name: str) -> None:
    first = signed_by({FIRST: TWO_PICTURES[name]})
    assert prove(first, OPTIONS) is None
    assert "engine-differs" in codes(examine(name, first, OPTIONS))
    assert scan_structure(signed_by({LATER: TWO_PICTURES[name]}), OPTIONS.limits).sound is False


@pytest.mark.parametrize("name", HONEST)
def test_ink_is_proved(name: str) -> None:
    data = signed_by({FIRST: HONEST[name], LATER: HONEST[name]})
    assert prove(data, OPTIONS) is not None
    other = examine(name, data, OPTIONS, rebuild=False)
    assert not codes(other) & {"text-hidden", "engine-differs", "page-differs", "ink-lost"}
    assert scan_structure(data, OPTIONS.limits).sound is True


@pytest.mark.parametrize("name", EARLIER)
def test_look_of_an_earlier_release_keeps_its_verdict(name: str) -> None:
    data = signed_by({FIRST: EARLIER[name], LATER: EARLIER[name]})
    report = examine(name, data, OPTIONS)
    assert not codes(report) & {"text-hidden", "engine-differs", "page-differs", "ink-lost", "covers-content"}
    assert scan_structure(data, OPTIONS.limits).sound is True
