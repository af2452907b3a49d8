"""The raw check of signature values, scheme by scheme."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from asn1crypto import keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from agreegen.errors import MissingProgramError
from agreegen.foreign import contained
from agreegen.messages import ErrorKind, message
from agreegen.pki.algorithms import (
    HASHES,
    SM2_DEFAULT_ID,
    SignatureAlgorithm,
    UnsupportedError,
    compute_digest,
    key_facts,
)
from agreegen.pki.edwards_points import is_weak_edwards_point

_RIPEMD160_INFO = bytes.fromhex("3021300906052b2403020105000414")
"""What stands before a RIPEMD-160 digest in a PKCS#1 v1.5 block (RFC 8017, 9.2)."""
_RSA_OIDS = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a signature value was made over.

    Attributes:
        message: The message.
        digest: Its digest, where the message itself is not at hand.
    """

    message: bytes
    digest: bytes | None

    @property
    def data(self) -> bytes:
        """What the library is given."""
        return self.message if self.digest is None else self.digest

    def hashing(self, name: str) -> hashes.HashAlgorithm | Prehashed:
        """Return how the library comes from the data to the digest."""
        if name not in HASHES:
            raise UnsupportedError(message("pki.digest-not-available", name=name))
        return HASHES[name]() if self.digest is None else Prehashed(HASHES[name]())


def check_signature(
    key_info_der: bytes,
    algorithm: SignatureAlgorithm,
    content: bytes,
    signature: bytes,
    *,
    digest: bytes | None = None,
    sm2_ids: tuple[str, ...] = (SM2_DEFAULT_ID,),
) -> bool:
    """Check a signature value.

    Args:
        key_info_der: SubjectPublicKeyInfo, DER.
        algorithm: The algorithm.
        content: What was signed.
        signature: The signature value.
        digest: Its digest, where the content itself is not at hand (not for EdDSA and SM2).
        sm2_ids: Signer ids to try for SM2 (GB/T 32918.2, 5.5).

    Returns:
        Whether the signature is right.

    Raises:
        UnsupportedError: Algorithm or key are not supported.
    """
    if algorithm.scheme == "sm2":
        return _check_sm2(key_info_der, content, signature, sm2_ids)
    try:
        check = _CHECKS.get(algorithm.scheme)
        key = _load_key(key_info_der)
        if check is None:
            raise UnsupportedError(message("pki.scheme-not-supported", scheme=algorithm.scheme))
        contained(check)(key, algorithm, _Signed(content, digest), signature)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError, TypeError) as exc:
        raise UnsupportedError(message("pki.key-or-algorithm-cannot-used", kind=ErrorKind.of(exc))) from exc
    return True


def _check_sm2(key_info_der: bytes, content: bytes, signature: bytes, sm2_ids: tuple[str, ...]) -> bool:
    try:
        from agreegen.pki.sm2 import backend  # noqa: PLC0415 - SM2 is an optional part
    except ImportError as exc:
        raise UnsupportedError(message("pki.sm2-support-not-installed")) from exc
    info = keys.PublicKeyInfo.load(key_info_der)
    if key_facts(info).kind != "sm2":
        raise UnsupportedError(message("pki.sm2-signatures-need-key-on-sm2"))
    point = info["public_key"].native
    verify = contained(backend.verify_sm2)
    try:
        return any(verify(point, content, signature, signer_id) for signer_id in sm2_ids)
    except MissingProgramError as exc:
        raise UnsupportedError(message("pki.no-library-does-sm2-here")) from exc


@functools.lru_cache(maxsize=256)
@contained
def _load_key(key_info_der: bytes) -> object:
    info = keys.PublicKeyInfo.load(key_info_der)
    if info["algorithm"]["algorithm"].dotted in _RSA_OIDS:
        # Keys for PSS only (RFC 4055, 1.2), and keys whose modulus was written without its leading zero.
        numbers = info["public_key"].parsed
        modulus = int.from_bytes(numbers["modulus"].contents, "big")
        return rsa.RSAPublicNumbers(numbers["public_exponent"].native, modulus).public_key()
    return serialization.load_der_public_key(key_info_der)


def _misfit() -> UnsupportedError:
    return UnsupportedError(message("pki.key-does-not-fit-signature-algorithm"))


def _padded(key: rsa.RSAPublicKey, signature: bytes) -> bytes:
    """Some signers leave leading zeros out of the number that the value is (RFC 8017, 4.1)."""
    return signature.rjust((key.key_size + 7) // 8, b"\x00")


def _check_rsa(key: object, algorithm: SignatureAlgorithm, signed: _Signed, signature: bytes) -> None:
    if not isinstance(key, rsa.RSAPublicKey):
        raise _misfit()
    value = _padded(key, signature)
    if algorithm.digest != "ripemd160":
        key.verify(value, signed.data, padding.PKCS1v15(), signed.hashing(algorithm.digest))
        return
    stated = compute_digest("ripemd160", signed.message) if signed.digest is None else signed.digest
    if key.recover_data_from_signature(value, padding.PKCS1v15(), None) != _RIPEMD160_INFO + stated:
        raise InvalidSignature


def _check_pss(key: object, algorithm: SignatureAlgorithm, signed: _Signed, signature: bytes) -> None:
    if not isinstance(key, rsa.RSAPublicKey):
        raise _misfit()
    if algorithm.mgf_digest not in HASHES:
        raise UnsupportedError(message("pki.digest-not-available-2", mgf_digest=algorithm.mgf_digest))
    form = padding.PSS(padding.MGF1(HASHES[algorithm.mgf_digest]()), algorithm.salt_length)
    key.verify(_padded(key, signature), signed.data, form, signed.hashing(algorithm.digest))


def _check_ecdsa(key: object, algorithm: SignatureAlgorithm, signed: _Signed, signature: bytes) -> None:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _misfit()
    if algorithm.scheme == "plain-ecdsa" or _is_plain(signature, key):
        half = len(signature) // 2
        pair = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        signature = encode_dss_signature(*pair)
    key.verify(signature, signed.data, ec.ECDSA(signed.hashing(algorithm.digest)))


def _is_plain(signature: bytes, key: ec.EllipticCurvePublicKey) -> bool:
    """Say whether an ECDSA value is `r || s` of fixed length (BSI TR-03111, 5.2.1) instead of a sequence."""
    return len(signature) == 2 * ((key.key_size + 7) // 8) and signature[:1] != b"\x30"


def _check_dsa(key: object, algorithm: SignatureAlgorithm, signed: _Signed, signature: bytes) -> None:
    if not isinstance(key, dsa.DSAPublicKey):
        raise _misfit()
    key.verify(signature, signed.data, signed.hashing(algorithm.digest))


_EDWARDS = {"ed25519": ed25519.Ed25519PublicKey, "ed448": ed448.Ed448PublicKey}


def _check_edwards(key: object, algorithm: SignatureAlgorithm, signed: _Signed, signature: bytes) -> None:
    if not isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        raise _misfit()
    if signed.digest is not None or not isinstance(key, _EDWARDS[algorithm.scheme]):
        raise UnsupportedError(message("pki.eddsa-signs-messages-each-curve-under"))
    if is_weak_edwards_point(key.public_bytes_raw()):
        raise UnsupportedError(message("pki.key-one-under-anybody-can-sign"))
    key.verify(signature, signed.message)


_Check = Callable[[object, SignatureAlgorithm, _Signed, bytes], None]
_CHECKS: dict[str, _Check] = {
    "rsa": _check_rsa,
    "pss": _check_pss,
    "ecdsa": _check_ecdsa,
    "plain-ecdsa": _check_ecdsa,
    "dsa": _check_dsa,
    "ed25519": _check_edwards,
    "ed448": _check_edwards,
}
