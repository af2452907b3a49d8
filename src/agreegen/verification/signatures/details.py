"""Further facts about a signature, by name, for reports."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

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
    revoked_at = None if finding is None else finding.revoked_at
    stated = [
        ("claimed_time", found.claimed_time and found.claimed_time.isoformat()),
        *((f"{stamp.use}_timestamp", stamp.time and _utc(stamp.time)) for stamp in fact.timestamps),
        ("revoked_at", revoked_at and _utc(revoked_at)),
        ("reason", found.reason),
        ("location", found.location),
        ("revision", None if found.revision is None else str(found.revision + 1)),
        ("signed_bytes", _signed_bytes(found)),
        ("docmdp", None if found.docmdp is None else str(found.docmdp)),
    ]
    facts = [("subfilter", found.subfilter or ""), *_algorithm(fact), *_certificate(fact.certificate)]
    return facts + [(name, value) for name, value in stated if value]


def _algorithm(fact: SignatureFacts) -> Iterator[tuple[str, str]]:
    for use in fact.algorithms[:1]:
        key = f"{use.key.kind} {use.key.bits}" if use.key else ""
        yield "algorithm", " ".join(filter(None, (use.scheme, use.digest, key)))


def _certificate(certificate: Any | None) -> Iterator[tuple[str, str]]:
    if certificate is None:
        return
    yield "certificate_sha256", hashlib.sha256(der_of(certificate)).hexdigest()
    yield "issuer", str(issuer_name(certificate))
    with contextlib.suppress(*UNREADABLE):
        yield "serial_number", format(certificate.serial_number, "x")
        yield "valid_until", _utc(certificate.not_valid_after)


def _signed_bytes(found: FoundSignature) -> str | None:
    if found.byte_range is None or found.coverage is Coverage.PARTIAL:
        return None
    return str(found.byte_range[2] + found.byte_range[3])


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
