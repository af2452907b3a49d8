"""What is found out about a certificate."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.messages import Message
from agreegen.model.report import TrustStatus
from agreegen.pki.trust.chain_result import Chain
from agreegen.pki.trust.revocation import Finding


@dataclass(frozen=True, slots=True)
class CertificateResult:
    """What is known about a signing certificate for one moment.

    Attributes:
        trust: Whether a chain to an anchor holds.
        finding: Its revocation status.
        subindication: What keeps it from passing, None where nothing does.
        reasons: The same for people.
        chain: The chain.
    """

    trust: TrustStatus
    finding: Finding
    subindication: str | None
    reasons: tuple[Message, ...]
    chain: Chain
