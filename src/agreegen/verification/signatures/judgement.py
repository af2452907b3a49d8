"""The judgement of every signature of one file: chain, revocation, time, indication, level.

Numbered steps follow EN 319 102-1, clause 5.6 (validation of signatures with long-term material). Document
timestamps are taken from the newest to the oldest: each one that is trusted at the time that the newer
ones prove becomes a proof of existence for everything it covers, so that archives outlive their timestamp
services.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agreegen.foreign import contained
from agreegen.messages import Message, join_sentences, message
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
from agreegen.pki.certificates import (
    UNREADABLE,
    subject_name,
)
from agreegen.pki.cms.signature_facts import SignatureFacts, TimestampFacts
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.pki.trust.evidence import Item
from agreegen.pki.trust.judge import CertificateJudge
from agreegen.pki.trust.material import material_for
from agreegen.pki.trust.policy import ValidationPolicy
from agreegen.verification.interface import FoundSignature, Options, Structure
from agreegen.verification.signatures.conclusion import conclude
from agreegen.verification.signatures.details import list_details
from agreegen.verification.signatures.device import DeviceTrust, is_on_device
from agreegen.verification.signatures.levels import LevelMaterial, detect_level
from agreegen.verification.signatures.proven_times import Proofs


@dataclass(frozen=True, slots=True)
class OutsideProof:
    """What evidence from outside proves.

    Attributes:
        since: Since when the whole file is known to exist, aware UTC; None where nothing is proved.
        crls: Revocation lists with the time since which each is known to exist.
        ocsps: OCSP responses, likewise.
    """

    since: datetime | None = None
    crls: tuple[Item, ...] = ()
    ocsps: tuple[Item, ...] = ()


class FileJudge:
    """Judges the signatures of one file.

    Args:
        structure: What the structure scan found.
        facts: The cryptography of each signature, in the order of `structure.signatures`.
        options: What the caller chose.
        policy: The validation policy.
        fetched_crls: Revocation lists fetched for this file.
        fetched_ocsps: OCSP responses fetched for this file.
        outside: What evidence from outside proves about the whole file.
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
        outside: OutsideProof | None = None,
    ) -> None:
        self.structure = structure
        self.facts = tuple(facts)
        self.options = options
        self.policy = policy
        self.fetched = tuple(fetched_crls), tuple(fetched_ocsps)
        self.now = max(options.now, options.at) if options.at else options.now
        self.proofs = Proofs(self.now)
        self.outside = outside or OutsideProof()
        if self.outside.since is not None and self.outside.since < self.now:
            # A record from outside is over the whole file, the container of its last signature included.
            self.proofs = self.proofs.adding(len(structure.revisions), self.outside.since)
        self.certificates, self.devices = self._make_judges()
        self._stamps: dict[int, CertificateResult] = {}
        self._peel_timestamps()

    def _make_judges(self) -> tuple[CertificateJudge, DeviceTrust]:
        found = (der_of(c) for fact in self.facts for part in fact.parts for c in part.certificates)
        pool = (*self.structure.validation_data.certificates_der, *found)
        evidence = self._evidence()
        material = material_for(self.options.anchors_der, pool, *evidence, self.now, self.policy)
        judge = CertificateJudge(material, self.now)
        return judge, DeviceTrust.of(self.policy, pool, evidence, self.now, no_trust=judge.no_trust)

    def _evidence(self) -> tuple[list[Item], list[Item]]:
        store = self.structure.validation_data
        added = dict(store.first_revisions)

        def proved(der: bytes) -> datetime:
            revision = added.get(hashlib.sha256(der).hexdigest(), store.newest_revision) if added else None
            return self.proofs.of(store.newest_revision if revision is None else revision)

        outside_crls, outside_ocsps = self.fetched
        crls = [Item(der, self.now) for der in (*self.options.crls_der, *outside_crls)]
        ocsps = [Item(der, self.now) for der in outside_ocsps]
        crls += self.outside.crls
        ocsps += self.outside.ocsps
        crls += [Item(der, proved(der)) for der in store.crls_der]
        ocsps += [Item(der, proved(der)) for der in store.ocsps_der]
        for found, fact in zip(self.structure.signatures, self.facts, strict=True):
            existing = self.proofs.of_container(found.revision)
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
            result = self.certificates.judge_stamp(
                fact.timestamps[0], self.proofs.of_container(found.revision)
            )
            self._stamps[index] = result
            covers = found.coverage is not Coverage.PARTIAL and found.changes is not Changes.FORBIDDEN
            time = fact.timestamps[0].time
            if result.subindication is None and covers and time is not None:
                self.proofs = self.proofs.adding(found.revision, time)
                self.certificates, self.devices = self._make_judges()

    def stamp_result(self, index: int) -> CertificateResult | None:
        """Return what was found about a document timestamp; None where its cryptography does not hold."""
        return self._stamps.get(index)

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
                result = self.certificates.judge(fact.certificate, self.now, uses=fact.algorithms)
            time = fact.timestamps[0].time if fact.timestamps else None
            counts = time is not None and result is not None and result.subindication is None
            source = TimeSource.TIMESTAMP if counts else TimeSource.CLAIMED
            return self._compose(index, role, result, time, source)
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
    ) -> tuple[datetime | None, tuple[Message, ...], tuple[TimestampFacts, ...]]:
        """Return the earliest trusted proof of the signature, notes, and its trusted timestamps."""
        existing = self.proofs.of_container(found.revision)
        times = [existing] if existing < self.now else []
        notes: list[Message] = []
        trusted: list[TimestampFacts] = []
        for stamp in fact.timestamps:
            if stamp.integrity is not Integrity.INTACT or stamp.time is None:
                notes.extend(stamp.reasons)
                continue
            result = self.certificates.judge_stamp(stamp, existing)
            if result.subindication is not None:
                why = join_sentences(result.reasons)
                notes.append(
                    message(
                        "verification.stamp-not-trusted",
                        stamp=message(f"pki.timestamp-of.{stamp.use}"),
                        time=stamp.time,
                        why=why,
                    )
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
        judge = self.devices if is_on_device(fact) else self.certificates
        result = judge.judge_signer(fact.certificate, moment, uses=fact.algorithms)
        if result.subindication is not None:
            return result
        if self.policy.allowed_roles and role not in self.policy.allowed_roles:
            problem = message(
                "verification.policy-does-not-allow-role", value=role or message("verification.no-role")
            )
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
            reason = message("verification.no-trusted-timestamp-proves-signature-existed")
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
            text = message("verification.certificate-revoked-on-after-proved-time", day=result.finding.later)
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
        no_trust = self.certificates.no_trust
        judged = result.reasons if result else ()
        reasons = (*fact.reasons, *found.reasons, *judged, *fact.notes)
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
            level=detect_level(LevelMaterial(self.structure, self.facts, self.certificates, self.now), index),
            time=time,
            time_source=source,
            reasons=_told_once(reasons),
            details=tuple(list_details(found, fact, result.finding if result else None)),
        )


def _told_once(reasons: Iterable[Message]) -> tuple[Message, ...]:
    """Drop reasons that read like one before: two rooms may say the same."""
    return tuple({str(reason): reason for reason in reasons}.values())
