"""Finding equal keys among millions of rows without keeping the keys."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Mapping
from hashlib import blake2b

_BUCKETS = 256
_ROWS_NAMED = 5


class DuplicateIndex:
    """Remembers eight bytes of a digest and a row number for every key: 12 bytes a row.

    Two of seven million different keys share a digest with a probability of about one in a million.
    """

    def __init__(self) -> None:
        self._digests = [array("Q") for _ in range(_BUCKETS)]
        self._rows = [array("I") for _ in range(_BUCKETS)]
        self._repeated: dict[int, list[int]] | None = None

    def add(self, key: str, row: int) -> None:
        """Remember a key and the row where it stands."""
        digest = _digest(key)
        self._digests[digest % _BUCKETS].append(digest)
        self._rows[digest % _BUCKETS].append(row)

    def others(self, key: str, row: int) -> tuple[int, ...]:
        """Return the first few other rows that have the same key."""
        rows = self._find_repeated().get(_digest(key), ())
        return tuple(other for other in rows if other != row)[:_ROWS_NAMED]

    def __len__(self) -> int:
        return sum(len(bucket) for bucket in self._digests)

    def _find_repeated(self) -> Mapping[int, list[int]]:
        if self._repeated is None:
            self._repeated = {}
            for digests, rows in zip(self._digests, self._rows, strict=True):
                self._repeated.update(_repeated_in(digests, rows))
            self._digests = [array("Q")]
            self._rows = [array("I")]
        return self._repeated


def _repeated_in(digests: array[int], rows: array[int]) -> dict[int, list[int]]:
    ordered = sorted(digests)
    repeated: dict[int, list[int]] = {one: [] for one, other in itertools.pairwise(ordered) if one == other}
    if repeated:
        for digest, row in zip(digests, rows, strict=True):
            found = repeated.get(digest)
            if found is not None and len(found) <= _ROWS_NAMED:
                found.append(row)
    return repeated


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())
