"""How the content of an envelope is encrypted: AES-256-GCM (RFC 5084), or SM4-CBC where one demands it."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Protocol

from asn1crypto import core
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.ciphers.modes import CBC, GCM

from agreegen.archive.envelopes.problems import ContentError
from agreegen.messages import message

_AES_256_GCM, _SM4_CBC = "2.16.840.1.101.3.4.1.46", "1.2.156.10197.1.104.2"
_NONCE_BYTES, _TAG_BYTES, _BLOCK_BYTES = 12, 16, 16


class ContentCipher(StrEnum):
    """The ciphers that a seal may use."""

    AES_256_GCM = "aes-256-gcm"
    SM4_CBC = "sm4-cbc"

    @property
    def key_bytes(self) -> int:
        """Length of its key."""
        return 32 if self is ContentCipher.AES_256_GCM else 16

    @property
    def authenticated(self) -> bool:
        """Whether it has a tag of its own."""
        return self is ContentCipher.AES_256_GCM

    def sealed_size(self, size: int) -> int:
        """Return how many bytes so many become."""
        return size if self.authenticated else (size // _BLOCK_BYTES + 1) * _BLOCK_BYTES


class _GcmParameters(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [  # noqa: RUF012 - as asn1crypto wants it
        ("nonce", core.OctetString),
        ("icv_length", core.Integer, {"default": 12}),
    ]


class _Algorithm(core.Sequence):  # type: ignore[misc]  # the same
    _fields = [  # noqa: RUF012 - the same
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any),
    ]


class Encryption(Protocol):
    """Content on its way into an envelope."""

    def update(self, data: bytes | memoryview) -> bytes:
        """Encrypt the next bytes."""
        ...

    def finish(self) -> tuple[bytes, bytes]:
        """Return the last bytes, and the tag; empty where the cipher has none."""
        ...


class Decryption(Protocol):
    """Content on its way out of an envelope: nothing of it counts before `finish`."""

    def update(self, data: bytes) -> bytes:
        """Decrypt the next bytes."""
        ...

    def finish(self, tag: bytes) -> bytes:
        """Check the tag or the padding, and return the last bytes.

        Raises:
            ContentError: It is not what was sealed, or the key is another one: which of both is not told.
        """
        ...


def encryption(cipher: ContentCipher, key: bytes) -> tuple[bytes, Encryption]:
    """Begin to encrypt with a new nonce; return the DER of the AlgorithmIdentifier, too."""
    if cipher is ContentCipher.AES_256_GCM:
        nonce = os.urandom(_NONCE_BYTES)
        parameters = _GcmParameters({"nonce": nonce, "icv_length": _TAG_BYTES})
        return _identifier(_AES_256_GCM, parameters), _GcmEncryption(key, nonce)
    nonce = os.urandom(_BLOCK_BYTES)
    return _identifier(_SM4_CBC, core.OctetString(nonce)), _CbcEncryption(key, nonce)


def decryption(identifier: bytes, key: bytes) -> tuple[ContentCipher, Decryption]:
    """Begin to decrypt what an AlgorithmIdentifier names.

    Raises:
        ContentError: It names another cipher, or its parameters are not those expected.
        ValueError, TypeError: It cannot be read.
    """
    parsed = _Algorithm.load(identifier, strict=True)
    name, parameters = parsed["algorithm"].dotted, parsed["parameters"]
    if name == _AES_256_GCM:
        given = parameters.parse(_GcmParameters)
        nonce, length = given["nonce"].native, given["icv_length"].native
        if len(nonce) != _NONCE_BYTES or length != _TAG_BYTES:
            raise ContentError(message("archive.envelope-parameters"))
        return ContentCipher.AES_256_GCM, _GcmDecryption(_of_length(key, 32), nonce)
    if name == _SM4_CBC:
        nonce = parameters.parse(core.OctetString).native
        if len(nonce) != _BLOCK_BYTES:
            raise ContentError(message("archive.envelope-parameters"))
        return ContentCipher.SM4_CBC, _CbcDecryption(_of_length(key, 16), nonce)
    raise ContentError(message("archive.envelope-cipher", name=name))


def _of_length(key: bytes, length: int) -> bytes:
    """Return the key; one of another length is replaced by chance, so that it fails like any wrong key."""
    return key if len(key) == length else os.urandom(length)


def _identifier(name: str, parameters: core.Asn1Value) -> bytes:
    return bytes(_Algorithm({"algorithm": name, "parameters": parameters}).dump())


class _GcmEncryption:
    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._context = Cipher(AES(key), GCM(nonce)).encryptor()

    def update(self, data: bytes | memoryview) -> bytes:
        return self._context.update(data)

    def finish(self) -> tuple[bytes, bytes]:
        return self._context.finalize(), self._context.tag


class _GcmDecryption:
    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._context = Cipher(AES(key), GCM(nonce)).decryptor()

    def update(self, data: bytes) -> bytes:
        return self._context.update(data)

    def finish(self, tag: bytes) -> bytes:
        try:
            return self._context.finalize_with_tag(tag)
        except (InvalidTag, ValueError) as exc:
            raise ContentError(message("archive.not-what-was-sealed")) from exc


class _CbcEncryption:
    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._context = Cipher(SM4(key), CBC(nonce)).encryptor()
        self._padder = padding.PKCS7(_BLOCK_BYTES * 8).padder()

    def update(self, data: bytes | memoryview) -> bytes:
        return self._context.update(self._padder.update(data))

    def finish(self) -> tuple[bytes, bytes]:
        return self._context.update(self._padder.finalize()) + self._context.finalize(), b""


class _CbcDecryption:
    def __init__(self, key: bytes, nonce: bytes) -> None:
        self._context = Cipher(SM4(key), CBC(nonce)).decryptor()
        self._unpadder = padding.PKCS7(_BLOCK_BYTES * 8).unpadder()

    def update(self, data: bytes) -> bytes:
        return self._unpadder.update(self._context.update(data))

    def finish(self, tag: bytes) -> bytes:
        try:
            return self._unpadder.update(self._context.finalize()) + self._unpadder.finalize() + tag[:0]
        except ValueError as exc:
            raise ContentError(message("archive.not-what-was-sealed")) from exc
