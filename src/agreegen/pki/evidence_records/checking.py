"""Whether an evidence record ties a file to its timestamps (RFC 4998, 5.3); trust is left to the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agreegen.messages import Message, join_sentences, message
from agreegen.model.report import Integrity
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.cms.timestamp_tokens import check_token
from agreegen.pki.evidence_records.hash_tree import hash_of
from agreegen.pki.evidence_records.record import EvidenceRecord, imprint_of, renewed_leaf


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """One archive timestamp of a record, its cryptography checked.

    Attributes:
        hash_name: Hash function of its tree.
        token: The token's facts.
        problem: Why it does not prove what it should; None where it does.
        renews_hash: Whether it begins a chain by a hash-tree renewal.
    """

    hash_name: str
    token: TimestampFacts
    problem: Message | None = None
    renews_hash: bool = False


def check_record(record: EvidenceRecord, data_hash: Callable[[str], bytes]) -> tuple[LinkFacts, ...]:
    """Check every archive timestamp of a record, oldest first: the first, the last and all between.

    1. The first of a chain is over the file: by its hash, or after a hash-tree renewal by
       H(H(file) ‖ H(chains before)).
    2. Each further one is over the token before it, by the hash function of the chain.
    3. Each token is right by itself (imprint, signature, signing certificate).
    4. Times do not run backwards.

    What the caller still owes: trust in each service at the time that the next token proves, and the
    strength of each hash function at that time.

    Args:
        record: The record.
        data_hash: Gives the file's hash by name of the hash function.
    """
    found: list[LinkFacts] = []
    for number, chain in enumerate(record.chains):
        name = chain[0].hash_name
        leaf = data_hash(name)
        if number:
            leaf = renewed_leaf(name, leaf, record.chains[:number])
        for position, stamp in enumerate(chain):
            begins = number > 0 and position == 0
            found.append(_check_link(stamp.hash_name, stamp.root(leaf), stamp.token, found, begins=begins))
            leaf = hash_of(name, stamp.token)
    return tuple(found)


def _check_link(
    hash_name: str, root: bytes | None, token: bytes, before: list[LinkFacts], *, begins: bool
) -> LinkFacts:
    facts = check_token(token, lambda _: root or b"", "document", [])
    stated, imprint = imprint_of(token)
    problem: Message | None = None
    if root is None:
        problem = message("pki.hash-tree-does-not-hold-hash")
    elif (stated, imprint) != (hash_name, root):
        problem = message("pki.token-over-another-hash")
    elif facts.integrity is not Integrity.INTACT:
        problem = join_sentences(facts.reasons) or message("pki.token-not-right")
    elif before and not _follows(facts.time, before[-1].token.time):
        problem = message("pki.time-before-timestamp-renews")
    return LinkFacts(hash_name, facts, problem, begins)


def _follows(time: datetime | None, earlier: datetime | None) -> bool:
    return time is not None and earlier is not None and time >= earlier
