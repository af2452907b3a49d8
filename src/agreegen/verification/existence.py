"""Proofs of existence from outside of a file: its evidence records (RFC 4998; EN 319 102-1, 5.6.2.3).

A record proves when a file existed, whole and as it is now. That bears out B-B signatures whose certificates
have run out since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from agreegen.model.report import Changes, Coverage, SignatureKind
from agreegen.pki.algorithms import AlgorithmUse, compute_digest
from agreegen.pki.cms.signature_facts import SignatureFacts, TimestampFacts
from agreegen.pki.evidence_records.checking import LinkFacts, check_record
from agreegen.pki.evidence_records.record import EvidenceRecord, RecordError
from agreegen.pki.trust.policy import ValidationPolicy
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.judgement import FileJudge


@dataclass(frozen=True, slots=True)
class ProofOfExistence:
    """What a record proves.

    Attributes:
        time: When the data existed at the latest, aware UTC; None where nothing is proved.
        links: Its archive timestamps, oldest first.
        reasons: Why nothing is proved, one sentence each.
    """

    time: datetime | None
    links: tuple[LinkFacts, ...] = ()
    reasons: tuple[str, ...] = ()


def prove_existence(
    data: bytes, record_der: bytes, options: Options, policy: ValidationPolicy
) -> ProofOfExistence:
    """Judge an evidence record over a file's bytes; the caller's anchors decide.

    Args:
        data: The file.
        record_der: The record, DER.
        options: Anchors, lists and time of the verification.
        policy: Which algorithms held until when.
    """
    try:
        record = EvidenceRecord.parse(record_der)
        links = check_record(record, lambda name: compute_digest(name.replace("-", "_"), data))
    except RecordError as exc:
        return ProofOfExistence(None, reasons=(f"the evidence record cannot be judged: {exc}",))
    return judge_links(links, options, policy)


def judge_links(links: Sequence[LinkFacts], options: Options, policy: ValidationPolicy) -> ProofOfExistence:
    """Judge the archive timestamps of a record, all of them, from the newest to the oldest.

    1. Each is over what it should be over (`check_record`).
    2. The newest service's certificate holds now; each other one's at the time that the next token proves.
    3. Each hash function holds until the next hash-tree renewal, the last one's until now.
    """
    problems = tuple(
        f"archive timestamp {number}: {link.problem}" for number, link in enumerate(links, 1) if link.problem
    )
    if problems:
        return ProofOfExistence(None, tuple(links), problems)
    structure = Structure(tuple(range(len(links))), tuple(_found(index) for index in range(len(links))))
    facts = tuple(_facts(link.token) for link in links)
    judge = FileJudge(structure, facts, options, policy)
    reasons: list[str] = []
    for index, link in enumerate(links):
        result = judge.stamp_result(index)
        if result is None or result.subindication is not None:
            why = "; ".join(result.reasons) if result else "its service cannot be judged"
            reasons.append(f"archive timestamp {index + 1} is not trusted: {why}")
        ends = next((later.token.time for later in links[index + 1 :] if later.renews_hash), None)
        weak = policy.weakness(
            AlgorithmUse("hash tree", "", link.hash_name.replace("-", "_")), ends or judge.now
        )
        if weak is not None:
            reasons.append(f"archive timestamp {index + 1}: {weak}")
    return ProofOfExistence(None if reasons else links[0].token.time, tuple(links), tuple(reasons))


def _found(revision: int) -> FoundSignature:
    return FoundSignature(
        field=None,
        object_number=None,
        kind=SignatureKind.TIMESTAMP,
        subfilter="ETSI.RFC3161",
        byte_range=None,
        contents=None,
        revision=revision,
        coverage=Coverage.REVISION,
        changes=Changes.NONE,
    )


def _facts(token: TimestampFacts) -> SignatureFacts:
    return SignatureFacts(
        token.integrity,
        token.subindication,
        certificate=token.certificate,
        certificates=token.certificates,
        crls_der=token.crls_der,
        ocsps_der=token.ocsps_der,
        algorithms=token.algorithms,
        timestamps=(token,),
        claimed_time=token.time,
        reasons=token.reasons,
    )
