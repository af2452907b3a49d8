"""The key that wraps a content key after ephemeral ECDH (RFC 5753, 7.2; SEC 1, 3.6.1)."""

from __future__ import annotations

from asn1crypto import cms, core
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

STANDARD_DH_SHA256 = "1.3.132.1.11.1"
"""dhSinglePass-stdDH-sha256kdf-scheme."""
AES_256_WRAP = "aes256_wrap"
_KEY_BYTES = 32


class _SharedInfo(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [  # noqa: RUF012 - as asn1crypto wants it
        ("key_info", cms.KeyEncryptionAlgorithm),
        ("entity_u_info", core.OctetString, {"explicit": 0, "optional": True}),
        ("supp_pub_info", core.OctetString, {"explicit": 2}),
    ]


def wrapping_key(shared_secret: bytes, user_material: bytes | None = None) -> bytes:
    """Derive the AES-256 key that wraps the content key.

    Args:
        shared_secret: The x coordinate of the common point.
        user_material: The sender's `ukm`, where there is one.
    """
    info = _SharedInfo(
        {
            "key_info": {"algorithm": AES_256_WRAP},
            "supp_pub_info": (_KEY_BYTES * 8).to_bytes(4),
            **({} if user_material is None else {"entity_u_info": user_material}),
        }
    )
    return X963KDF(hashes.SHA256(), _KEY_BYTES, bytes(info.dump())).derive(shared_secret)
