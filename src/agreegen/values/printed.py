"""Values as documents print them, whatever the language of who makes them."""

from __future__ import annotations

from datetime import date

from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.values")["printed"]

DATE_BLANK: str = _WORDS["no_day"]
"""Stands for a date that was not given."""


def print_day(day: date) -> str:
    """Return a day in figures without leading zeros."""
    return str(_WORDS["day"].format(year=day.year, month=day.month, day=day.day))


def print_yes_no(value: bool) -> str:
    """Return the word for yes or no."""
    return str(_WORDS["yes" if value else "no"])
