"""Merkle trees of RFC 4998, 4.2: the hashes of a group are sorted, put together and hashed."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[tuple[bytes, ...], ...]
"""What stands beside a hash on its way to the root, lowest level first; empty where the hash is the root."""

ReducedTree = tuple[tuple[bytes, ...], ...]
"""A reduced hash tree: the first group holds the leaf itself; empty where the leaf is the root."""

HASH_NAMES = ("sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512")
"""The hash functions that a tree may be built with."""


def hash_of(name: str, *parts: bytes) -> bytes:
    """Return the hash of parts put together.

    Args:
        name: One of `HASH_NAMES`.
        parts: Bytes, in order.

    Raises:
        ValueError: The hash function is not one that records may use.
    """
    if name not in HASH_NAMES:
        raise ValueError(f"{name} is no hash function of evidence records")
    digest = hashlib.new(name.replace("-", "_"))
    for part in parts:
        digest.update(part)
    return digest.digest()


def group_hash(name: str, hashes: Iterable[bytes]) -> bytes:
    """Return the hash of a group: its members in binary ascending order, put together (RFC 4998, 4.2)."""
    return hash_of(name, *sorted(hashes))


@dataclass(frozen=True, slots=True)
class HashTree:
    """A binary tree over distinct leaves.

    Attributes:
        hash_name: The hash function.
        levels: Hashes of each level, the sorted leaves first, the root last.
    """

    hash_name: str
    levels: tuple[tuple[bytes, ...], ...]

    @classmethod
    def over(cls, hash_name: str, leaves: Iterable[bytes]) -> HashTree:
        """Build the tree over leaves; what occurs twice is one leaf.

        Raises:
            ValueError: There is no leaf.
        """
        level = tuple(sorted(set(leaves)))
        if not level:
            raise ValueError("a hash tree needs a leaf")
        levels = [level]
        while len(level) > 1:
            pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
            level = tuple(group_hash(hash_name, pair) if len(pair) == 2 else pair[0] for pair in pairs)
            levels.append(level)
        return cls(hash_name, tuple(levels))

    @property
    def root(self) -> bytes:
        """The hash that is timestamped."""
        return self.levels[-1][0]

    def path(self, leaf: bytes) -> Path:
        """Return what leads from a leaf to the root.

        Raises:
            KeyError: The tree has no such leaf.
        """
        at = bisect_left(self.levels[0], leaf)
        if at == len(self.levels[0]) or self.levels[0][at] != leaf:
            raise KeyError("the tree has no such leaf")
        found = []
        for level in self.levels[:-1]:
            beside = at ^ 1
            if beside < len(level):
                found.append((level[beside],))
            at //= 2
        return tuple(found)


def reduce_tree(leaf: bytes, path: Path) -> ReducedTree:
    """Return the reduced hash tree of a leaf, as a record holds it (RFC 4998, 4.2)."""
    if not path:
        return ()
    return (tuple(sorted((leaf, *path[0]))), *path[1:])


def climb(hash_name: str, leaf: bytes, tree: Sequence[Sequence[bytes]]) -> bytes | None:
    """Return the root that a leaf leads to; None where the reduced tree does not hold it (RFC 4998, 4.3)."""
    if not tree:
        return leaf
    if leaf not in tree[0]:
        return None
    value = group_hash(hash_name, tree[0])
    for beside in tree[1:]:
        value = group_hash(hash_name, (value, *beside))
    return value
