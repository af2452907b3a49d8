"""How long people stay bound after leaving."""

from __future__ import annotations

from datetime import date

import pytest

from agreegen.ledger.people import Grade, add_months


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 1), 24, date(2028, 12, 1)),
        (date(2026, 5, 31), 12, date(2027, 5, 31)),
    ],
)
def test_a_period_ends_on_the_same_day_or_the_last_of_its_month(day: date, months: int, until: date) -> None:
    assert add_months(day, months) == until


def test_a_higher_grade_is_bound_no_shorter() -> None:
    assert Grade.CORE.months >= Grade.IMPORTANT.months >= Grade.GENERAL.months > Grade.NONE.months
