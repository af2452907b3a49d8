"""How long documents are kept (保管期限)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

MOST_YEARS = 100
_PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Retention:
    """A period of retention, counted from the first day of the year after the bag was made.

    Attributes:
        years: Number of years; None for permanent retention (永久).
    """

    years: int | None

    def __post_init__(self) -> None:
        if self.years is not None and not 1 <= self.years <= MOST_YEARS:
            raise ValueError(f"a period of retention has 1 to {MOST_YEARS} years")

    def __str__(self) -> str:
        return _PERMANENT if self.years is None else str(self.years)

    def ends(self, made: date) -> date | None:
        """Return the first day on which it is over; None where it never is."""
        return None if self.years is None else date(made.year + 1 + self.years, 1, 1)

    @classmethod
    def parse(cls, text: str) -> Retention:
        """Read a number of years, or `permanent`.

        Raises:
            ValueError: It is neither.
        """
        plain = text.strip().lower()
        if plain == _PERMANENT:
            return cls(None)
        if not (plain.isascii() and plain.isdigit() and len(plain) <= len(str(MOST_YEARS))):
            raise ValueError("a number of years, or permanent, is expected")
        return cls(int(plain))


def longest(periods: Iterable[Retention]) -> Retention | None:
    """Return the longest of some periods: what lies in one bag is kept together; None where there is none."""
    known = list(periods)
    if not known:
        return None
    years = [each.years for each in known if each.years is not None]
    return Retention(None) if len(years) < len(known) else Retention(max(years))
