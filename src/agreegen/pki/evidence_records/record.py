"""The evidence record: its values, and its ASN.1 (RFC 4998, appendix A). Tokens are kept byte for byte."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from asn1crypto import algos, cms, core, tsp

from agreegen.errors import SpokenError
from agreegen.messages import message
from agreegen.pki.encoding import tlv
from agreegen.pki.evidence_records.hash_tree import HASH_NAMES, ReducedTree, climb, hash_of

MAX_RECORD_BYTES = 16 << 20
"""A larger record is not read."""


class _PartialHashtree(core.SequenceOf):  # type: ignore[misc]  # asn1crypto ships no types
    _child_spec = core.OctetString


class _PartialHashtrees(core.SequenceOf):  # type: ignore[misc]  # the same
    _child_spec = _PartialHashtree


class _ArchiveTimeStamp(core.Sequence):  # type: ignore[misc]  # the same
    _fields = [  # noqa: RUF012  # asn1crypto reads the list
        ("digest_algorithm", algos.DigestAlgorithm, {"implicit": 0, "optional": True}),
        ("attributes", cms.CMSAttributes, {"implicit": 1, "optional": True}),
        ("reduced_hashtree", _PartialHashtrees, {"implicit": 2, "optional": True}),
        ("time_stamp", core.Any),
    ]


class _Chain(core.SequenceOf):  # type: ignore[misc]  # the same
    _child_spec = _ArchiveTimeStamp


class _Chains(core.SequenceOf):  # type: ignore[misc]  # the same
    _child_spec = _Chain


class _Algorithms(core.SequenceOf):  # type: ignore[misc]  # the same
    _child_spec = algos.DigestAlgorithm


class _Record(core.Sequence):  # type: ignore[misc]  # the same
    _fields = [  # noqa: RUF012  # the same
        ("version", core.Integer),
        ("digest_algorithms", _Algorithms),
        ("crypto_infos", cms.CMSAttributes, {"implicit": 0, "optional": True}),
        ("encryption_info", tsp.EncryptionInfo, {"implicit": 1, "optional": True}),
        ("archive_time_stamp_sequence", _Chains),
    ]


class RecordError(SpokenError, ValueError):
    """The bytes are no evidence record that can be judged."""


@dataclass(frozen=True, slots=True)
class ArchiveTimestamp:
    """One archive timestamp (RFC 4998, 4.1): a token, and the way from a hash to the one that it is over.

    Attributes:
        hash_name: Hash function of the tree.
        tree: The reduced hash tree; empty where the token is over the hash itself.
        token: DER of the RFC 3161 token, byte for byte as the service gave it.
    """

    hash_name: str
    tree: ReducedTree
    token: bytes

    def __post_init__(self) -> None:
        if self.hash_name not in HASH_NAMES:
            raise RecordError(message("pki.no-hash-function-evidence-records", hash_name=self.hash_name))

    def root(self, leaf: bytes) -> bytes | None:
        """Return the hash that the token must be over; None where the tree does not hold the leaf."""
        return climb(self.hash_name, leaf, self.tree)


Chain = tuple[ArchiveTimestamp, ...]
"""Archive timestamps over the same data by the same hash function, oldest first (RFC 4998, 5.1)."""


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """The proof of existence of one file (RFC 4998, 3.1).

    Attributes:
        chains: Oldest first; each but the first was begun by a hash-tree renewal.
    """

    chains: tuple[Chain, ...]

    def __post_init__(self) -> None:
        if not self.chains or not all(self.chains):
            raise RecordError(message("pki.evidence-record-needs-archive-timestamp-each"))
        if any(len({stamp.hash_name for stamp in chain}) > 1 for chain in self.chains):
            raise RecordError(message("pki.archive-timestamps-one-chain-use-one"))

    @property
    def stamps(self) -> tuple[ArchiveTimestamp, ...]:
        """All archive timestamps, oldest first."""
        return tuple(stamp for chain in self.chains for stamp in chain)

    def encode(self) -> bytes:
        """Return the DER of the record."""
        names = dict.fromkeys(stamp.hash_name for stamp in self.stamps)
        algorithms = tlv(0x30, *(_algorithm(0x30, name) for name in names))
        return tlv(0x30, tlv(0x02, b"\x01"), algorithms, _encode_chains(self.chains))

    @classmethod
    def parse(cls, data: bytes) -> EvidenceRecord:
        """Read a record.

        Raises:
            RecordError: It is too large, not DER, of another version, encrypted, or not as RFC 4998 wants it.
        """
        if len(data) > MAX_RECORD_BYTES:
            raise RecordError(message("pki.larger-than-mib", max_record_bytes=MAX_RECORD_BYTES >> 20))
        try:
            record = cls(tuple(_read_chain(chain) for chain in _load(data)["archive_time_stamp_sequence"]))
        except RecordError:
            raise
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise RecordError(message("pki.no-evidence-record")) from exc
        if record.encode() != data:
            # A hash-tree renewal hashes the chains as they are written; other spellings have other hashes.
            raise RecordError(message("pki.holds-more-than-hash-trees-tokens"))
        return record


def _load(data: bytes) -> Any:
    parsed = _Record.load(data, strict=True)
    if parsed["version"].native != 1:
        raise RecordError(message("pki.another-version-than-1"))
    if not isinstance(parsed["encryption_info"], core.Void):
        raise RecordError(message("pki.records-over-encrypted-data-not-judged"))
    return parsed


def renewed_leaf(hash_name: str, data_hash: bytes, chains: tuple[Chain, ...]) -> bytes:
    """Return the leaf that a hash-tree renewal gives a file: H(H(data) ‖ H(chains)) (RFC 4998, 5.2).

    The two are put together in this order, not sorted: so the text has it, and not its figure 4.

    Args:
        hash_name: The new hash function.
        data_hash: The file's hash by it.
        chains: The file's chains so far.
    """
    return hash_of(hash_name, data_hash, hash_of(hash_name, _encode_chains(chains)))


@functools.cache
def _algorithm(tag: int, hash_name: str) -> bytes:
    """Return the AlgorithmIdentifier of a hash function; parameters are absent (RFC 5754, 2)."""
    oid = algos.DigestAlgorithmId(hash_name.replace("-", "_"))
    return tlv(tag, bytes(oid.dump()))


def _encode_chains(chains: tuple[Chain, ...]) -> bytes:
    # By hand: a hash-tree renewal does this once a file.
    return tlv(0x30, *(tlv(0x30, *(_encode_stamp(stamp) for stamp in chain)) for chain in chains))


def _encode_stamp(stamp: ArchiveTimestamp) -> bytes:
    groups = [tlv(0x30, *(tlv(0x04, value) for value in group)) for group in stamp.tree]
    tree = tlv(0xA2, *groups) if groups else b""
    return tlv(0x30, _algorithm(0xA0, stamp.hash_name), tree, stamp.token)


def _read_chain(chain: Any) -> Chain:
    return tuple(_read_stamp(stamp) for stamp in chain)


def _read_stamp(stamp: Any) -> ArchiveTimestamp:
    token = bytes(stamp["time_stamp"].dump())
    tree = stamp["reduced_hashtree"]
    groups = (
        () if isinstance(tree, core.Void) else tuple(tuple(item.native for item in group) for group in tree)
    )
    if any(not group for group in groups):
        raise RecordError(message("pki.group-hash-tree-empty"))
    stated = stamp["digest_algorithm"]
    name = imprint_of(token)[0] if isinstance(stated, core.Void) else str(stated["algorithm"].native)
    return ArchiveTimestamp(name.replace("_", "-"), groups, token)


def imprint_of(token: bytes) -> tuple[str, bytes]:
    """Return hash function and hash that a timestamp token is over; nothing is checked.

    Raises:
        RecordError: It is no token.
    """
    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        imprint = signed["encap_content_info"]["content"].parsed["message_imprint"]
        name = str(imprint["hash_algorithm"]["algorithm"].native)
        return name.replace("_", "-"), bytes(imprint["hashed_message"].native)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise RecordError(message("pki.one-tokens-cannot-read")) from exc
