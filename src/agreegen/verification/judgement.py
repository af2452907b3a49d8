"""The judgement of every signature of one file: chain, revocation, time, indication, level.

Numbered steps follow EN 319 102-1, clause 5.6 (validation of signatures with long-term material). Document
timestamps are taken from the newest to the oldest: each one that is trusted at the time that the newer
ones prove becomes a proof of existence for everything it covers, so that archives outlive their timestamp
services.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from agreegen.foreign import contained
from agreegen.model.report import (
    Changes,
    Coverage,
    Integrity,
    Revocation,
    SignatureKind,
    SignatureReport,
    TimeSource,
    TrustStatus,
)
from agreegen.pki.algorithms import AlgorithmUse
from agreegen.pki.certificates import (
    UNREADABLE,
    is_for_timestamps,
    load_certificates,
    subject_name,
    usage_problem,
)
from agreegen.pki.cms.signature_facts import SignatureFacts, TimestampFacts
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.pki.trust.chain import Chain, ChainBuilder, ChainProblem, chain_uses
from agreegen.pki.trust.evidence import Item, offers_revocation
from agreegen.pki.trust.material import Grounds, grounds_for
from agreegen.pki.trust.policy import ValidationPolicy
from agreegen.pki.trust.revocation import Finding
from agreegen.verification.conclusion import conclude
from agreegen.verification.details import list_details
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.levels import detect_level
from agreegen.verification.times import Proofs


class FileJudge:
    """Judges the signatures of one file.

    Args:
        structure: What the structure scan found.
        facts: The cryptography of each signature, in the order of `structure.signatures`.
        options: What the caller chose.
        policy: The validation policy.
        fetched_crls: Revocation lists fetched for this file.
        fetched_ocsps: OCSP responses fetched for this file.
    """

    def __init__(
        self,
        structure: Structure,
        facts: Sequence[SignatureFacts],
        options: Options,
        policy: ValidationPolicy,
        *,
        fetched_crls: Sequence[bytes] = (),
        fetched_ocsps: Sequence[bytes] = (),
    ) -> None:
        self.structure = structure
        self.facts = tuple(facts)
        self.options = options
        self.policy = policy
        self.fetched = tuple(fetched_crls), tuple(fetched_ocsps)
        self.now = max(options.now, options.at) if options.at else options.now
        self.anchors = load_certificates(options.anchors_der)
        self.proofs = Proofs(self.now)
        self._grounds = self._make_grounds()
        self._stamps: dict[int, CertificateResult] = {}
        self._peel_timestamps()

    @property
    def builder(self) -> ChainBuilder:
        """Builds paths from the certificates at hand."""
        return self._grounds.builder

    def _make_grounds(self) -> Grounds:
        found = (der_of(c) for fact in self.facts for part in fact.parts for c in part.certificates)
        pool = (*self.structure.validation_data.certificates_der, *found)
        return grounds_for(self.options.anchors_der, pool, *self._evidence(), self.now, self.policy)

    def _evidence(self) -> tuple[list[Item], list[Item]]:
        store = self.structure.validation_data
        added = dict(store.first_revisions)

        def proved(der: bytes) -> datetime:
            revision = added.get(hashlib.sha256(der).hexdigest(), store.newest_revision) if added else None
            return self.proofs.of(store.newest_revision if revision is None else revision)

        outside_crls, outside_ocsps = self.fetched
        crls = [Item(der, self.now) for der in (*self.options.crls_der, *outside_crls)]
        ocsps = [Item(der, self.now) for der in outside_ocsps]
        crls += [Item(der, proved(der)) for der in store.crls_der]
        ocsps += [Item(der, proved(der)) for der in store.ocsps_der]
        for found, fact in zip(self.structure.signatures, self.facts, strict=True):
            existing = self.proofs.of(found.revision)
            for part in fact.parts:
                crls += [Item(der, existing) for der in part.crls_der]
                ocsps += [Item(der, existing) for der in part.ocsps_der]
        return crls, ocsps

    def _peel_timestamps(self) -> None:
        """Step 1: judge document timestamps from the newest to the oldest."""
        order = [
            index
            for index, found in enumerate(self.structure.signatures)
            if found.kind is SignatureKind.TIMESTAMP and found.revision is not None
        ]
        order.sort(key=lambda index: self.structure.signatures[index].revision or 0, reverse=True)
        for index in order:
            found, fact = self.structure.signatures[index], self.facts[index]
            if fact.integrity is not Integrity.INTACT or not fact.timestamps or found.revision is None:
                continue
            result = self.judge_stamp(fact.timestamps[0], self.proofs.of(found.revision))
            self._stamps[index] = result
            covers = found.coverage is not Coverage.PARTIAL and found.changes is not Changes.FORBIDDEN
            time = fact.timestamps[0].time
            if result.subindication is None and covers and time is not None:
                self.proofs = self.proofs.adding(found.revision, time)
                self._grounds = self._make_grounds()

    def judge_stamp(self, stamp: TimestampFacts, at: datetime) -> CertificateResult:
        """Judge the certificate of a timestamp service for the time at which its token is known to exist."""
        result = self.judge_certificate(stamp.certificate, at, uses=stamp.algorithms)
        if result.subindication is None and not is_for_timestamps(stamp.certificate):
            reason = "the certificate of the timestamp service is not made for timestamps"
            return replace(
                result, subindication="CHAIN_CONSTRAINTS_FAILURE", reasons=(*result.reasons, reason)
            )
        if (
            result.subindication is None
            and stamp.time is not None
            and stamp.time > self.now + timedelta(minutes=5)
        ):
            reason = "the timestamp states a time that has not come yet"
            return replace(result, subindication="TIMESTAMP_ORDER_FAILURE", reasons=(*result.reasons, reason))
        return result

    def judge_certificate(
        self, certificate: Any, at: datetime, *, uses: Sequence[AlgorithmUse]
    ) -> CertificateResult:
        """Judge chain, revocation and algorithms of a signing certificate for a moment."""
        try:
            question = der_of(certificate), at, tuple(uses)
            known = self._grounds.results.get(question)
            if known is not None:
                return known
            result = contained(self._judge_certificate)(certificate, at, uses)
        except UNREADABLE as exc:
            reason = f"the certificate cannot be judged ({type(exc).__name__})"
            chain = Chain((certificate,), anchored=False, problem=ChainProblem.INVALID, message=reason)
            unknown = Finding(Revocation.UNKNOWN)
            trust = TrustStatus.UNTRUSTED if self.anchors else TrustStatus.UNKNOWN
            return CertificateResult(trust, unknown, "CERTIFICATE_CHAIN_GENERAL_FAILURE", (reason,), chain)
        self._grounds.keep(question, result)
        return result

    def _judge_certificate(
        self, certificate: Any, at: datetime, uses: Sequence[AlgorithmUse]
    ) -> CertificateResult:
        chain = self.builder.chain(certificate, at)
        if not self.anchors or chain.problem is ChainProblem.NONE_FOUND:
            trust = TrustStatus.UNTRUSTED if self.anchors else TrustStatus.UNKNOWN
            text = "no chain to a trust anchor was found" if self.anchors else "no trust anchors were given"
            return CertificateResult(
                trust, self._without_chain(certificate, at), "NO_CERTIFICATE_CHAIN_FOUND", (text,), chain
            )
        finding = self._grounds.judge.judge_chain(chain, at)
        if chain.problem is ChainProblem.INVALID:
            reasons = (f"the certificate chain is not valid: {chain.message}",)
            return CertificateResult(
                TrustStatus.UNTRUSTED, finding, "CERTIFICATE_CHAIN_GENERAL_FAILURE", reasons, chain
            )
        if finding.status is Revocation.REVOKED:
            name = "REVOKED_CA_NO_POE" if finding.authority else "REVOKED_NO_POE"
            return CertificateResult(TrustStatus.TRUSTED, finding, name, (finding.reason,), chain)
        if chain.problem is not None:
            reason = f"a certificate of the chain is {chain.problem.value} at {at:%Y-%m-%d %H:%M} UTC"
            return CertificateResult(TrustStatus.TRUSTED, finding, "OUT_OF_BOUNDS_NO_POE", (reason,), chain)
        weak = self._weakness(chain, uses, at)
        if weak is not None:
            return CertificateResult(
                TrustStatus.TRUSTED, finding, "CRYPTO_CONSTRAINTS_FAILURE", (weak,), chain
            )
        missing = self._missing_status(finding)
        why = tuple(text for text in (finding.reason,) if text)
        return CertificateResult(TrustStatus.TRUSTED, finding, missing, why, chain)

    def _missing_status(self, finding: Finding) -> str | None:
        if finding.status is Revocation.UNKNOWN and self.policy.hard_fail:
            return "TRY_LATER"
        if finding.status is Revocation.NOT_OFFERED and not self.policy.allow_not_offered:
            return "CERTIFICATE_CHAIN_GENERAL_FAILURE"
        return None

    def _without_chain(self, certificate: Any, at: datetime) -> Finding:
        """Without anchors nothing can be clear; a revocation by the apparent issuer is still told."""
        for issuer in self.builder.pool:
            if certificate is not None and issuer.subject == certificate.issuer:
                finding = self._grounds.judge.judge(certificate, issuer, at, authority=False)
                if finding.status is Revocation.REVOKED:
                    return finding
        offered = certificate is None or offers_revocation(certificate)
        return Finding(Revocation.UNKNOWN if offered else Revocation.NOT_OFFERED)

    def _weakness(self, chain: Chain, uses: Sequence[AlgorithmUse], at: datetime) -> str | None:
        for use in (*uses, *chain_uses(chain)):
            problem = self.policy.weakness(use, at)
            if problem is not None:
                return problem
        return None

    def rests_on(self, certificate: Any, word: str) -> bool:
        """Say whether trust in a certificate rests on an anchor whose name holds a word."""
        try:
            chain = self.builder.chain(certificate, self.now)
            return chain.anchored and word in chain.certificates[-1].subject.human_friendly.upper()
        except UNREADABLE:
            return False

    def report(self, index: int, *, role: str | None) -> SignatureReport:
        """Step 2: report one signature or document timestamp; what cannot be read never passes."""
        try:
            return contained(self._report)(index, role)
        except UNREADABLE:
            return self._compose(index, role, None, None, TimeSource.CLAIMED)

    def _report(self, index: int, role: str | None) -> SignatureReport:
        found, fact = self.structure.signatures[index], self.facts[index]
        if found.kind is SignatureKind.TIMESTAMP:
            result = self._stamps.get(index)
            if result is None and fact.certificate is not None and fact.integrity is Integrity.INTACT:
                result = self.judge_certificate(fact.certificate, self.now, uses=fact.algorithms)
            time = fact.timestamps[0].time if fact.timestamps else None
            return self._compose(
                index, role, result, time, TimeSource.TIMESTAMP if time else TimeSource.CLAIMED
            )
        return self._report_signature(index, found, fact, role)

    def _report_signature(
        self, index: int, found: FoundSignature, fact: SignatureFacts, role: str | None
    ) -> SignatureReport:
        claimed = found.claimed_time or fact.claimed_time
        if fact.integrity is not Integrity.INTACT or fact.certificate is None:
            return self._compose(index, role, None, claimed, TimeSource.CLAIMED)
        proved, notes, _ = self.best_time(found, fact)
        moment = proved or self.now
        result = self._for_signer(fact, moment, role)
        result = self._settle(result, found, fact, proved)
        source = TimeSource.TIMESTAMP if proved else TimeSource.CLAIMED
        result = replace(result, reasons=(*result.reasons, *notes))
        return self._compose(index, role, result, proved or claimed, source)

    def best_time(
        self, found: FoundSignature, fact: SignatureFacts
    ) -> tuple[datetime | None, tuple[str, ...], tuple[TimestampFacts, ...]]:
        """Return the earliest trusted proof of the signature, notes, and its trusted timestamps."""
        existing = self.proofs.of(found.revision)
        times = [existing] if existing < self.now else []
        notes: list[str] = []
        trusted: list[TimestampFacts] = []
        for stamp in fact.timestamps:
            if stamp.integrity is not Integrity.INTACT or stamp.time is None:
                notes.extend(stamp.reasons)
                continue
            result = self.judge_stamp(stamp, existing)
            if result.subindication is not None:
                why = "; ".join(result.reasons)
                notes.append(
                    f"the {stamp.use} timestamp of {stamp.time:%Y-%m-%d %H:%M} UTC is not trusted: {why}"
                )
                continue
            trusted.append(stamp)
            if stamp.use == "signature":
                times.append(stamp.time)
        best = min(times, default=None)
        if self.options.at is not None and self.options.at < self.options.now:
            best = best if best is not None and best <= self.options.at else None
        return best, tuple(notes), tuple(trusted)

    def _for_signer(self, fact: SignatureFacts, moment: datetime, role: str | None) -> CertificateResult:
        result = self.judge_certificate(fact.certificate, moment, uses=fact.algorithms)
        if result.subindication is not None:
            return result
        problem = usage_problem(fact.certificate, self.policy.refused_usages)
        if problem is not None:
            return replace(
                result, subindication="CHAIN_CONSTRAINTS_FAILURE", reasons=(*result.reasons, problem)
            )
        if self.policy.allowed_roles and role not in self.policy.allowed_roles:
            problem = f"the policy does not allow the role {role or '(none)'}"
            return replace(
                result, subindication="SIG_CONSTRAINTS_FAILURE", reasons=(*result.reasons, problem)
            )
        return result

    def _settle(
        self, result: CertificateResult, found: FoundSignature, fact: SignatureFacts, proved: datetime | None
    ) -> CertificateResult:
        """Step 3: weigh time. A failure is final only where signing after it is proved (5.2.6, 5.5.4)."""
        past = self.options.at is not None and self.options.at < self.options.now
        if past and proved is None and result.trust is TrustStatus.TRUSTED:
            reason = "no trusted timestamp proves that the signature existed at the time asked for"
            return replace(result, subindication="NO_POE", reasons=(*result.reasons, reason))
        earliest = self._not_before(found, fact)
        revoked = result.finding.revoked_at
        if (
            earliest is not None
            and result.subindication == "REVOKED_NO_POE"
            and revoked
            and earliest > revoked
        ):
            return replace(result, subindication="REVOKED")
        expiry = fact.certificate.not_valid_after if fact.certificate is not None else None
        if (
            earliest is not None
            and result.subindication == "OUT_OF_BOUNDS_NO_POE"
            and expiry
            and earliest > expiry
        ):
            return replace(result, subindication="EXPIRED")
        if result.subindication is None and result.finding.later is not None:
            day = f"{result.finding.later:%Y-%m-%d %H:%M} UTC"
            text = f"the certificate was revoked on {day}, after the proved time"
            return replace(result, reasons=(*result.reasons, text))
        return result

    def _not_before(self, found: FoundSignature, fact: SignatureFacts) -> datetime | None:
        """Return the latest trusted time that the signed bytes themselves contain: signing came after it."""
        if found.revision is None:
            return None
        times = list(self.proofs.before(found.revision))
        times += [s.time for s in self.best_time(found, fact)[2] if s.use == "content" and s.time is not None]
        for other, its_fact in zip(self.structure.signatures, self.facts, strict=True):
            earlier = other.revision is not None and other.revision < found.revision
            if earlier and other.kind is SignatureKind.SIGNATURE and other.coverage is not Coverage.PARTIAL:
                stamps = self.best_time(other, its_fact)[2]
                times += [s.time for s in stamps if s.use == "signature" and s.time is not None]
        return max(times, default=None)

    def _compose(
        self,
        index: int,
        role: str | None,
        result: CertificateResult | None,
        time: datetime | None,
        source: TimeSource,
    ) -> SignatureReport:
        found, fact = self.structure.signatures[index], self.facts[index]
        indication, subindication = conclude(found, fact, result)
        no_trust = TrustStatus.UNKNOWN if not self.anchors else TrustStatus.UNTRUSTED
        reasons = (*fact.reasons, *found.reasons, *(result.reasons if result else ()), *fact.notes)
        return SignatureReport(
            field=found.field,
            role=role,
            signer=None if fact.certificate is None else subject_name(fact.certificate),
            kind=found.kind,
            indication=indication,
            subindication=subindication,
            integrity=fact.integrity,
            coverage=found.coverage,
            changes_after=found.changes,
            trust=result.trust if result else no_trust,
            revocation=result.finding.status if result else Revocation.UNKNOWN,
            level=detect_level(self, index),
            time=time,
            time_source=source,
            reasons=tuple(dict.fromkeys(reasons)),
            details=tuple(list_details(found, fact, result.finding if result else None)),
        )
