"""The PAdES baseline level that a signature has by what the file holds (EN 319 142-1, clause 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agreegen.model.report import Coverage, Integrity, PadesLevel, SignatureKind
from agreegen.pki.certificates import UNREADABLE, same_name
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.evidence import EvidencePool, Item, needs_no_check, offers_revocation
from agreegen.pki.trust.issuing import issued_by
from agreegen.pki.trust.judge import CertificateJudge
from agreegen.verification.interface import FoundSignature, Structure

_MAX_LENGTH = 10


@dataclass(frozen=True, slots=True, eq=False)
class LevelMaterial:
    """What a file holds for the levels of its signatures.

    Attributes:
        structure: What the structure scan found.
        facts: The cryptography of each signature, in the order of `structure.signatures`.
        certificates: The certificates at hand.
        now: Time of the verification.
    """

    structure: Structure
    facts: tuple[SignatureFacts, ...]
    certificates: CertificateJudge
    now: datetime


def detect_level(material: LevelMaterial, index: int) -> PadesLevel:
    """Say which level a signature has; what cannot be read gives none.

    The level tells what is there, not whether it is trusted: timestamps must be intact, and revocation data
    must be embedded for every certificate that offers any, up to a self-signed one.
    """
    try:
        return _detect(material, index)
    except UNREADABLE:
        return PadesLevel.OTHER


def _detect(material: LevelMaterial, index: int) -> PadesLevel:
    found, fact = material.structure.signatures[index], material.facts[index]
    if not _is_baseline(found, fact):
        return PadesLevel.OTHER
    later = list(_later_timestamps(material, found))
    stamps = [s for s in fact.timestamps if s.use == "signature" and s.integrity is Integrity.INTACT]
    if not stamps and not later:
        return PadesLevel.B_B
    if not _material_complete(material, fact.certificate):
        return PadesLevel.B_T
    stored = _first_store(material.structure)
    if stored is not None and any(revision >= stored for revision in later):
        return PadesLevel.B_LTA
    return PadesLevel.B_LT


def _is_baseline(found: FoundSignature, fact: SignatureFacts) -> bool:
    if found.kind is SignatureKind.TIMESTAMP or fact.integrity is not Integrity.INTACT:
        return False
    # The baseline levels stand on the algorithms of TS 119 312, without SM2.
    return fact.cades and all(use.scheme != "sm2" for use in fact.algorithms)


def _later_timestamps(material: LevelMaterial, found: FoundSignature) -> Iterator[int]:
    """Give the revisions of the intact document timestamps behind a signature."""
    if found.revision is None:
        return
    for other, fact in zip(material.structure.signatures, material.facts, strict=True):
        stamps = other.kind is SignatureKind.TIMESTAMP and fact.integrity is Integrity.INTACT
        if not stamps or other.coverage is Coverage.PARTIAL:
            continue
        if other.revision is not None and other.revision > found.revision:
            yield other.revision


def _first_store(structure: Structure) -> int | None:
    data = structure.validation_data
    revisions = [revision for _, revision in data.first_revisions]
    return min(revisions) if revisions else data.newest_revision


def _material_complete(material: LevelMaterial, certificate: Any) -> bool:
    data, certificates = material.structure.validation_data, material.certificates
    if not (data.crls_der or data.ocsps_der):
        return False
    pool = EvidencePool(
        [Item(der, material.now) for der in data.crls_der],
        [Item(der, material.now) for der in data.ocsps_der],
        [*certificates.builder.pool, *certificates.anchors],
        certificates.builder.sm2_ids,
    )
    anchors = {der_of(anchor) for anchor in certificates.anchors}
    current = certificate
    for _ in range(_MAX_LENGTH):
        if current.self_issued or der_of(current) in anchors:
            return True
        issuer = _issuer(certificates, current)
        if issuer is None or not _is_told(pool, current, issuer):
            return False
        current = issuer
    return False


def _is_told(pool: EvidencePool, certificate: Any, issuer: Any) -> bool:
    """Say whether the file holds evidence about a certificate, or needs none."""
    if pool.statements(certificate, issuer):
        return True
    return not offers_revocation(certificate) or needs_no_check(certificate)


def _issuer(certificates: CertificateJudge, certificate: Any) -> Any | None:
    for candidate in (*certificates.anchors, *certificates.builder.pool):
        if same_name(candidate.subject, certificate.issuer) and issued_by(
            certificate, candidate, certificates.builder.sm2_ids
        ):
            return candidate
    return None
