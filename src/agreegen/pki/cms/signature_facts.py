"""What the cryptography of a signature shows, before anything is said about trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agreegen.messages import Message
from agreegen.model.report import Integrity
from agreegen.pki.algorithms import AlgorithmUse


@dataclass(frozen=True, slots=True)
class TimestampFacts:
    """A timestamp token (RFC 3161), its cryptography checked, its trust not.

    Attributes:
        use: `signature`, `content` or `document`.
        time: genTime, aware UTC; None where unreadable.
        integrity: Whether imprint and signature are right.
        certificate: The certificate of the service, if found.
        certificates: All certificates in the token.
        crls_der: Revocation lists in the token.
        ocsps_der: OCSP responses in the token.
        algorithms: Algorithms used.
        reasons: What is wrong.
        subindication: Of EN 319 102-1, where something is wrong.
    """

    use: str
    time: datetime | None
    integrity: Integrity
    certificate: Any | None = None
    certificates: tuple[Any, ...] = ()
    crls_der: tuple[bytes, ...] = ()
    ocsps_der: tuple[bytes, ...] = ()
    algorithms: tuple[AlgorithmUse, ...] = ()
    reasons: tuple[Message, ...] = ()
    subindication: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """The cryptography of one signature or document timestamp.

    Attributes:
        integrity: Whether it holds.
        subindication: Of EN 319 102-1, where it does not, or cannot be judged.
        certificate: The signing certificate, if found.
        certificates: Certificates that came with it.
        crls_der: Revocation lists that came with it.
        ocsps_der: OCSP responses that came with it.
        algorithms: Algorithms used.
        timestamps: Signature and content timestamps; for a document timestamp, the token itself.
        cades: Whether it has the form of a PAdES baseline signature (EN 319 142-1, 6.3).
        claimed_time: The signing-time attribute.
        reasons: What is wrong, one sentence each.
        notes: What is unusual, but not wrong.
        padding_clean: Whether only zeros follow the CMS in `/Contents`.
    """

    integrity: Integrity
    subindication: str | None = None
    certificate: Any | None = None
    certificates: tuple[Any, ...] = ()
    crls_der: tuple[bytes, ...] = ()
    ocsps_der: tuple[bytes, ...] = ()
    algorithms: tuple[AlgorithmUse, ...] = ()
    timestamps: tuple[TimestampFacts, ...] = ()
    cades: bool = False
    claimed_time: datetime | None = None
    reasons: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    padding_clean: bool = True

    @property
    def parts(self) -> tuple[SignatureFacts | TimestampFacts, ...]:
        """The signature itself and its timestamps: whatever carries certificates and revocation data."""
        return (self, *self.timestamps)
