"""Chance spelled out in bytes, so that a coverage-guided fuzzer can vary one decision at a time."""

from __future__ import annotations

import random

_LARGEST_CHOICE_BITS = 64


class Recipe(random.Random):
    """A source of chance whose decisions are read from bytes, one after the other.

    Recipes that begin with the same bytes choose the same file and the same mutation; what follows says where
    and how. Behind its end, and for runs of chance bytes, numbers come from a generator seeded with it.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._data = data
        self._place = 0

    def random(self) -> float:
        """Return a number from 0 to below 1, of two bytes."""
        taken = self._take(2)
        return super().random() if taken is None else taken / 65536

    def getrandbits(self, k: int, /) -> int:
        """Return an integer of `k` bits, of as many bytes as it needs."""
        if k > _LARGEST_CHOICE_BITS:
            return super().getrandbits(k)
        size = (k + 7) // 8
        taken = self._take(size)
        return super().getrandbits(k) if taken is None else taken >> (8 * size - k)

    def _take(self, size: int) -> int | None:
        end = self._place + size
        if end > len(self._data):
            return None
        taken = int.from_bytes(self._data[self._place : end], "big")
        self._place = end
        return taken
