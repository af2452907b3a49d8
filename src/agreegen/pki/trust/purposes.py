"""What certificates are for: the key usages of signers, authorities and timestamp services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from agreegen.messages import Message, message
from agreegen.pki.certificates import UNREADABLE, subject_name
from agreegen.pki.trust.chain_result import TOLERANCE, Chain

_ANY = "2.5.29.37.0"
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_SIGNING = frozenset({"digital_signature", "non_repudiation"})


def signing_problem(chain: Chain, refused: Sequence[str], *, authorities_limit: bool) -> Message | None:
    """Say why a certificate signs no documents by its key usages; None where it may.

    Args:
        chain: The certificate's path.
        refused: Extended key usages that sign no documents.
        authorities_limit: Whether the extended key usages of authorities limit those of what they issue.
    """
    certificate = chain.certificates[0]
    usage = certificate.key_usage_value
    if usage is not None and not _SIGNING & set(usage.native):
        return message("pki.key-usage-certificate-does-not-allow")
    purposes = _purposes(certificate)
    if purposes is not None and not purposes - set(refused):
        return message("pki.certificate-made-for-other-purposes-than")
    return _limit_problem(chain, purposes, refused) if authorities_limit else None


def _limit_problem(chain: Chain, purposes: frozenset[str] | None, refused: Sequence[str]) -> Message | None:
    """Say which authority may not issue certificates for signing documents (nested as browsers and CAs do).

    An authority for web servers that is taken over shall make no signatures of people.
    """
    left = purposes
    for authority in chain.certificates[1:]:
        allowed = _purposes(authority)
        if allowed is None:
            continue
        left = allowed if left is None else left & allowed
        if not left - set(refused):
            return message("pki.authority-may-not-issue-certificates-for", value=subject_name(authority))
    return None


def stamping_problem(
    chain: Chain, certificate: Any, time: datetime | None, *, authorities_limit: bool
) -> Message | None:
    """Say why a certificate makes no timestamps that count (RFC 3161, 2.3); None where it does.

    Its only extended key usage is timeStamping, critical; its key usage, if it has one, is for signatures; it
    was valid at the time that the token states: a service that dates back to before its own certificate, or
    writes on after its end, proves nothing.

    Args:
        chain: The certificate's path.
        certificate: The certificate of the service.
        time: genTime.
        authorities_limit: Whether the extended key usages of authorities limit what they issue.
    """
    try:
        if not is_for_timestamps_only(certificate):
            return message("pki.certificate-timestamp-service-not-made-for")
        if time is None or not _valid_at(certificate, time):
            return message("pki.certificate-timestamp-service-not-valid-at")
        if authorities_limit and not _allow(chain.certificates[1:], _TIME_STAMPING):
            return message("pki.authority-timestamp-service-may-not-issue")
    except UNREADABLE:
        return message("pki.certificate-timestamp-service-cannot-read")
    return None


def is_for_timestamps_only(certificate: Any) -> bool:
    """Tell whether a certificate is made for timestamps, and for nothing else (RFC 3161, 2.3)."""
    usage = certificate.key_usage_value
    if usage is not None and not _SIGNING & set(usage.native):
        return False
    critical = "extended_key_usage" in certificate.critical_extensions
    return critical and _purposes(certificate) == frozenset({_TIME_STAMPING})


def _valid_at(certificate: Any, time: datetime) -> bool:
    begins, ends = certificate.not_valid_before, certificate.not_valid_after
    return bool(begins - TOLERANCE <= time <= ends + TOLERANCE)


def _allow(authorities: Iterable[Any], purpose: str) -> bool:
    known = (_purposes(authority) for authority in authorities)
    return all(purposes is None or purpose in purposes for purposes in known)


def _purposes(certificate: Any) -> frozenset[str] | None:
    """Return the extended key usages of a certificate; None stands for any (RFC 5280, 4.2.1.12)."""
    extended = certificate.extended_key_usage_value
    if extended is None:
        return None
    purposes = frozenset(item.dotted for item in extended)
    return None if _ANY in purposes else purposes
