"""From the findings about one signature to its indication (EN 319 102-1, clause 5.1.3)."""

from __future__ import annotations

from agreegen.model.report import Changes, Coverage, Indication, Integrity
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.trust.certificate_result import CertificateResult
from agreegen.verification.interface import FoundSignature


def conclude(
    found: FoundSignature, fact: SignatureFacts, result: CertificateResult | None
) -> tuple[Indication, str | None]:
    """Return indication and subindication (EN 319 102-1, table 5 and clause 5.1.3)."""
    if fact.integrity is Integrity.UNSUPPORTED:
        return Indication.INDETERMINATE, fact.subindication or "GENERIC"
    if fact.integrity is not Integrity.INTACT:
        final = {"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE"}
        failed = fact.subindication in final
        return Indication.TOTAL_FAILED if failed else Indication.INDETERMINATE, fact.subindication
    if not found.placed:
        return Indication.INDETERMINATE, "GENERIC"
    if found.coverage is Coverage.PARTIAL or found.changes is Changes.FORBIDDEN:
        return Indication.TOTAL_FAILED, "FORMAT_FAILURE"
    if result is None or result.subindication is not None:
        name = result.subindication if result else "GENERIC"
        final = {"REVOKED", "EXPIRED"}
        return Indication.TOTAL_FAILED if name in final else Indication.INDETERMINATE, name
    return Indication.TOTAL_PASSED, None
