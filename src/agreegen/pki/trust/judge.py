"""The judgement of certificates: chain, purposes, revocation, algorithms, for one moment.

See EN 319 102-1, 5.2.6.

Which moment, the caller decides; whether a signature is right is found out elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agreegen.foreign import contained
from agreegen.messages import ErrorKind, Message, message
from agreegen.model.report import Revocation, TrustStatus
from agreegen.pki.algorithms import AlgorithmUse
from agreegen.pki.certificates import UNREADABLE, same_name
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.pki.trust.chain import ChainBuilder
from agreegen.pki.trust.chain_result import Chain, ChainProblem, chain_uses
from agreegen.pki.trust.evidence import offers_revocation
from agreegen.pki.trust.material import TrustMaterial
from agreegen.pki.trust.purposes import signing_problem, stamping_problem
from agreegen.pki.trust.revocation import Finding

_CLOCK_SKEW = timedelta(minutes=5)


class CertificateJudge:
    """Judges certificates from fixed anchors, certificates and evidence.

    Args:
        material: What is judged from.
        now: Time of the verification.
    """

    def __init__(self, material: TrustMaterial, now: datetime) -> None:
        self._material = material
        self._policy = material.policy
        self._now = now

    @property
    def builder(self) -> ChainBuilder:
        """Builds paths from the certificates at hand."""
        return self._material.builder

    @property
    def anchors(self) -> tuple[Any, ...]:
        """The trust anchors (asn1crypto)."""
        return self.builder.anchors

    @property
    def no_trust(self) -> TrustStatus:
        """What is said where no chain was found: unknown only where the caller trusts nobody."""
        return TrustStatus.UNTRUSTED if self.anchors else TrustStatus.UNKNOWN

    def judge_signer(
        self, certificate: Any, at: datetime, *, uses: Sequence[AlgorithmUse]
    ) -> CertificateResult:
        """Judge the certificate of one who signed a document, its purposes included."""
        result = self.judge(certificate, at, uses=uses)
        if result.subindication is not None:
            return result
        policy = self._policy
        problem = signing_problem(
            result.chain, policy.refused_usages, authorities_limit=policy.authorities_limit_usages
        )
        return _constrained(result, problem)

    def judge_stamp(self, stamp: TimestampFacts, at: datetime) -> CertificateResult:
        """Judge the certificate of a timestamp service for the time at which its token is known to exist."""
        result = self.judge(stamp.certificate, at, uses=stamp.algorithms)
        if result.subindication is not None:
            return result
        limit = self._policy.authorities_limit_usages
        problem = stamping_problem(result.chain, stamp.certificate, stamp.time, authorities_limit=limit)
        if problem is not None:
            return _constrained(result, problem)
        if stamp.time is not None and stamp.time > self._now + _CLOCK_SKEW:
            reason = message("pki.timestamp-states-time-not-come-yet")
            return replace(result, subindication="TIMESTAMP_ORDER_FAILURE", reasons=(*result.reasons, reason))
        return result

    def judge(self, certificate: Any, at: datetime, *, uses: Sequence[AlgorithmUse]) -> CertificateResult:
        """Judge chain, revocation and algorithms of a certificate for a moment; not its purposes."""
        try:
            question = der_of(certificate), at, tuple(uses)
            known = self._material.results.get(question)
            if known is not None:
                return known
            result = contained(self._judge)(certificate, at, uses)
        except UNREADABLE as exc:
            reason = message("pki.certificate-cannot-judged", kind=ErrorKind.of(exc))
            chain = Chain((certificate,), anchored=False, problem=ChainProblem.INVALID, sentence=reason)
            unknown = Finding(Revocation.UNKNOWN)
            name = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
            return CertificateResult(self.no_trust, unknown, name, (reason,), chain)
        self._material.keep(question, result)
        return result

    def _judge(self, certificate: Any, at: datetime, uses: Sequence[AlgorithmUse]) -> CertificateResult:
        """Step 1: a chain. Step 2: its revocation. Step 3: its dates. Step 4: the algorithms."""
        chain = self.builder.chain(certificate, at)
        if not self.anchors or chain.problem is ChainProblem.NONE_FOUND:
            text = (
                message("pki.no-chain-trust-anchor-found")
                if self.anchors
                else message("pki.no-trust-anchors-were-given")
            )
            finding = self._without_chain(certificate, at)
            return CertificateResult(self.no_trust, finding, "NO_CERTIFICATE_CHAIN_FOUND", (text,), chain)
        finding = self._material.judge.judge_chain(chain, at)
        if chain.problem is ChainProblem.INVALID:
            reason = message("pki.certificate-chain-not-valid", cause=chain.sentence)
            wrong = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
            return CertificateResult(TrustStatus.UNTRUSTED, finding, wrong, (reason,), chain)
        name, why = self._objection(chain, finding, uses, at)
        return CertificateResult(TrustStatus.TRUSTED, finding, name, (why,) if why else (), chain)

    def _objection(
        self, chain: Chain, finding: Finding, uses: Sequence[AlgorithmUse], at: datetime
    ) -> tuple[str | None, Message | None]:
        """Return what keeps a certificate with a right chain from passing, and the same for people."""
        if finding.status is Revocation.REVOKED:
            return ("REVOKED_CA_NO_POE" if finding.authority else "REVOKED_NO_POE"), finding.reason
        if chain.problem is not None:
            return "OUT_OF_BOUNDS_NO_POE", message(f"pki.chain-certificate-{chain.problem.value}-at", when=at)
        for use in (*uses, *chain_uses(chain)):
            weak = self._policy.weakness(use, at)
            if weak is not None:
                return "CRYPTO_CONSTRAINTS_FAILURE", weak
        return self._missing_status(finding), finding.reason

    def _missing_status(self, finding: Finding) -> str | None:
        if finding.status is Revocation.UNKNOWN and self._policy.hard_fail:
            return "TRY_LATER"
        if finding.status is Revocation.NOT_OFFERED and not self._policy.allow_not_offered:
            return "CERTIFICATE_CHAIN_GENERAL_FAILURE"
        return None

    def _without_chain(self, certificate: Any, at: datetime) -> Finding:
        """Without anchors nothing can be clear; a revocation by the apparent issuer is still told."""
        for issuer in self.builder.pool:
            if certificate is not None and same_name(issuer.subject, certificate.issuer):
                finding = self._material.judge.judge(certificate, issuer, at, authority=False)
                if finding.status is Revocation.REVOKED:
                    return finding
        offered = certificate is None or offers_revocation(certificate)
        return Finding(Revocation.UNKNOWN if offered else Revocation.NOT_OFFERED)

    def rests_on(self, certificate: Any, word: str) -> bool:
        """Say whether trust in a certificate rests on an anchor whose name holds a word."""
        try:
            chain = self.builder.chain(certificate, self._now)
            return chain.anchored and word in chain.certificates[-1].subject.human_friendly.upper()
        except UNREADABLE:
            return False


def _constrained(result: CertificateResult, problem: Message | None) -> CertificateResult:
    if problem is None:
        return result
    return replace(result, subindication="CHAIN_CONSTRAINTS_FAILURE", reasons=(*result.reasons, problem))
