"""Proofs of existence from outside of a file: its evidence records (RFC 4998; EN 319 102-1, 5.6.2.3).

A record proves when a file existed, whole and as it is now. That bears out B-B signatures whose certificates
have run out since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agreegen.messages import Message, join_sentences, message
from agreegen.model.report import Alarm, Changes, Coverage, SignatureKind
from agreegen.pki.algorithms import AlgorithmUse, compute_digest
from agreegen.pki.cms.container_check import facts_of_token
from agreegen.pki.evidence_records.checking import LinkFacts, check_record
from agreegen.pki.evidence_records.record import EvidenceRecord, RecordError
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.pki.trust.evidence import Item
from agreegen.pki.trust.policy import ValidationPolicy
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.signatures.judgement import FileJudge, OutsideProof


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
    reasons: tuple[Message, ...] = ()

    @property
    def remarks(self) -> tuple[Alarm, ...]:
        """What a recipient is told of a proof that holds."""
        if self.time is None:
            return ()
        return (Alarm("evidence", message("verification.evidence", time=self.time)),)


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
        return ProofOfExistence(
            None, reasons=(message("verification.evidence-not-judged", cause=exc.sentence),)
        )
    return judge_links(links, options, policy)


@dataclass(frozen=True, slots=True)
class OutsideEvidence:
    """What all records that the caller gave say about a file.

    Attributes:
        proof: Since when the file exists, and the lists that records carry or are about.
        alarms: An alarm where records were given and none proves anything.
        remarks: What a recipient is told of a proof that holds.
    """

    proof: OutsideProof = field(default_factory=OutsideProof)
    alarms: tuple[Alarm, ...] = ()
    remarks: tuple[Alarm, ...] = ()


def weigh_records(data: bytes, options: Options, policy: ValidationPolicy) -> OutsideEvidence:
    """Judge the records that the caller gave; a record about another file is passed over.

    A record may be about a revocation list of the caller's as well: then the list counts from the time that
    it proves, and bears out what its issuer's certificate has outlived.
    """
    proofs = [prove_existence(data, der, options, policy) for der in options.evidence_der]
    proving = [proof for proof in proofs if proof.time is not None]
    if not proving:
        return OutsideEvidence(alarms=tuple(_nothing_proved(proofs)))
    best = min(proving, key=lambda proof: proof.time or options.now)
    crls = [Item(der, since) for since, link in _dated(best, options) for der in link.token.crls_der]
    ocsps = [Item(der, since) for since, link in _dated(best, options) for der in link.token.ocsps_der]
    crls += _lists_with_records(options, policy)
    return OutsideEvidence(OutsideProof(best.time, tuple(crls), tuple(ocsps)), remarks=best.remarks)


def _nothing_proved(proofs: Sequence[ProofOfExistence]) -> Iterator[Alarm]:
    about = [proof for proof in proofs if not proof.links or not proof.links[0].problem] or proofs
    for proof in about[:1]:
        told = message("verification.evidence-fails", reasons=join_sentences(proof.reasons))
        yield Alarm("evidence-fails", told)


def _dated(proof: ProofOfExistence, options: Options) -> Iterator[tuple[datetime, LinkFacts]]:
    """Give each archive timestamp with the time since which it is known to exist: that of the next one."""
    later = [link.token.time for link in proof.links[1:]]
    for link, since in zip(proof.links, [*later, None], strict=True):
        yield since or options.now, link


def _lists_with_records(options: Options, policy: ValidationPolicy) -> Iterator[Item]:
    for der in options.crls_der:
        times = [prove_existence(der, record, options, policy).time for record in options.evidence_der]
        since = min((time for time in times if time is not None), default=None)
        if since is not None:
            yield Item(der, since)


def judge_links(links: Sequence[LinkFacts], options: Options, policy: ValidationPolicy) -> ProofOfExistence:
    """Judge the archive timestamps of a record, all of them, from the newest to the oldest.

    1. Each is over what it should be over (`check_record`).
    2. The newest service's certificate holds now; each other one's at the time that the next token proves.
    3. Each hash function holds until the next hash-tree renewal, the last one's until now.
    """
    problems = tuple(
        message("verification.archive-timestamp", number=number, cause=link.problem)
        for number, link in enumerate(links, 1)
        if link.problem
    )
    if problems:
        return ProofOfExistence(None, tuple(links), problems)
    structure = Structure(tuple(range(len(links))), tuple(_found(index) for index in range(len(links))))
    facts = tuple(facts_of_token(link.token) for link in links)
    judge = FileJudge(structure, facts, options, policy)
    reasons: list[Message] = []
    for index, link in enumerate(links):
        reasons.extend(_distrust(judge.stamp_result(index), index + 1))
        ends = next((later.token.time for later in links[index + 1 :] if later.renews_hash), None)
        use = AlgorithmUse(message("pki.hash-tree"), "", link.hash_name.replace("-", "_"))
        weak = policy.weakness(use, ends or judge.now)
        if weak is not None:
            reasons.append(message("verification.archive-timestamp-2", index=index + 1, weak=weak))
    return ProofOfExistence(None if reasons else links[0].token.time, tuple(links), tuple(reasons))


def _distrust(result: CertificateResult | None, number: int) -> Iterator[Message]:
    if result is None:
        yield message("verification.archive-timestamp-not-trusted-service-cannot", number=number)
    elif result.subindication is not None:
        yield message(
            "verification.archive-timestamp-not-trusted", number=number, value=join_sentences(result.reasons)
        )


def _found(revision: int) -> FoundSignature:
    return FoundSignature(
        field=None,
        kind=SignatureKind.TIMESTAMP,
        subfilter="ETSI.RFC3161",
        byte_range=None,
        contents=None,
        revision=revision,
        coverage=Coverage.REVISION,
        changes=Changes.NONE,
    )
