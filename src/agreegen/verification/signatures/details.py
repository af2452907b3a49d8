"""Further facts about a signature, by name, for reports."""

from __future__ import annotations

import contextlib
import hashlib

from agreegen.model.report import Coverage
from agreegen.pki.certificates import UNREADABLE, issuer_name
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.revocation import Finding
from agreegen.verification.interface import FoundSignature


def list_details(
    found: FoundSignature, fact: SignatureFacts, finding: Finding | None
) -> list[tuple[str, str]]:
    """List further facts by name for reports."""
    facts: list[tuple[str, str]] = [("subfilter", found.subfilter or "")]
    if fact.algorithms:
        use = fact.algorithms[0]
        key = f"{use.key.kind} {use.key.bits}" if use.key else ""
        facts.append(("algorithm", " ".join(part for part in (use.scheme, use.digest, key) if part)))
    if fact.certificate is not None:
        facts.append(("certificate_sha256", hashlib.sha256(der_of(fact.certificate)).hexdigest()))
        facts.append(("issuer", issuer_name(fact.certificate)))
        with contextlib.suppress(*UNREADABLE):
            facts.append(("serial_number", format(fact.certificate.serial_number, "x")))
            expiry = fact.certificate.not_valid_after
            facts.append(("valid_until", expiry.isoformat().replace("+00:00", "Z")))
    if found.claimed_time is not None:
        facts.append(("claimed_time", found.claimed_time.isoformat()))
    for stamp in fact.timestamps:
        if stamp.time is not None:
            facts.append((f"{stamp.use}_timestamp", stamp.time.isoformat().replace("+00:00", "Z")))
    if finding is not None and finding.revoked_at is not None:
        facts.append(("revoked_at", finding.revoked_at.isoformat().replace("+00:00", "Z")))
    for name, value in (("reason", found.reason), ("location", found.location)):
        if value:
            facts.append((name, value))
    if found.revision is not None:
        facts.append(("revision", str(found.revision + 1)))
    if found.byte_range is not None and found.coverage is not Coverage.PARTIAL:
        facts.append(("signed_bytes", str(found.byte_range[2] + found.byte_range[3])))
    if found.docmdp is not None:
        facts.append(("docmdp", str(found.docmdp)))
    return facts
