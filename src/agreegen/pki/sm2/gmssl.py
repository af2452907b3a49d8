"""SM2 and SM3 by the package gmssl-pyx."""

from __future__ import annotations

from typing import Any

from agreegen.errors import CredentialError
from agreegen.foreign import silence
from agreegen.messages import message


class _GmsslKey:
    def __init__(self, library: Any, scalar: bytes, point: bytes) -> None:
        self._library = library
        self._scalar: bytes | None = scalar
        self._point = point

    def __repr__(self) -> str:
        return "_GmsslKey()"

    def sign(self, content: bytes, signer_id: bytes) -> bytes:
        """Sign a message; the result is DER.

        Raises:
            CredentialError: The key was closed, or the library refuses.
        """
        if self._scalar is None:
            raise CredentialError(message("pki.key-closed"))
        try:
            return bytes(self._library.sm2_sign(self._scalar, self._point[1:], content, signer_id))
        except self._library.GmsslInnerError as exc:
            raise CredentialError(message("pki.sm2-key-does-not-sign")) from exc

    def decrypt(self, encrypted: bytes) -> bytes:
        """Decrypt the DER of an SM2Cipher.

        Raises:
            CredentialError: The key was closed.
            ValueError: It was not encrypted for this key.
        """
        if self._scalar is None:
            raise CredentialError(message("pki.key-closed"))
        try:
            with silence():
                return bytes(self._library.sm2_decrypt(self._scalar, encrypted))
        except self._library.GmsslInnerError as exc:
            raise ValueError("it was not encrypted for this SM2 key") from exc

    def close(self) -> None:
        """Forget the key."""
        self._scalar = None


class GmsslBackend:
    """SM2 and SM3 by gmssl-pyx."""

    def __init__(self, library: Any) -> None:
        self._library = library

    @property
    def name(self) -> str:
        """Name and version, for people."""
        return f"gmssl-pyx {self._library.__version__}"

    def sm3(self, data: bytes) -> bytes:
        """Return the SM3 digest of bytes."""
        return bytes(self._library.sm3_hash(data))

    def load_key(self, scalar: bytes, point: bytes) -> _GmsslKey:
        """Take a private key with its public point."""
        return _GmsslKey(self._library, scalar, point)

    def generate(self) -> tuple[bytes, bytes]:
        """Make a key: private key and public point."""
        public, private = self._library.sm2_key_generate()
        return bytes(private), b"\x04" + bytes(public)

    def encrypt(self, point: bytes, data: bytes) -> bytes:
        """Encrypt a key for a public point."""
        return bytes(self._library.sm2_encrypt(point[1:], data))

    def verify(self, point: bytes, content: bytes, signature: bytes, signer_id: bytes) -> bool:
        """Check a DER signature."""
        try:
            # The library writes lines of its source to standard error whenever a signature is wrong.
            with silence():
                return bool(self._library.sm2_verify(point[1:], content, signature, signer_id))
        except self._library.GmsslInnerError:
            return False


def open_gmssl() -> GmsslBackend | None:
    """Return the backend, or None where the package is not installed."""
    try:
        import gmssl_pyx  # noqa: PLC0415 - an optional package
    except ImportError:
        return None
    return GmsslBackend(gmssl_pyx)
