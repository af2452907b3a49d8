"""The detached signature and the timestamp token that seal a bag's tag manifest."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.archive.interface import BagRequest
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.detached import sign_detached, timestamp_data


@dataclass(frozen=True, slots=True)
class BagSeal:
    """What seals a bag.

    Attributes:
        signature: Detached CAdES signature over the tag manifest, DER (EN 319 122-1).
        token: RFC 3161 token over the tag manifest, DER; None without a timestamp service.
    """

    signature: bytes
    token: bytes | None


def seal(tag_manifest: bytes, request: BagRequest) -> BagSeal:
    """Sign the tag manifest, and have it timestamped where a service is named.

    The token proves when the whole bag existed; the signature's own timestamp, when it was signed.

    Raises:
        CredentialError: The certificate must not sign, or the key cannot.
        TimestampError: No service gave an acceptable timestamp.
    """
    check_credential(request.credential, request.trust, request.now)
    signature = sign_detached(tag_manifest, request.credential, request.now, request.tsa, trust=request.trust)
    if not request.tsa:
        return BagSeal(signature, None)
    return BagSeal(signature, timestamp_data(tag_manifest, request.tsa, trust=request.trust))
