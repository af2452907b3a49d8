"""From the findings about one signature to its indication (EN 319 102-1, clause 5.1.3)."""

from __future__ import annotations

from agreegen.model.report import Changes, Coverage, Indication, Integrity
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.verification.interface import FoundSignature

_GENERIC = "GENERIC"
_FINAL = frozenset({"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED", "EXPIRED"})
"""Subindications with which nothing that comes later can make the signature pass."""


def conclude(
    found: FoundSignature, fact: SignatureFacts, result: CertificateResult | None
) -> tuple[Indication, str | None]:
    """Return indication and subindication (EN 319 102-1, table 5 and clause 5.1.3)."""
    if fact.integrity is Integrity.UNSUPPORTED:
        return Indication.INDETERMINATE, fact.subindication or _GENERIC
    if fact.integrity is not Integrity.INTACT:
        return _failed(fact.subindication)
    if not found.placed:
        return _failed(_GENERIC)
    if found.coverage is Coverage.PARTIAL or found.changes is Changes.FORBIDDEN:
        return _failed("FORMAT_FAILURE")
    name = _GENERIC if result is None else result.subindication
    return (Indication.TOTAL_PASSED, None) if name is None else _failed(name)


def _failed(subindication: str | None) -> tuple[Indication, str | None]:
    final = subindication in _FINAL
    return Indication.TOTAL_FAILED if final else Indication.INDETERMINATE, subindication
