"""The key that signs the heads of the audit: made once in the home folder, P-256, its owner's only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from agreegen.chain.signed_heads import SignerIdentity
from agreegen.errors import CredentialError
from agreegen.files import write_atomically
from agreegen.messages import message

_NAME = "audit-key.pem"
_OWNER_ONLY = 0o600
_ALGORITHM = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class AuditKey:
    """Signs heads of the audit; `openssl dgst -sha256 -verify` checks them.

    Attributes:
        key: The private key.
    """

    key: ec.EllipticCurvePrivateKey

    @classmethod
    def of_home(cls, home: Path) -> AuditKey:
        """Read the key of a home folder; make it where there is none.

        Raises:
            CredentialError: The file is no such key.
        """
        path = home / _NAME
        if not path.exists():
            fresh = ec.generate_private_key(ec.SECP256R1())
            pem = fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            write_atomically(path, pem, mode=_OWNER_ONLY)
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except ValueError as exc:
            raise CredentialError(
                message("web.not-key", path=path), hint=message("web.restore-backup-home-folder")
            ) from exc
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CredentialError(
                message("web.not-p-256-key", path=path), hint=message("web.restore-backup-home-folder")
            )
        return cls(key)

    @property
    def public_pem(self) -> bytes:
        """The public key, PEM, for inspectors."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def name(self) -> str:
        """What the heads call it: the beginning of its public key's SHA-256."""
        return f"audit-{self.identity.certificate_sha256[:16]}"

    @property
    def identity(self) -> SignerIdentity:
        """The key as a signer; it has no certificate, so the hash is that of the public key, DER."""
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return SignerIdentity(hashlib.sha256(der).hexdigest(), "", "")

    @property
    def timestamps(self) -> bool:
        """No service stamps the audit."""
        return False

    def sign(self, message: bytes) -> bytes:
        """Return the ECDSA signature over a message, DER."""
        return self.key.sign(message, _ALGORITHM)

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature over a message is this key's."""
        try:
            self.key.public_key().verify(signature, message, _ALGORITHM)
        except InvalidSignature:
            return False
        return True
