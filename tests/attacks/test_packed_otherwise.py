"""What a rule reads of a later stream is what every reader unpacks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agreegen.pdf.limits import Limits
from agreegen.verification.examination import examine
from agreegen.verification.interface import UNSIGNED_CONTENT, Options
from agreegen.verification.structure.scan import scan_structure
from tests.attacks.packed_otherwise import ATTACKS, HONEST, TOLD


@pytest.mark.parametrize("name", ATTACKS)
def test_stream_that_readers_unpack_differently_is_noticed(name: str) -> None:
    structure = scan_structure(ATTACKS[name](), Limits())
    assert structure.sound is False
    assert {alarm.code for alarm in structure.alarms} >= {"forbidden-change"}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_unpacked_as_the_standard_says_is_told(name: str) -> None:
    report = examine(name, TOLD[name](), Options(now=datetime.now(UTC)))
    assert UNSIGNED_CONTENT in {alarm.code for alarm in report.alarms}


@pytest.mark.parametrize("name", HONEST)
def test_honest_twin_passes(name: str) -> None:
    structure = scan_structure(HONEST[name](), Limits())
    assert [signature.reasons for signature in structure.signatures] == [()]
    assert structure.sound is True
