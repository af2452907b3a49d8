"""SM2 signatures with SM3 (GB/T 32918.2, GB/T 32905) behind one seam: the system's OpenSSL 3, or gmssl-pyx.

Both backends do the same and are checked against a signature of the other's making in the tests. A backend is
taken only after it has passed a known answer, since some builds of OpenSSL leave SM2 out.
"""

from __future__ import annotations

import functools
import hashlib
from typing import Protocol

from asn1crypto import algos

from agreegen.errors import MissingProgramError
from agreegen.messages import message
from agreegen.pki.sm2.curve import CURVE_ORDER, KEY_INFO_PREFIX, is_on_curve

DEFAULT_SIGNER_ID = "1234567812345678"
"""The id that enters the digest unless both sides agreed on another (GM/T 0009, clause 10)."""

_MAX_SIGNER_ID_BYTES = 8191  # its length in bits must fit two bytes (GB/T 32918.2, 5.5)
_MAX_SIGNATURE_BYTES = 72

# GB/T 32918.5, annex A.2: message digest, default id, and its signature.
_KNOWN_POINT = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
_KNOWN_SIGNATURE = (
    0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
    0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
)
_KNOWN_MESSAGE = b"message digest"


class Sm2Key(Protocol):
    """A private key, held by a backend."""

    def sign(self, content: bytes, signer_id: bytes) -> bytes:
        """Sign a message; the result is DER (GM/T 0009, clause 7.3)."""
        ...

    def decrypt(self, encrypted: bytes) -> bytes:
        """Decrypt the DER of an SM2Cipher (GM/T 0009, clause 7.2).

        Raises:
            ValueError: It was not encrypted for this key.
        """
        ...

    def close(self) -> None:
        """Forget the key."""
        ...


class Sm2Backend(Protocol):
    """What a library has to offer."""

    @property
    def name(self) -> str:
        """Name and version, for people."""
        ...

    def sm3(self, data: bytes) -> bytes:
        """Return the SM3 digest of bytes (GB/T 32905)."""
        ...

    def load_key(self, scalar: bytes, point: bytes) -> Sm2Key:
        """Take a private key of 32 bytes with its uncompressed public point of 65 bytes."""
        ...

    def generate(self) -> tuple[bytes, bytes]:
        """Make a key: 32 bytes of private key, 65 bytes of public point."""
        ...

    def encrypt(self, point: bytes, data: bytes) -> bytes:
        """Encrypt a key for an uncompressed public point; the result is the DER of an SM2Cipher."""
        ...

    def verify(self, point: bytes, content: bytes, signature: bytes, signer_id: bytes) -> bool:
        """Check a DER signature against an uncompressed public point."""
        ...


@functools.cache
def find_backend(name: str | None = None) -> Sm2Backend:
    """Return a backend that works here: `openssl`, `gmssl`, or the first of both that does.

    Raises:
        MissingProgramError: It is not there, or leaves SM2 out.
    """
    found: Sm2Backend | None = None
    if name in (None, "openssl"):
        from agreegen.pki.sm2.openssl import open_openssl  # noqa: PLC0415 - loads a shared library

        found = open_openssl()
    if (found is None or not _passes(found)) and name in (None, "gmssl"):
        from agreegen.pki.sm2.gmssl import open_gmssl  # noqa: PLC0415 - an optional package

        found = open_gmssl()
    if found is None or not _passes(found):
        raise MissingProgramError(
            message("pki.sm2-needs-library") if name is None else message("pki.sm2-needs", name=name),
            hint=message("pki.install-openssl-3-debian-package-libssl3"),
        )
    return found


def describe_backend() -> str:
    """Say which library does SM2 here.

    Raises:
        MissingProgramError: None does.
    """
    return find_backend().name


def sm3(data: bytes) -> bytes:
    """Return the SM3 digest of bytes (GB/T 32905).

    Raises:
        MissingProgramError: No library does SM3 here.
    """
    try:
        return hashlib.new("sm3", data).digest()
    except ValueError:
        return find_backend().sm3(data)


def verify_sm2(
    public_key: bytes,
    content: bytes,
    signature: bytes,
    signer_id: str = DEFAULT_SIGNER_ID,
    *,
    backend: str | None = None,
) -> bool:
    """Check an SM2 signature with SM3 over a message.

    Args:
        public_key: The uncompressed point (65 bytes), or a SubjectPublicKeyInfo in DER.
        content: What was signed, not its digest.
        signature: DER sequence of r and s, in the one canonical encoding.
        signer_id: The signer's id, which enters the digest.
        backend: `openssl` or `gmssl`; None for the one that is here.

    Returns:
        Whether the signature is right; anything malformed is not.

    Raises:
        MissingProgramError: No library does SM2 here.
    """
    library = find_backend(backend)
    encoded_id = signer_id.encode()
    point = _point_of(public_key)
    # An empty id would be anybody's: whoever agreed on none has the default one.
    if point is None or not 0 < len(encoded_id) <= _MAX_SIGNER_ID_BYTES or not is_canonical(signature):
        return False
    return library.verify(point, content, signature, encoded_id)


def is_canonical(signature: bytes) -> bool:
    """Tell whether a signature is the DER of r and s, both from 1 to the curve's order less 1."""
    if not 8 <= len(signature) <= _MAX_SIGNATURE_BYTES:
        return False
    try:
        parsed = algos.DSASignature.load(signature, strict=True)
        r, s = int(parsed["r"].native), int(parsed["s"].native)
    except (ValueError, TypeError):
        return False
    in_range = 0 < r < CURVE_ORDER and 0 < s < CURVE_ORDER
    return in_range and bool(algos.DSASignature({"r": r, "s": s}).dump() == signature)


def _point_of(public_key: bytes) -> bytes | None:
    point = public_key.removeprefix(KEY_INFO_PREFIX)
    return point if is_on_curve(point) else None


def _passes(backend: Sm2Backend) -> bool:
    r, s = _KNOWN_SIGNATURE
    good, bad = (bytes(algos.DSASignature({"r": r, "s": value}).dump()) for value in (s, s - 1))
    identity = DEFAULT_SIGNER_ID.encode()
    return backend.verify(_KNOWN_POINT, _KNOWN_MESSAGE, good, identity) and not backend.verify(
        _KNOWN_POINT, _KNOWN_MESSAGE, bad, identity
    )
