"""People who leave: what they still have, and how long they stay bound (脱密期)."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from agreegen.ledger.holdings import Copy, Holdings
from agreegen.ledger.interface import Signature


class Grade(StrEnum):
    """The grade of a post that handles state secrets; `none` for a post that does not."""

    CORE = "core"
    IMPORTANT = "important"
    GENERAL = "general"
    NONE = "none"

    @property
    def months(self) -> tuple[int, int]:
        """Shortest and longest period after leaving, in months."""
        return _MONTHS[self]


# 核心涉密人员 2–3 years, 重要 1–2 years, 一般 6 months to 1 year
_MONTHS = {Grade.CORE: (24, 36), Grade.IMPORTANT: (12, 24), Grade.GENERAL: (6, 12), Grade.NONE: (0, 0)}


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, the month's last where it has no such day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


@dataclass(frozen=True, slots=True)
class Clearance:
    """Whether somebody may leave.

    Attributes:
        name: Who leaves.
        out: The copies that they still have or answer for.
        pledge: Where the signed leaving pledge is found; None while it is missing.
        left: The day of leaving, where it is recorded already.
    """

    name: str
    out: tuple[Copy, ...]
    pledge: Signature | None
    left: date | None = None

    @property
    def open(self) -> bool:
        """Whether anything stands against leaving."""
        return bool(self.out) or self.pledge is None


def clear(holdings: Holdings, name: str, pledge: Signature | None) -> Clearance:
    """Return whether somebody may leave.

    Args:
        holdings: Who has what now.
        name: Who leaves.
        pledge: Where the signed pledge is found; None for nowhere.
    """
    return Clearance(name, tuple(holdings.held_by(name)), pledge, holdings.left.get(name))
