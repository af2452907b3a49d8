"""What a filled field shows in some reader only is nobody's word, and never passes for what was signed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agreegen.model.report import Verdict
from agreegen.verification.examination import examine
from agreegen.verification.interface import COVERS_CONTENT, UNSIGNED_CONTENT, Options
from tests.attacks.increments import stream
from tests.attacks.looks_from_elsewhere import ELSEWHERE, FORM, SEALS, SOURCES, WORDS, filled_with


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_comes_from_elsewhere_is_told_as_unsigned(name: str) -> None:
    report = examine(name, ELSEWHERE[name](), Options(now=datetime.now(UTC)))
    assert report.verdict is not Verdict.VALID
    assert UNSIGNED_CONTENT in {alarm.code for alarm in report.alarms}


@pytest.mark.parametrize("name", SOURCES)
def test_what_draws_from_elsewhere_is_no_filling_in(name: str) -> None:
    report = examine(name, ELSEWHERE[name](), Options(now=datetime.now(UTC)))
    assert report.unaltered is False
    # The same, drawn from the file itself, is.
    twin = examine(name, filled_with(stream(WORDS, FORM)), Options(now=datetime.now(UTC)))
    assert twin.unaltered is True


def test_stroke_that_joins_one_under_a_timestamp_is_for_a_person_to_judge() -> None:
    data = ELSEWHERE["stroke that joins a stroke under a timestamp"]()
    report = examine("x.pdf", data, Options(now=datetime.now(UTC)))
    assert report.unaltered is None
    assert COVERS_CONTENT in {alarm.code for alarm in report.alarms}


@pytest.mark.parametrize(
    ("name", "unaltered"), [("transfer function over text", None), ("sheet that darkens", True)]
)
def test_look_of_a_signature_is_measured_whatever_its_state_says(name: str, unaltered: bool | None) -> None:
    report = examine(name, SEALS[name](), Options(now=datetime.now(UTC)))
    assert report.unaltered is unaltered
