"""Field types: parse, normalise, validate and mask what people write into parameter files and rosters."""

from __future__ import annotations

from agreegen.values.masking import mask, quote
from agreegen.values.parse import ParsedValues, parse_value, parse_values, warn_about
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.yes_no import parse_yes_no

__all__ = [
    "ParsedValues",
    "RawValue",
    "ValueProblem",
    "mask",
    "parse_value",
    "parse_values",
    "parse_yes_no",
    "quote",
    "warn_about",
]
