"""Detached CAdES signatures (EN 319 122-1) and timestamps over data that is no PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from agreegen.signing.certificate_checks import require_fit
from agreegen.signing.cms import CmsTemplate
from agreegen.signing.interface import Credential, TimestampServer, Trust

if TYPE_CHECKING:
    from agreegen.signing.services.timestamps import TimestampClient


def sign_detached(
    data: bytes,
    credential: Credential,
    now: datetime,
    tsa: Sequence[TimestampServer] = (),
    *,
    trust: Trust | None = None,
) -> bytes:
    """Sign data with a detached CAdES baseline signature: level B-T with a timestamp service, else B-B.

    Args:
        data: What is signed; it does not go into the result.
        credential: Key and certificate; the caller owes `check_credential`.
        now: Claimed signing time, aware UTC.
        tsa: Timestamp services, tried in order.
        trust: Anchors that the timestamp service must chain to.

    Returns:
        DER of the CMS, a `.p7s` file.

    Raises:
        CredentialError: The key cannot sign, or does not fit the certificate.
        TimestampError: No service gave an acceptable timestamp.
    """
    template = CmsTemplate.for_credential(credential, signing_time=now)
    attributes = template.signed_attributes(template.digest(data))
    signature = credential.signer.sign(attributes)
    require_fit(credential, attributes, signature)
    token = None
    if tsa:
        with _client(tsa, trust) as client:
            token = client.timestamp(signature)
    return template.assemble(attributes, signature, timestamp_token=token)


def timestamp_data(data: bytes, tsa: Sequence[TimestampServer], *, trust: Trust | None = None) -> bytes:
    """Return the DER of an RFC 3161 token over the SHA-256 of data (`openssl ts -verify -token_in`).

    Raises:
        TimestampError: No service gave an acceptable timestamp.
    """
    with _client(tsa, trust) as client:
        return client.timestamp(data)


def _client(tsa: Sequence[TimestampServer], trust: Trust | None) -> TimestampClient:
    from agreegen.signing.services.timestamps import TimestampClient  # noqa: PLC0415 - HTTP takes long to load

    return TimestampClient(tsa, trust=trust)
