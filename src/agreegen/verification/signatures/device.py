"""Signatures made with a key on the signer's own device: their evidence, and who vouches for their keys.

The authority of an office vouches for such keys and for nothing else, and only where a policy names it: it is
no anchor for other certificates, and other anchors are none for these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agreegen.foreign import contained
from agreegen.messages import message
from agreegen.model.document import canonical_json
from agreegen.model.report import Alarm, Evidence, Method, Revocation, SignatureReport, TrustStatus
from agreegen.pdf.document import open_file
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import StructureError
from agreegen.pki.algorithms import AlgorithmUse
from agreegen.pki.certificates import UNREADABLE
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.cms.structure import MalformedError, parse_cms
from agreegen.pki.device_certificates import carried_evidence, promised_digest
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.pki.trust.chain_result import Chain, ChainProblem
from agreegen.pki.trust.evidence import Item
from agreegen.pki.trust.judge import CertificateJudge
from agreegen.pki.trust.material import material_for
from agreegen.pki.trust.policy import ValidationPolicy
from agreegen.pki.trust.revocation import Finding
from agreegen.verification.changes.own_updates import foreign_updates
from agreegen.verification.interface import FoundSignature, Structure

DIFFERS, MISSING = "evidence-differs", "evidence-missing"
NOT_NAMED = message("verification.key-made-on-signers-device-policy")


def is_on_device(fact: SignatureFacts) -> bool:
    """Say whether the certificate of a signature was issued for a key on the signer's own device."""
    return fact.certificate is not None and promised_digest(fact.certificate) is not None


@dataclass(frozen=True, slots=True)
class DeviceTrust:
    """Judges certificates of keys on devices by the authorities that the policy names.

    Attributes:
        judge: By these; None where the policy names none.
        no_trust: What is said then.
    """

    judge: CertificateJudge | None
    no_trust: TrustStatus

    @classmethod
    def of(
        cls,
        policy: ValidationPolicy,
        pool_der: Iterable[bytes],
        evidence: tuple[Sequence[Item], Sequence[Item]],
        now: datetime,
        *,
        no_trust: TrustStatus,
    ) -> DeviceTrust:
        """Take the authorities from a policy.

        Args:
            policy: The validation policy.
            pool_der: Certificates at hand, trusted for nothing, DER.
            evidence: Revocation lists and OCSP responses.
            now: Time of the verification.
            no_trust: What is said where the policy names no authority.
        """
        if not policy.device_authorities:
            return cls(None, no_trust)
        # These certificates serve for one signature and name no place where they could be revoked. Who no
        # longer trusts the authority takes it out of the policy; a list that revokes one counts all the same.
        lenient = replace(policy, allow_not_offered=True)
        crls, ocsps = evidence
        material = material_for(policy.device_authorities, pool_der, crls, ocsps, now, lenient)
        return cls(CertificateJudge(material, now), TrustStatus.UNTRUSTED)

    def judge_signer(
        self, certificate: Any, at: datetime, *, uses: Sequence[AlgorithmUse]
    ) -> CertificateResult:
        """Judge the certificate of one who signed on a device."""
        if self.judge is not None:
            return self.judge.judge_signer(certificate, at, uses=uses)
        chain = Chain((certificate,), anchored=False, problem=ChainProblem.NONE_FOUND, sentence=NOT_NAMED)
        finding = Finding(Revocation.UNKNOWN)
        return CertificateResult(self.no_trust, finding, "NO_CERTIFICATE_CHAIN_FOUND", (NOT_NAMED,), chain)


def told_evidence(
    data: bytes, found: FoundSignature, fact: SignatureFacts, structure: Structure, *, max_cms_bytes: int
) -> tuple[Method, Evidence | None]:
    """Say whether a key on a device signed, and whether its evidence is what its certificate promises.

    1. The evidence among the signed attributes has the promised SHA-256.
    2. It is about this field and this file: it names the SHA-256 of all that stood there before it.
       The same key, asked twice, signs no second file.
    3. What the signed update brings besides is what this program writes to sign: other words, put over those
       that were shown, would be signed as well.

    Args:
        data: The file.
        found: The signature.
        fact: Its cryptography.
        structure: The revisions of the file.
        max_cms_bytes: Greatest size of a CMS.
    """
    if fact.certificate is None or (promised := promised_digest(fact.certificate)) is None:
        return Method.CERTIFICATE, None
    evidence = read_device_evidence(found, max_cms_bytes=max_cms_bytes)
    if evidence is None:
        return Method.DEVICE, Evidence.MISSING
    right = (
        hashlib.sha256(evidence).hexdigest() == promised
        and _is_about(evidence, data, found, structure)
        and _only_signs(data, found, structure)
    )
    return Method.DEVICE, Evidence.INTACT if right else Evidence.DIFFERS


def read_device_evidence(found: FoundSignature, *, max_cms_bytes: int) -> bytes | None:
    """Return the evidence that a signature carries; None where there is none, or it cannot be read."""
    if found.contents is None:
        return None
    try:
        parsed = contained(parse_cms)(found.contents, max_bytes=max_cms_bytes)
    except (MalformedError, *UNREADABLE):
        return None
    return carried_evidence(parsed.signed)


def _is_about(evidence: bytes, data: bytes, found: FoundSignature, structure: Structure) -> bool:
    try:
        said = json.loads(evidence)
        if canonical_json(said) != evidence:
            return False  # in any other way of writing, two readers may find two accounts
        digest, role = said["document"]["sha256"], said["role"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    if not found.revision or role != found.field:
        return False
    before = memoryview(data)[: structure.revisions[found.revision - 1]]
    return bool(digest == hashlib.sha256(before).hexdigest())


def _only_signs(data: bytes, found: FoundSignature, structure: Structure) -> bool:
    """Tell whether the update of a signature holds nothing but what this program writes with one."""
    if not found.revision:
        return False
    try:
        views = open_file(data[: structure.revisions[found.revision]], Limits()).views()
        return not foreign_updates(views[found.revision - 1], views[found.revision])
    except (StructureError, IndexError):
        return False


def evidence_alarms(signatures: Iterable[SignatureReport]) -> Iterator[Alarm]:
    """Warn of signatures whose evidence is not what their certificates promise."""
    for signature in signatures:
        name = signature.signer or signature.field or "?"
        if signature.evidence is Evidence.DIFFERS:
            yield Alarm(DIFFERS, message("verification.device-evidence-differs", name=name))
        elif signature.evidence is Evidence.MISSING:
            yield Alarm(MISSING, message("verification.device-evidence-missing", name=name))
