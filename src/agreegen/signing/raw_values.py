"""Raw signature values: checked against certificates, and brought into the encoding that CMS wants."""

from __future__ import annotations

import functools

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from agreegen.errors import MissingProgramError
from agreegen.pki.algorithms import SM2_DEFAULT_ID, SignatureAlgorithm, UnsupportedError
from agreegen.pki.certificates import UNREADABLE
from agreegen.pki.signature_values import check_signature
from agreegen.signing.interface import Mechanism

COORDINATE_BYTES = {Mechanism.ECDSA_SHA256: 32, Mechanism.ECDSA_SHA384: 48}
"""Length of r and of s, for the mechanisms of ECDSA."""

_ALGORITHMS = {
    Mechanism.RSA_SHA256: SignatureAlgorithm("rsa", "sha256"),
    Mechanism.ECDSA_SHA256: SignatureAlgorithm("ecdsa", "sha256"),
    Mechanism.ECDSA_SHA384: SignatureAlgorithm("ecdsa", "sha384"),
    Mechanism.ED25519: SignatureAlgorithm("ed25519", ""),
    Mechanism.SM2_SM3: SignatureAlgorithm("sm2", "sm3"),
}


def verify_raw(
    certificate_der: bytes,
    mechanism: Mechanism,
    message: bytes,
    signature: bytes,
    *,
    signer_id: str | None = None,
) -> bool:
    """Tell whether a raw signature over a message fits a certificate's key; anything malformed does not.

    Args:
        certificate_der: The certificate.
        mechanism: How the message was signed.
        message: What was signed.
        signature: The signature value; that of ECDSA and SM2 in DER (RFC 3279, 2.2.3).
        signer_id: For SM2, the signer's id where it is not the default one.

    Raises:
        MissingProgramError: No library does SM2 here.
    """
    key = _key_of(certificate_der)
    ids = (signer_id or SM2_DEFAULT_ID,)
    try:
        return key is not None and check_signature(
            key, _ALGORITHMS[mechanism], message, signature, sm2_ids=ids
        )
    except UnsupportedError as exc:
        if isinstance(exc.__cause__, MissingProgramError):
            raise exc.__cause__ from None
        return False


def encode_pair(pair: bytes) -> bytes:
    """Encode r and s that stand side by side, as tokens and services give them, in DER (RFC 3279, 2.2.3)."""
    half = len(pair) // 2
    return encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))


@functools.lru_cache(maxsize=256)
def _key_of(certificate_der: bytes) -> bytes | None:
    """Return a certificate's SubjectPublicKeyInfo, DER; None where it cannot be read."""
    try:
        return bytes(x509.Certificate.load(certificate_der).public_key.dump())
    except UNREADABLE:
        return None
