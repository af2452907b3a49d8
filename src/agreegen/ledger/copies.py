"""Numbers of copies, as people write them: `1-3, 5`."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agreegen.errors import SpokenValueError
from agreegen.messages import message

MOST_COPIES = 10_000
"""How many copies one item may have."""

_PART = re.compile(r"(\d{1,5})(?:\s*[-–—~～]\s*(\d{1,5}))?\Z")
_BETWEEN = re.compile(r"[,，、;；\s]+")


def parse_numbers(text: str) -> tuple[int, ...]:
    """Read numbers of copies, each once, in order.

    Raises:
        ValueError: It is something else, a range runs backwards, or a number stands twice.
    """
    found: list[int] = []
    compact = re.sub(r"\s*([-–—~～])\s*", r"\1", text.strip())
    for part in _BETWEEN.split(compact):
        match = _PART.match(part)
        if match is None:
            raise SpokenValueError(message("ledger.no-copies-named", text=text))
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= MOST_COPIES:
            raise SpokenValueError(message("ledger.copies-out-of-range", part=part, most=MOST_COPIES))
        found.extend(range(first, last + 1))
    if len(set(found)) != len(found):
        raise SpokenValueError(message("ledger.copy-named-twice", text=text))
    return tuple(sorted(found))


def format_numbers(numbers: Iterable[int]) -> str:
    """Write numbers of copies, neighbours as ranges; reads back with `parse_numbers`."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
