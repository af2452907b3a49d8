"""What certificates are judged on: anchors, certificates at hand, revocation evidence, for one time.

Files of a batch bring the same certificates and no evidence of their own, so they share it: what
was found out about a certificate from the very same material holds for the next file, too.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agreegen.pki.algorithms import AlgorithmUse
from agreegen.pki.certificates import load_certificates
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.pki.trust.chain import ChainBuilder
from agreegen.pki.trust.evidence import EvidencePool, Item
from agreegen.pki.trust.policy import ValidationPolicy
from agreegen.pki.trust.revocation import RevocationJudge

Question = tuple[bytes, datetime, tuple[AlgorithmUse, ...]]
"""A certificate, the moment it is judged for, and the algorithms used with it."""

_MAX_RESULTS = 256
_SHARED = 32


@dataclass(frozen=True, slots=True, eq=False)
class TrustMaterial:
    """Anchors, certificates and evidence, ready to judge.

    Attributes:
        builder: Builds and validates paths.
        judge: Weighs revocation evidence.
        policy: The validation policy.
        results: What was found out so far.
    """

    builder: ChainBuilder
    judge: RevocationJudge
    policy: ValidationPolicy
    results: dict[Question, CertificateResult] = field(default_factory=dict)

    def keep(self, question: Question, result: CertificateResult) -> None:
        """Remember a result."""
        if len(self.results) >= _MAX_RESULTS:
            self.results.clear()
        self.results[question] = result


class _Same:
    """Compares a policy by identity: its parts are mappings, and it is loaded once a process."""

    def __init__(self, policy: ValidationPolicy) -> None:
        self.policy = policy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.policy is other.policy

    def __hash__(self) -> int:
        return id(self.policy)


def material_for(
    anchors_der: tuple[bytes, ...],
    pool_der: Iterable[bytes],
    crls: Sequence[Item],
    ocsps: Sequence[Item],
    now: datetime,
    policy: ValidationPolicy,
) -> TrustMaterial:
    """Return the material that these make; the same where a file brings no evidence of its own.

    Args:
        anchors_der: Trust anchors, DER.
        pool_der: Other certificates, trusted for nothing, DER.
        crls: Revocation lists.
        ocsps: OCSP responses.
        now: Time of the verification.
        policy: The validation policy.
    """
    pool = tuple(dict.fromkeys(pool_der))
    if ocsps or any(item.proved_at != now for item in crls):
        return _make(anchors_der, pool, crls, ocsps, now, policy)
    return _share(anchors_der, pool, tuple(item.der for item in crls), now, _Same(policy))


@functools.lru_cache(maxsize=_SHARED)
def _share(
    anchors_der: tuple[bytes, ...],
    pool_der: tuple[bytes, ...],
    crls_der: tuple[bytes, ...],
    now: datetime,
    policy: _Same,
) -> TrustMaterial:
    return _make(anchors_der, pool_der, [Item(der, now) for der in crls_der], (), now, policy.policy)


def _make(
    anchors_der: tuple[bytes, ...],
    pool_der: tuple[bytes, ...],
    crls: Sequence[Item],
    ocsps: Sequence[Item],
    now: datetime,
    policy: ValidationPolicy,
) -> TrustMaterial:
    hours = policy.max_revocation_age_hours
    builder, judge = judge_by_evidence(
        load_certificates(anchors_der),
        load_certificates(pool_der),
        crls,
        ocsps,
        now,
        sm2_ids=policy.sm2_signer_ids,
        max_age=None if hours is None else timedelta(hours=hours),
    )
    return TrustMaterial(builder, judge, policy)


def judge_by_evidence(
    anchors: Sequence[Any],
    certificates: Sequence[Any],
    crls: Sequence[Item],
    ocsps: Sequence[Item],
    now: datetime,
    *,
    sm2_ids: tuple[str, ...] = (),
    max_age: timedelta | None = None,
) -> tuple[ChainBuilder, RevocationJudge]:
    """Return who builds paths to the anchors, and who weighs the evidence about their certificates.

    Args:
        anchors: Trust anchors (asn1crypto).
        certificates: Other certificates, trusted for nothing.
        crls: Revocation lists.
        ocsps: OCSP responses.
        now: Time of the judgement.
        sm2_ids: SM2 signer ids to try besides the default one.
        max_age: Greatest age of evidence at the time in question, None for any.
    """
    builder = ChainBuilder(anchors, certificates, sm2_ids)
    pool = EvidencePool(crls, ocsps, [*builder.pool, *anchors], builder.sm2_ids)
    # A responder's certificate often comes in its response only.
    responders = load_certificates(pool.ocsp_certificates())
    if responders:
        builder = ChainBuilder(anchors, [*builder.pool, *responders], sm2_ids)
    return builder, RevocationJudge(pool, builder, now, max_age)
