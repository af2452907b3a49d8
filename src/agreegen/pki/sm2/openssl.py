"""SM2 and SM3 by the system's libcrypto (OpenSSL 3), through ctypes."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from typing import Any

from agreegen.errors import CredentialError
from agreegen.messages import message
from agreegen.pki.sm2.curve import ALGORITHM_IDENTIFIER, CURVE_ORDER, encode_public_key, multiply_base

_OPENSSL_3 = 0x30000000
_MOST_ADDED = 256
"""What encryption adds to a key: a point, a hash, and their DER."""
_POINTER, _SIZE, _INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "OpenSSL_version_num": (ctypes.c_ulong, []),
    "OpenSSL_version": (ctypes.c_char_p, [_INT]),
    "d2i_AutoPrivateKey": (_POINTER, [_POINTER, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long]),
    "d2i_PUBKEY": (_POINTER, [_POINTER, ctypes.POINTER(ctypes.c_char_p), ctypes.c_long]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_PKEY_CTX_new": (_POINTER, [_POINTER, _POINTER]),
    "EVP_PKEY_CTX_free": (None, [_POINTER]),
    "EVP_PKEY_CTX_set1_id": (_INT, [_POINTER, ctypes.c_char_p, _INT]),
    "EVP_MD_CTX_new": (_POINTER, []),
    "EVP_MD_CTX_free": (None, [_POINTER]),
    "EVP_MD_CTX_set_pkey_ctx": (None, [_POINTER, _POINTER]),
    "EVP_sm3": (_POINTER, []),
    "EVP_Digest": (
        _INT,
        [ctypes.c_char_p, _SIZE, ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint), _POINTER, _POINTER],
    ),
    "EVP_DigestSignInit": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "EVP_DigestSign": (
        _INT,
        [_POINTER, ctypes.c_char_p, ctypes.POINTER(_SIZE), ctypes.c_char_p, _SIZE],
    ),
    "EVP_DigestVerifyInit": (_INT, [_POINTER, _POINTER, _POINTER, _POINTER, _POINTER]),
    "EVP_DigestVerify": (_INT, [_POINTER, ctypes.c_char_p, _SIZE, ctypes.c_char_p, _SIZE]),
    **{
        f"EVP_PKEY_{act}": (_INT, [_POINTER, ctypes.c_char_p, ctypes.POINTER(_SIZE), ctypes.c_char_p, _SIZE])
        for act in ("encrypt", "decrypt")
    },
    **{f"EVP_PKEY_{act}_init": (_INT, [_POINTER]) for act in ("encrypt", "decrypt")},
    "ERR_clear_error": (None, []),
}


class _OpenSslKey:
    def __init__(self, backend: OpenSslBackend, handle: int) -> None:
        self._backend = backend
        self._handle: int | None = handle

    def __repr__(self) -> str:
        return "_OpenSslKey()"

    def __del__(self) -> None:
        self.close()

    def sign(self, content: bytes, signer_id: bytes) -> bytes:
        """Sign a message; the result is DER.

        Raises:
            CredentialError: The key was closed, or the library refuses.
        """
        if self._handle is None:
            raise CredentialError(message("pki.key-closed"))
        return self._backend.sign_with(self._handle, content, signer_id)

    def decrypt(self, encrypted: bytes) -> bytes:
        """Decrypt the DER of an SM2Cipher.

        Raises:
            CredentialError: The key was closed.
            ValueError: It was not encrypted for this key.
        """
        if self._handle is None:
            raise CredentialError(message("pki.key-closed"))
        return self._backend.crypt("decrypt", self._handle, encrypted)

    def close(self) -> None:
        """Forget the key."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._backend.free_key(handle)


