"""What the evidence of a bag consists of, and how a file's own record follows from it (RFC 4998)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from agreegen.pki.evidence_records.hash_tree import (
    HashTree,
    Path,
    ReducedTree,
    group_hash,
    hash_of,
    reduce_tree,
)
from agreegen.pki.evidence_records.record import ArchiveTimestamp, Chain, EvidenceRecord, renewed_leaf
from agreegen.pki.evidence_records.supplement import supplement_token

EVIDENCE_FOLDER = "evidence"
"""Folder of a bag; like the bag's signature, no manifest lists what is in it."""


@dataclass(frozen=True, slots=True)
class BagStamp:
    """One token, as the files of a bag share it.

    Attributes:
        token: DER of the RFC 3161 token.
        path: What stands beside the bag's hash on its way to the hash that the token is over; other bags.
    """

    token: bytes
    path: Path = ()


@dataclass(frozen=True, slots=True)
class BagChain:
    """Tokens over the same files by one hash function, each but the first over the one before.

    Attributes:
        hash_name: The hash function.
        hashes: Payload path → hash of the file.
        stamps: Oldest first.
    """

    hash_name: str
    hashes: Mapping[str, bytes]
    stamps: tuple[BagStamp, ...]

    @property
    def renewal_root(self) -> bytes:
        """What a timestamp renewal puts under the next token (RFC 4998, 5.2).

        The RFC asks for the newest token; BouncyCastle looks for all of the chain. So all are one group.
        """
        group = _token_hashes(self)
        return group[0] if len(group) == 1 else group_hash(self.hash_name, group)

    def supplemented(self, certificates_der: Iterable[bytes], crls_der: Iterable[bytes]) -> BagChain:
        """Return the chain with what shows its newest token's service unrevoked, before another covers it."""
        last = self.stamps[-1]
        token = supplement_token(last.token, certificates_der, crls_der)
        return replace(self, stamps=(*self.stamps[:-1], replace(last, token=token)))

    def renewed(self, stamp: BagStamp) -> BagChain:
        """Return the chain with one more token."""
        return replace(self, stamps=(*self.stamps, stamp))


@dataclass(frozen=True)
class BagEvidence:
    """All chains of a bag, oldest first.

    Attributes:
        chains: The chains.
    """

    chains: tuple[BagChain, ...]

    @cached_property
    def _records(self) -> dict[str, EvidenceRecord]:
        found: dict[str, tuple[Chain, ...]] = dict.fromkeys(self.chains[0].hashes, ())
        for chain in self.chains:
            leaves = leaves_of(chain, found)
            tree = HashTree.over(chain.hash_name, leaves.values())
            later = _later_stamps(chain)
            first = chain.stamps[0]
            for path, leaf in leaves.items():
                reduced = reduce_tree(leaf, (*tree.path(leaf), *first.path))
                found[path] = (
                    *found[path],
                    (ArchiveTimestamp(chain.hash_name, reduced, first.token), *later),
                )
        return {path: EvidenceRecord(chains) for path, chains in found.items()}

    def records(self) -> Mapping[str, EvidenceRecord]:
        """Return the evidence record of every payload file, by its path in the bag."""
        return self._records

    def supplemented(self, certificates_der: Iterable[bytes], crls_der: Iterable[bytes]) -> BagEvidence:
        """Return the evidence with what shows its newest token's service unrevoked (RFC 4998, 3.2)."""
        last = self.chains[-1].supplemented(certificates_der, crls_der)
        return BagEvidence((*self.chains[:-1], last))

    def root_for_renewal(self, hash_name: str, hashes: Mapping[str, bytes]) -> bytes:
        """Return the bag's hash for a hash-tree renewal (RFC 4998, 5.2).

        Args:
            hash_name: The new hash function.
            hashes: Payload path → hash of the file by it.
        """
        chains = {path: record.chains for path, record in self._records.items()}
        leaves = leaves_of(BagChain(hash_name, hashes, ()), chains)
        return HashTree.over(hash_name, leaves.values()).root


def leaves_of(chain: BagChain, before: Mapping[str, tuple[Chain, ...]]) -> dict[str, bytes]:
    """Return the leaf of each file in a chain: its hash, or what a hash-tree renewal makes of it.

    Args:
        chain: The chain.
        before: Payload path → the file's chains before this one.
    """
    return {
        path: renewed_leaf(chain.hash_name, value, before[path]) if before[path] else value
        for path, value in chain.hashes.items()
    }


def _token_hashes(chain: BagChain) -> tuple[bytes, ...]:
    return tuple(hash_of(chain.hash_name, stamp.token) for stamp in chain.stamps)


def _later_stamps(chain: BagChain) -> Chain:
    hashes = _token_hashes(chain)
    return tuple(
        ArchiveTimestamp(chain.hash_name, _over_tokens(hashes[:number], stamp.path), stamp.token)
        for number, stamp in enumerate(chain.stamps)
        if number
    )


def _over_tokens(group: tuple[bytes, ...], path: Path) -> ReducedTree:
    return reduce_tree(group[0], path) if len(group) == 1 else (tuple(sorted(group)), *path)
