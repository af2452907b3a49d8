"""Proofs of existence: what trusted document timestamps show about everything that they cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Proofs:
    """Proofs of existence by document timestamps (EN 319 102-1, clause 5.6.2.3), newest revision first.

    Attributes:
        now: Time of the verification; whatever nothing else proves exists since then.
        stamps: For each trusted document timestamp, the revision it covers and its time.
    """

    now: datetime
    stamps: tuple[tuple[int, datetime], ...] = ()

    def of(self, revision: int | None) -> datetime:
        """Return the earliest time at which the content of a revision is known to have existed."""
        if revision is None:
            return self.now
        return min((time for covered, time in self.stamps if covered >= revision), default=self.now)

    def of_container(self, revision: int | None) -> datetime:
        """Return the earliest time at which the container of a signature over a revision is known to exist.

        What stands in `/Contents` is left out of the bytes that it signs, so only later timestamps prove it.
        A document timestamp proves nothing about evidence that was put beside its own token afterwards, by
        whoever has the key of an authority that has expired since.
        """
        if revision is None:
            return self.now
        return self.of(revision + 1)

    def adding(self, revision: int, time: datetime) -> Proofs:
        """Return these proofs and one more."""
        return Proofs(self.now, (*self.stamps, (revision, time)))

    def before(self, revision: int) -> tuple[datetime, ...]:
        """Return the times that a signature over this revision, made later, already contained."""
        return tuple(time for covered, time in self.stamps if covered < revision)
