"""Why a path is not valid, in our own words; that it is not, the certificate library has found."""

from __future__ import annotations

from typing import Any

from agreegen.messages import Message, message
from agreegen.pki.certificates import UNREADABLE, subject_name
from agreegen.pki.trust.path_search import Path

_KNOWN_CRITICAL = frozenset(
    {
        "basic_constraints",
        "key_usage",
        "extended_key_usage",
        "name_constraints",
        "certificate_policies",
        "policy_mappings",
        "policy_constraints",
        "inhibit_any_policy",
        "subject_alt_name",
    }
)


def explain_fault(path: Path) -> Message:
    """Return a sentence on the first fault of a path (RFC 5280, 6.1), looking from the anchor down.

    Args:
        path: The certificate first, the anchor last.
    """
    try:
        for place in range(len(path) - 1, -1, -1):
            fault = _fault_of(path, place)
            if fault is not None:
                return fault
    except UNREADABLE:
        return message("pki.certificate-cannot-read")
    return message("pki.authority-does-not-allow-names-or")


def _fault_of(path: Path, place: int) -> Message | None:
    """Say what is wrong with one certificate; the anchor, the last one, is an authority already."""
    certificate, name = path[place], subject_name(path[place])
    unknown = sorted(certificate.critical_extensions - _KNOWN_CRITICAL)
    if unknown:
        return message("pki.critical-extension-not-known-here", name=name, unknown=unknown[0])
    if place == 0:
        return None
    if not certificate.ca:
        return message("pki.not-authority", name=name)
    usage = certificate.key_usage_value
    if usage is not None and "key_cert_sign" not in usage.native:
        return message("pki.may-not-sign-certificates", name=name)
    if _is_too_long(path, place, certificate.max_path_length):
        return message("pki.allows-fewer-authorities-below-than-there", name=name)
    return None


def _is_too_long(path: Path, place: int, limit: Any) -> bool:
    authorities = [c for c in path[1:place] if not c.self_issued]
    return limit is not None and len(authorities) > int(limit)
