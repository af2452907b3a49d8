"""The PAdES baseline level that a signature has by what the file holds (EN 319 142-1, clause 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agreegen.model.report import Coverage, Integrity, PadesLevel, SignatureKind
from agreegen.pki.certificates import UNREADABLE
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.chain import issued_by
from agreegen.pki.trust.evidence import EvidencePool, Item, needs_no_check, offers_revocation

if TYPE_CHECKING:
    from agreegen.verification.signatures.judgement import FileJudge

_MAX_LENGTH = 10


def detect_level(judge: FileJudge, index: int) -> PadesLevel:
    """Say which level a signature has; what cannot be read gives none.

    The level tells what is there, not whether it is trusted: timestamps must be intact, and revocation data
    must be embedded for every certificate that offers any, up to a self-signed one.
    """
    try:
        return _detect(judge, index)
    except UNREADABLE:
        return PadesLevel.OTHER


def _detect(judge: FileJudge, index: int) -> PadesLevel:
    found, fact = judge.structure.signatures[index], judge.facts[index]
    if found.kind is SignatureKind.TIMESTAMP or fact.integrity is not Integrity.INTACT or not fact.cades:
        return PadesLevel.OTHER
    if any(use.scheme == "sm2" for use in fact.algorithms):
        return PadesLevel.OTHER  # the baseline levels stand on the algorithms of TS 119 312, without SM2
    later = [
        other.revision
        for other, its_fact in zip(judge.structure.signatures, judge.facts, strict=True)
        if other.kind is SignatureKind.TIMESTAMP
        and its_fact.integrity is Integrity.INTACT
        and other.coverage is not Coverage.PARTIAL
        and other.revision is not None
        and found.revision is not None
        and other.revision > found.revision
    ]
    stamps = [s for s in fact.timestamps if s.use == "signature" and s.integrity is Integrity.INTACT]
    if not stamps and not later:
        return PadesLevel.B_B
    if not _material_complete(judge, fact.certificate):
        return PadesLevel.B_T
    stored = _first_store(judge)
    if stored is not None and any(revision >= stored for revision in later):
        return PadesLevel.B_LTA
    return PadesLevel.B_LT


def _first_store(judge: FileJudge) -> int | None:
    data = judge.structure.validation_data
    revisions = [revision for _, revision in data.first_revisions]
    return min(revisions) if revisions else data.newest_revision


def _material_complete(judge: FileJudge, certificate: Any) -> bool:
    data = judge.structure.validation_data
    if not (data.crls_der or data.ocsps_der):
        return False
    pool = EvidencePool(
        [Item(der, judge.now) for der in data.crls_der],
        [Item(der, judge.now) for der in data.ocsps_der],
        [*judge.certificates.builder.pool, *judge.certificates.anchors],
        judge.certificates.builder.sm2_ids,
    )
    current = certificate
    for _ in range(_MAX_LENGTH):
        if current.self_issued or any(
            der_of(current) == der_of(anchor) for anchor in judge.certificates.anchors
        ):
            return True
        issuer = _issuer(judge, current)
        if issuer is None:
            return False
        stated = any(True for _ in pool.statements(current, issuer))
        if not stated and offers_revocation(current) and not needs_no_check(current):
            return False
        current = issuer
    return False


def _issuer(judge: FileJudge, certificate: Any) -> Any | None:
    for candidate in (*judge.certificates.anchors, *judge.certificates.builder.pool):
        if candidate.subject == certificate.issuer and issued_by(
            certificate, candidate, judge.certificates.builder.sm2_ids
        ):
            return candidate
    return None
