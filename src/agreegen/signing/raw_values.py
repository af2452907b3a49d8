"""Raw signature values: checked against public keys, and brought into the encoding that CMS wants."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from agreegen.signing.interface import Mechanism

COORDINATE_BYTES = {Mechanism.ECDSA_SHA256: 32, Mechanism.ECDSA_SHA384: 48}
"""Length of r and of s, for the mechanisms of ECDSA."""


def fits_key(
    key: object,
    signature: bytes,
    message: bytes,
    digest: hashes.HashAlgorithm | None,
    *,
    pss_salt_bytes: int | None = None,
) -> bool:
    """Tell whether a signature over a message is a public key's; anything malformed is not.

    Args:
        key: RSA, elliptic curve, Ed25519 or Ed448; nothing fits another one.
        signature: The value; that of ECDSA in DER (RFC 3279, 2.2.3).
        message: What was signed, not its digest.
        digest: The digest algorithm; None where the key has its own.
        pss_salt_bytes: Length of the salt where the RSA signature is a PSS one.
    """
    try:
        if isinstance(key, rsa.RSAPublicKey) and digest is not None:
            if pss_salt_bytes is None:
                key.verify(signature, message, padding.PKCS1v15(), digest)
            else:
                key.verify(signature, message, padding.PSS(padding.MGF1(digest), pss_salt_bytes), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(signature, message)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def encode_pair(pair: bytes) -> bytes:
    """Encode r and s that stand side by side, as tokens and services give them, in DER (RFC 3279, 2.2.3)."""
    half = len(pair) // 2
    return encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))
