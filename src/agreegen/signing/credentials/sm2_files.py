"""SM2 keys in files: PKCS#8, plain or encrypted (RFC 5958, RFC 8018), and PKCS#12 (RFC 7292).

OpenSSL's bindings for Python refuse the SM2 curve, so these containers are opened here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Any

from asn1crypto import cms, keys, parser, pem, pkcs12
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from agreegen.errors import SpokenValueError
from agreegen.messages import message
from agreegen.pki.sm2.curve import SM2_CURVE_OID

_MAX_ROUNDS = 1_000_000
"""For the derivation that is done in Python, too."""

_PBES2 = "1.2.840.113549.1.5.13"
_PBE_SHA1_3DES = "1.2.840.113549.1.12.1.3"
_PRFS: dict[str, type[hashes.HashAlgorithm]] = {
    "1.2.840.113549.2.7": hashes.SHA1,
    "1.2.840.113549.2.9": hashes.SHA256,
    "1.2.840.113549.2.10": hashes.SHA384,
    "1.2.840.113549.2.11": hashes.SHA512,
    "1.2.156.10197.1.401.2": hashes.SM3,
}
_CIPHERS: dict[str, tuple[type[Any], int]] = {
    "2.16.840.1.101.3.4.1.2": (algorithms.AES, 16),
    "2.16.840.1.101.3.4.1.22": (algorithms.AES, 24),
    "2.16.840.1.101.3.4.1.42": (algorithms.AES, 32),
    "1.2.840.113549.3.7": (TripleDES, 24),
    "1.2.156.10197.1.104.2": (algorithms.SM4, 16),
}
_MACS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.2.156.10197.1.401": "sm3",
}
_KDF_KEY, _KDF_IV, _KDF_MAC = 1, 2, 3


class WrongPassphraseError(ValueError):
    """The passphrase does not open the file, or is missing."""


def read_key_file(data: bytes, passphrase: str | None) -> int:
    """Return the private number of a PKCS#8 file, PEM or DER.

    Raises:
        WrongPassphraseError: The passphrase is wrong or missing.
        ValueError: It is not the file of an SM2 key, or is protected in a way that is not supported.
    """
    name = ""
    if pem.detect(data):
        name, _, data = next(
            (block for block in pem.unarmor(data, multiple=True) if block[0].endswith("PRIVATE KEY")),
            ("", {}, b""),
        )
    if name not in ("", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"):
        raise SpokenValueError(message("signing.sm2-key-not-pkcs8", name=name))
    if name != "PRIVATE KEY":
        try:
            protected = keys.EncryptedPrivateKeyInfo.load(data, strict=True)
            encrypted = bool(protected["encrypted_data"].native)
        except (ValueError, TypeError):
            encrypted = False
        if encrypted:
            data = _open_protected(protected, passphrase)
    return _private_number(data)


def read_pkcs12(data: bytes, passphrase: str) -> tuple[list[int], list[bytes]]:
    """Return the private numbers of the SM2 keys in a PKCS#12 file, and its certificates in DER.

    Raises:
        WrongPassphraseError: The passphrase is wrong.
        ValueError: It is not PKCS#12, or is protected in a way that is not supported.
    """
    bundle = pkcs12.Pfx.load(data)
    content = bundle["auth_safe"]["content"].native
    if not isinstance(content, bytes):
        raise SpokenValueError(message("signing.sm2-file-not-pkcs12"))
    _check_mac(bundle, content, passphrase)
    numbers: list[int] = []
    certificates: list[bytes] = []
    for safe in pkcs12.AuthenticatedSafe.load(content):
        for bag in pkcs12.SafeContents.load(_open_safe(safe, passphrase)):
            kind, value = bag["bag_id"].native, bag["bag_value"]
            if kind == "pkcs8_shrouded_key_bag":
                numbers.extend(_number_or_none(_open_protected(value, passphrase)))
            elif kind == "key_bag":
                numbers.extend(_number_or_none(value.untag().dump()))
            elif kind == "cert_bag":
                certificates.append(bytes(value["cert_value"].parsed.dump()))
    return numbers, certificates


def _number_or_none(info: bytes) -> Iterator[int]:
    try:
        yield _private_number(info)
    except WrongPassphraseError:
        raise
    except ValueError:
        return  # a key of another kind


def _private_number(data: bytes) -> int:
    try:
        info = keys.PrivateKeyInfo.load(data, strict=True)
        algorithm = info["private_key_algorithm"]
        curve = algorithm["parameters"].chosen.dotted if algorithm["algorithm"].native == "ec" else ""
        inner = keys.ECPrivateKey.load(bytes(info["private_key"].contents), strict=True)
        number = int.from_bytes(inner["private_key"].contents)
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise SpokenValueError(message("signing.sm2-no-private-key")) from exc
    if curve != SM2_CURVE_OID:
        raise SpokenValueError(message("signing.sm2-other-key"))
    return number


def _open_safe(safe: Any, passphrase: str) -> bytes:
    kind = safe["content_type"].native
    if kind == "data":
        return bytes(safe["content"].native)
    if kind != "encrypted_data":
        raise SpokenValueError(message("signing.sm2-certificate-protects"))
    inner: cms.EncryptedContentInfo = safe["content"]["encrypted_content_info"]
    algorithm = inner["content_encryption_algorithm"]
    return _decrypt(algorithm, bytes(inner["encrypted_content"].native), passphrase)


def _open_protected(protected: Any, passphrase: str | None) -> bytes:
    if passphrase is None:
        raise WrongPassphraseError(message("signing.key-protected-passphrase-none-given"))
    data = bytes(protected["encrypted_data"].native)
    plain = _decrypt(protected["encryption_algorithm"], data, passphrase)
    try:
        parser.parse(plain, strict=True)
    except ValueError as exc:  # one wrong passphrase in 256 leaves what looks like padding
        raise WrongPassphraseError(message("signing.passphrase-wrong")) from exc
    return plain


def _decrypt(algorithm: Any, data: bytes, passphrase: str) -> bytes:
    oid, parameters = algorithm["algorithm"].dotted, algorithm["parameters"]
    if oid == _PBES2:
        cipher, iv = _derive_pbes2(parameters, passphrase)
    elif oid == _PBE_SHA1_3DES:
        salt, rounds = bytes(parameters["salt"].native), _rounds(parameters["iterations"].native)
        key = _pkcs12_derive("sha1", passphrase, salt, rounds, _KDF_KEY, 24)
        cipher, iv = TripleDES(key), _pkcs12_derive("sha1", passphrase, salt, rounds, _KDF_IV, 8)
    else:
        raise SpokenValueError(message("signing.sm2-cipher", oid=oid))
    try:
        decryptor = Cipher(cipher, modes.CBC(iv)).decryptor()
        unpadder = padding.PKCS7(len(iv) * 8).unpadder()
        plain = unpadder.update(decryptor.update(data) + decryptor.finalize())
        return plain + unpadder.finalize()
    except UnsupportedAlgorithm as exc:
        raise SpokenValueError(message("signing.sm2-cipher-here")) from exc
    except ValueError as exc:
        raise WrongPassphraseError(message("signing.passphrase-wrong")) from exc


def _derive_pbes2(parameters: Any, passphrase: str) -> tuple[CipherAlgorithm, bytes]:
    scheme = parameters["encryption_scheme"]
    oid = scheme["algorithm"].dotted
    if parameters["key_derivation_func"]["algorithm"].native != "pbkdf2" or oid not in _CIPHERS:
        raise SpokenValueError(message("signing.sm2-cipher", oid=oid))
    derivation = parameters["key_derivation_func"]["parameters"]
    prf = derivation["prf"]["algorithm"].dotted
    if prf not in _PRFS:
        raise SpokenValueError(message("signing.sm2-derivation", prf=prf))
    cipher, length = _CIPHERS[oid]
    salt = bytes(derivation["salt"].chosen.native)
    rounds = _rounds(derivation["iteration_count"].native)
    key = PBKDF2HMAC(_PRFS[prf](), length, salt, rounds).derive(passphrase.encode())
    iv = scheme["parameters"].native
    if not isinstance(iv, bytes):
        raise SpokenValueError(message("signing.sm2-no-vector"))
    return cipher(key), iv


def _rounds(count: int) -> int:
    if not 1 <= count <= _MAX_ROUNDS:
        raise SpokenValueError(message("signing.sm2-rounds"))
    return count


def _check_mac(bundle: Any, content: bytes, passphrase: str) -> None:
    mac = bundle["mac_data"]
    if mac.native is None:
        return  # optional (RFC 7292, 4); decryption tells a wrong passphrase then
    oid = mac["mac"]["digest_algorithm"]["algorithm"].dotted
    if oid not in _MACS:
        raise SpokenValueError(message("signing.sm2-integrity", oid=oid))
    digest = _MACS[oid]
    salt, rounds = bytes(mac["mac_salt"].native), _rounds(mac["iterations"].native)
    key = _pkcs12_derive(digest, passphrase, salt, rounds, _KDF_MAC, hashlib.new(digest).digest_size)
    if not hmac.compare_digest(hmac.new(key, content, digest).digest(), bytes(mac["mac"]["digest"].native)):
        raise WrongPassphraseError(message("signing.passphrase-wrong"))


def _pkcs12_derive(
    digest: str, passphrase: str, salt: bytes, rounds: int, purpose: int, length: int
) -> bytes:
    """Derive key, initial vector or MAC key (RFC 7292, appendix B.2)."""
    block = hashlib.new(digest).block_size
    secret = passphrase.encode("utf-16-be") + b"\0\0"
    state = bytearray(_fill(salt, block) + _fill(secret, block))
    diversifier, result = bytes([purpose]) * block, b""
    while len(result) < length:
        value = hashlib.new(digest, diversifier + state).digest()
        for _ in range(rounds - 1):
            value = hashlib.new(digest, value).digest()
        result += value
        step = int.from_bytes(_fill(value, block)[:block]) + 1
        for start in range(0, len(state), block):
            number = int.from_bytes(state[start : start + block]) + step
            state[start : start + block] = (number % (1 << (8 * block))).to_bytes(block)
    return result[:length]


def _fill(data: Sequence[int] | bytes, block: int) -> bytes:
    length = -(-len(data) // block) * block
    return (bytes(data) * (length // max(len(data), 1) + 1))[:length]