class OpenSslBackend:
    """SM2 and SM3 by libcrypto.

    Args:
        library: The loaded library, with the types of its functions set.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    @property
    def name(self) -> str:
        """Name and version, for people."""
        version: bytes = self._library.OpenSSL_version(0)
        return " ".join(version.decode().split()[:2])

    def sm3(self, data: bytes) -> bytes:
        """Return the SM3 digest of bytes.

        Raises:
            CredentialError: The library refuses.
        """
        buffer, length = ctypes.create_string_buffer(64), ctypes.c_uint(0)
        library = self._library
        if library.EVP_Digest(data, len(data), buffer, ctypes.byref(length), library.EVP_sm3(), None) != 1:
            library.ERR_clear_error()
            raise CredentialError(message("pki.openssl-does-not-do-sm3-here"))
        return buffer.raw[: length.value]

    def load_key(self, scalar: bytes, point: bytes) -> _OpenSslKey:
        """Take a private key with its public point.

        Raises:
            CredentialError: The library does not take it.
        """
        handle = self._parse(self._library.d2i_AutoPrivateKey, _encode_private_key(scalar, point))
        if handle is None:
            raise CredentialError(message("pki.openssl-does-not-take-this-sm2"))
        return _OpenSslKey(self, handle)

    def generate(self) -> tuple[bytes, bytes]:
        """Make a key: private key and public point."""
        import secrets  # noqa: PLC0415 - only here

        scalar = secrets.randbelow(CURVE_ORDER - 2) + 1  # from 1 to n-2 (GB/T 32918.1, 6.1)
        return scalar.to_bytes(32), multiply_base(scalar)

    def verify(self, point: bytes, content: bytes, signature: bytes, signer_id: bytes) -> bool:
        """Check a DER signature."""
        library = self._library
        handle = self._parse(library.d2i_PUBKEY, encode_public_key(point))
        if handle is None:
            return False
        try:
            with self._context(handle, library.EVP_DigestVerifyInit, signer_id) as context:
                return bool(
                    library.EVP_DigestVerify(context, signature, len(signature), content, len(content)) == 1
                )
        except CredentialError:
            return False
        finally:
            library.EVP_PKEY_free(handle)
            library.ERR_clear_error()

    def sign_with(self, handle: int, content: bytes, signer_id: bytes) -> bytes:
        """Sign with a key that `load_key` gave.

        Raises:
            CredentialError: The library refuses.
        """
        library = self._library
        with self._context(handle, library.EVP_DigestSignInit, signer_id) as context:
            buffer, length = ctypes.create_string_buffer(128), _SIZE(128)
            status = library.EVP_DigestSign(context, buffer, ctypes.byref(length), content, len(content))
            if status != 1:
                library.ERR_clear_error()
                raise CredentialError(message("pki.sm2-key-does-not-sign"))
            return buffer.raw[: length.value]

    def encrypt(self, point: bytes, data: bytes) -> bytes:
        """Encrypt a key for a public point.

        Raises:
            ValueError: The library refuses.
        """
        handle = self._parse(self._library.d2i_PUBKEY, encode_public_key(point))
        if handle is None:
            raise ValueError("OpenSSL does not take this SM2 key")
        try:
            return self.crypt("encrypt", handle, data)
        finally:
            self._library.EVP_PKEY_free(handle)

    def crypt(self, act: str, handle: int, data: bytes) -> bytes:
        """Encrypt or decrypt with a key; see `encrypt` and the key's `decrypt`.

        Raises:
            ValueError: The library refuses.
        """
        library = self._library
        context, length = library.EVP_PKEY_CTX_new(handle, None), _SIZE(len(data) + _MOST_ADDED)
        buffer = ctypes.create_string_buffer(length.value)
        try:
            begun = bool(context) and getattr(library, f"EVP_PKEY_{act}_init")(context) == 1
            run = getattr(library, f"EVP_PKEY_{act}")
            if not begun or run(context, buffer, ctypes.byref(length), data, len(data)) != 1:
                raise ValueError(f"OpenSSL does not {act} with this SM2 key")
            return buffer.raw[: length.value]
        finally:
            library.EVP_PKEY_CTX_free(context)
            library.ERR_clear_error()

    def free_key(self, handle: int) -> None:
        """Give a key's memory back."""
        self._library.EVP_PKEY_free(handle)

    def _parse(self, parser: Callable[..., int | None], der: bytes) -> int | None:
        pointer = ctypes.c_char_p(der)
        handle = parser(None, ctypes.byref(pointer), len(der))
        # Python's own TLS reads the same error queue: nothing of ours may stay in it.
        self._library.ERR_clear_error()
        return handle

    @contextlib.contextmanager
    def _context(self, handle: int, start: Callable[..., int], signer_id: bytes) -> Iterator[int]:
        library = self._library
        context, key_context = library.EVP_MD_CTX_new(), library.EVP_PKEY_CTX_new(handle, None)
        try:
            if not context or not key_context:
                raise CredentialError(message("pki.openssl-no-memory-left"))
            ready = library.EVP_PKEY_CTX_set1_id(key_context, signer_id, len(signer_id)) == 1
            library.EVP_MD_CTX_set_pkey_ctx(context, key_context)
            if not ready or start(context, None, library.EVP_sm3(), None, handle) != 1:
                raise CredentialError(message("pki.openssl-does-not-do-sm2-here"))
            yield context
        finally:
            library.EVP_MD_CTX_free(context)
            library.EVP_PKEY_CTX_free(key_context)
            library.ERR_clear_error()


def open_openssl() -> OpenSslBackend | None:
    """Return the backend, or None where there is no OpenSSL 3 with SM2 functions."""
    for name in ("libcrypto.so.3", ctypes.util.find_library("crypto"), "libcrypto.3.dylib"):
        if name is None:
            continue
        try:
            library = ctypes.CDLL(name)
            for function, (result, arguments) in _SIGNATURES.items():
                getattr(library, function).restype = result
                getattr(library, function).argtypes = arguments
        except (OSError, AttributeError):
            continue
        if library.OpenSSL_version_num() >= _OPENSSL_3:
            return OpenSslBackend(library)
    return None


def _encode_private_key(scalar: bytes, point: bytes) -> bytes:
    # PKCS#8 (RFC 5208) around ECPrivateKey (RFC 5915); every part has a fixed length.
    inner = b"\x30\x6b\x02\x01\x01\x04\x20" + scalar + b"\xa1\x44\x03\x42\x00" + point
    return b"\x30\x81\x87\x02\x01\x00" + ALGORITHM_IDENTIFIER + b"\x04\x6d" + inner
