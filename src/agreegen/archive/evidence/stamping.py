"""Timestamping bags and renewing what proves them, all bags of a call together (RFC 4998, 4.2, 5.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import cms

from agreegen.archive.evidence.store import has_evidence, kept_files, read_evidence, write_evidence
from agreegen.archive.evidence.values import BagChain, BagEvidence, BagStamp
from agreegen.archive.gathering import certificate_name
from agreegen.archive.interface import PAYLOAD_MANIFEST
from agreegen.archive.manifests import parse_manifest
from agreegen.errors import ArchiveError, UsageError
from agreegen.messages import message
from agreegen.pki.evidence_records.hash_tree import HashTree
from agreegen.pki.evidence_records.supplement import supporting
from agreegen.signing.interface import Trust

_BLOCK_BYTES = 1 << 20
DEFAULT_HASH = "sha256"
RENEWAL_HASHES = ("sha256", "sha384", "sha512")
"""What services are asked over; a token over another hash function is read all the same."""

Stamper = Callable[[bytes, str], bytes]
"""Returns the DER of a token over a hash by the named function; `TimestampClient.timestamp_digest`."""


@dataclass(frozen=True, slots=True)
class StampedBags:
    """What a call did.

    Attributes:
        bags: The bags.
        files: Number of files that are proved.
        tokens: Number of requests that were made.
    """

    bags: tuple[Path, ...]
    files: int
    tokens: int


def timestamp_bags(
    bags: Sequence[Path], stamp: Stamper, trust: Trust, *, hash_name: str = DEFAULT_HASH
) -> StampedBags:
    """Put all files of all bags under one token.

    1. Every payload file is hashed, and must be the one that the bag's manifest lists.
    2. One tree over the files of each bag, one over the bags; one request.
    3. Each bag keeps the token, its own way to it, the service's certificates and the lists at hand.

    Args:
        bags: Bags without evidence.
        stamp: Asks for a token.
        trust: Certificates and lists to keep with the token.
        hash_name: One of `RENEWAL_HASHES`.

    Raises:
        UsageError: A bag has evidence already, or is no bag.
        ArchiveError: A file is not the listed one; nothing was written.
        TimestampError: No service gave a token; nothing was written.
    """
    for bag in bags:
        if has_evidence(bag):
            raise UsageError(
                message("archive.timestamped-already", bag=bag),
                hint=message("archive.use-agreegen-archive-renew"),
            )
    hashes = {bag: hash_payload(bag, hash_name) for bag in bags}
    roots = {bag: HashTree.over(hash_name, found.values()).root for bag, found in hashes.items()}
    stamps = _stamp_together(roots, hash_name, stamp)
    for bag in bags:
        chain = BagChain(hash_name, hashes[bag], (stamps[bag],))
        _write(bag, BagEvidence((chain,)), trust)
    return StampedBags(tuple(bags), sum(map(len, hashes.values())), 1)


def renew_bags(
    bags: Sequence[Path], stamp: Stamper, trust: Trust, *, hash_name: str | None = None
) -> StampedBags:
    """Renew the proof of bags before it ends (RFC 4998, 5.2).

    Where the hash function stays, a new token is put over the last one (timestamp renewal): the files are not
    read. Where it changes, every file is hashed anew, and the new token covers file and older evidence
    together (hash-tree renewal). Before that, the certificates and lists that bear out the last token go into
    it, so that the new one proves when they existed.

    Args:
        bags: Bags with evidence; the caller owes that it still holds.
        stamp: Asks for a token.
        trust: Certificates and lists to keep.
        hash_name: The new hash function; None keeps each bag's.

    Raises:
        UsageError: A bag was never timestamped.
        ArchiveError: Evidence is damaged, or a file is not the listed one; nothing was written.
        TimestampError: No service gave a token; nothing was written.
    """
    known = {bag: _evidence_of(bag, trust) for bag in bags}
    renewed: dict[Path, BagEvidence] = {}
    groups: dict[str, dict[Path, BagEvidence]] = {}
    for bag, evidence in known.items():
        groups.setdefault(hash_name or evidence.chains[-1].hash_name, {})[bag] = evidence
    for name, members in groups.items():
        renewed |= _renew_together(members, name, stamp)
    for bag, evidence in renewed.items():
        _write(bag, evidence, trust)
    return StampedBags(tuple(bags), sum(len(e.chains[0].hashes) for e in known.values()), len(groups))


def _renew_together(members: dict[Path, BagEvidence], name: str, stamp: Stamper) -> dict[Path, BagEvidence]:
    """Renew bags under one token; those that had another hash function are hashed anew."""
    stays = {bag for bag, evidence in members.items() if evidence.chains[-1].hash_name == name}
    fresh = {bag: hash_payload(bag, name) for bag in members if bag not in stays}
    roots = {bag: members[bag].chains[-1].renewal_root for bag in members if bag in stays}
    roots |= {bag: members[bag].root_for_renewal(name, found) for bag, found in fresh.items()}
    renewed = {}
    for bag, new in _stamp_together(roots, name, stamp).items():
        chains = members[bag].chains
        if bag in stays:
            renewed[bag] = BagEvidence((*chains[:-1], chains[-1].renewed(new)))
        else:
            renewed[bag] = BagEvidence((*chains, BagChain(name, fresh[bag], (new,))))
    return renewed


def _evidence_of(bag: Path, trust: Trust) -> BagEvidence:
    if not has_evidence(bag):
        raise UsageError(
            message("archive.was-never-timestamped", bag=bag),
            hint=message("archive.use-agreegen-archive-timestamp-first"),
        )
    kept = [path.read_bytes() for path in kept_files(bag, "certificates")]
    lists = [path.read_bytes() for path in kept_files(bag, "crls")]
    evidence = read_evidence(bag)
    authorities, fitting = supporting(evidence.chains[-1].stamps[-1].token, kept, (*lists, *trust.crls_der))
    return evidence.supplemented(authorities, fitting)


def hash_payload(bag: Path, hash_name: str) -> dict[str, bytes]:
    """Hash every payload file of a bag; each must still be the one that the manifest lists.

    Raises:
        UsageError: It is no bag.
        ArchiveError: A file is missing, unreadable or changed.
    """
    try:
        listed, problems = parse_manifest((bag / PAYLOAD_MANIFEST).read_bytes())
    except OSError as exc:
        raise UsageError(
            message("archive.no-bag", bag=bag),
            hint=message("archive.name-folder-agreegen-archive-create-wrote"),
        ) from exc
    if problems or not listed:
        raise ArchiveError(
            message(
                "model.place-and-problem",
                place=bag / PAYLOAD_MANIFEST,
                problem=problems[0] if problems else message("archive.lists-nothing"),
            ),
            hint=message("archive.run-agreegen-archive-verify"),
        )
    return {path: _hash_listed(bag, path, digest, hash_name) for path, digest in listed.items()}


def _hash_listed(bag: Path, path: str, listed: str, hash_name: str) -> bytes:
    try:
        found = hash_file(bag / path, "sha256", hash_name)
    except OSError as exc:
        raise ArchiveError(
            message("archive.cannot-read-3", bag=bag / path, exc=exc),
            hint=message("archive.run-agreegen-archive-verify"),
        ) from exc
    if found["sha256"].hex() != listed:
        raise ArchiveError(
            message("archive.not-file-manifest-lists", bag=bag / path),
            hint=message("archive.run-agreegen-archive-verify"),
        )
    return found[hash_name]


def hash_file(path: Path, *hash_names: str) -> dict[str, bytes]:
    """Return hashes of a file by their functions' names; it is read once, in blocks.

    Raises:
        OSError: It cannot be read.
    """
    digests = {name: hashlib.new(name.replace("-", "_")) for name in hash_names}
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            for digest in digests.values():
                digest.update(block)
    return {name: digest.digest() for name, digest in digests.items()}


def _stamp_together(roots: Mapping[Path, bytes], hash_name: str, stamp: Stamper) -> dict[Path, BagStamp]:
    tree = HashTree.over(hash_name, roots.values())
    token = stamp(tree.root, hash_name)
    return {bag: BagStamp(token, tree.path(root)) for bag, root in roots.items()}


def _write(bag: Path, evidence: BagEvidence, trust: Trust) -> None:
    token = cms.ContentInfo.load(evidence.chains[-1].stamps[-1].token)
    found = [choice.chosen.dump() for choice in token["content"]["certificates"]]
    certificates = {certificate_name(der): der for der in (*found, *trust.anchors_der)}
    write_evidence(bag, evidence, certificates=certificates, crls=trust.crls_der)
