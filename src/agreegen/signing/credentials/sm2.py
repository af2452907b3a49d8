"""Credentials of kind `sm2`: a key on the SM2 curve that signs with SM3 (GB/T 32918, GM/T 0009).

Chinese authorities issue two certificates to a holder, one for signing and one for encryption (GM/T 0015); of
such a pair the signing one is used. The signer's id enters the digest but not the CMS.
"""

from __future__ import annotations

from collections.abc import Sequence

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import SpokenValueError
from agreegen.messages import foreign_text, message
from agreegen.pki.algorithms import key_facts
from agreegen.pki.certificates import UNREADABLE
from agreegen.pki.sm2.backend import DEFAULT_SIGNER_ID, Sm2Key, find_backend
from agreegen.pki.sm2.curve import is_on_curve, multiply_base
from agreegen.signing.credentials.certificate_files import (
    is_authority,
    no_certificate,
    order_chain,
    parse_certificates,
    read_certificates,
)
from agreegen.signing.credentials.secrets import BackendConfig, LoadedKey
from agreegen.signing.credentials.sm2_files import WrongPassphraseError, read_key_file, read_pkcs12
from agreegen.signing.interface import Mechanism
from agreegen.signing.names import UNREADABLE_X509

_MAX_SIGNER_ID_BYTES = 8191


class Sm2Signer:
    """An SM2 key in memory; satisfies the `RawSigner` protocol.

    Args:
        key: The key, held by a backend.
        signer_id: The id that enters each digest (GB/T 32918.2, 5.5).
    """

    __slots__ = ("_key", "signer_id")

    def __init__(self, key: Sm2Key, signer_id: str = DEFAULT_SIGNER_ID) -> None:
        self._key = key
        self.signer_id = signer_id

    def __repr__(self) -> str:
        return "Sm2Signer()"

    @property
    def mechanism(self) -> Mechanism:
        """The algorithm the key signs with."""
        return Mechanism.SM2_SM3

    def sign(self, message: bytes) -> bytes:
        """Sign a message; the result is the DER of r and s.

        Raises:
            CredentialError: The signer was closed.
        """
        return self._key.sign(message, self.signer_id.encode())

    def sign_many(self, messages: Sequence[bytes]) -> list[bytes]:
        """Sign several messages, one after the other."""
        return [self.sign(message) for message in messages]

    def decrypt_key(self, encrypted: bytes, oaep_hash: str | None) -> bytes:
        """Decrypt a content key.

        Raises:
            ValueError: It was not encrypted for this key.
            CredentialError: The signer was closed.
        """
        if oaep_hash is not None:
            raise ValueError("an SM2 key knows no OAEP")
        return self._key.decrypt(encrypted)

    def agree(self, point: bytes) -> bytes:
        """Refuse: SM2 keys are encrypted for, they agree on nothing here.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"an SM2 key agrees on nothing with {len(point)} bytes")

    def close(self) -> None:
        """Drop the key."""
        self._key.close()


def load_sm2(config: BackendConfig) -> LoadedKey:
    """Load an SM2 key and its signing certificate from PKCS#8 and certificate files, or from PKCS#12.

    Raises:
        CredentialError: Unreadable file, wrong passphrase, no key, no signing certificate for the key.
        MissingProgramError: No library does SM2 here.
    """
    backend = find_backend(_backend_name(config))
    signer_id = _signer_id(config)
    try:
        numbers, found = _read_files(config)
        points = {multiply_base(number): number for number in numbers}
    except WrongPassphraseError as exc:
        raise config.error(foreign_text(exc), hint=message("signing.check-passphrase")) from None
    except ValueError as exc:
        raise config.error(foreign_text(exc), hint=message("signing.pkcs-8-or-pkcs-12-file")) from None
    fitting = {c: point for c in found if (point := _point_or_none(c)) in points and point is not None}
    own = _signing_certificate(config, list(fitting))
    key = backend.load_key(points[fitting[own]].to_bytes(32), fitting[own])
    chain = [c for c in order_chain(own, found) if c not in fitting and is_authority(c)]
    return LoadedKey(
        Sm2Signer(key, signer_id),
        own.public_bytes(Encoding.DER),
        tuple(c.public_bytes(Encoding.DER) for c in chain),
        signer_id,
    )


def _signer_id(config: BackendConfig) -> str:
    signer_id = config.text_or("signer_id", DEFAULT_SIGNER_ID)
    if "signer_id" in config.settings and not config.has("signer_id"):
        # Silently taking the default one would sign under another id than was meant.
        config.fail(message("signing.signer-id-empty"), hint=message("signing.leave-line-out-default-id"))
    if len(signer_id.encode()) > _MAX_SIGNER_ID_BYTES:
        config.fail(message("signing.signer-id-longer-than-bytes", max_signer_id_bytes=_MAX_SIGNER_ID_BYTES))
    return signer_id


def _signing_certificate(config: BackendConfig, fitting: Sequence[x509.Certificate]) -> x509.Certificate:
    """Return the one for signatures among the certificates that belong to the key."""
    if not fitting:
        raise no_certificate(config)
    own = next((c for c in fitting if signs(c)), None)
    if config.opens:
        return next((c for c in fitting if not signs(c)), fitting[0])
    if own is None:
        config.fail(
            message("signing.certificate-encryption-not-signatures"),
            hint=message("signing.double-certificate-give-signing-one-its"),
        )
    return own


def signs(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate's key usage allows signatures; without that extension it does (RFC 5280)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except UNREADABLE_X509:
        return False
    return usage.digital_signature or usage.content_commitment


def _backend_name(config: BackendConfig) -> str | None:
    name = config.text_or("backend", "") or None
    if name not in (None, "openssl", "gmssl"):
        config.fail(
            message("signing.unknown-backend", name=name),
            hint=message("signing.write-openssl-or-gmssl-or-leave"),
        )
    return name


def _read_files(config: BackendConfig) -> tuple[list[int], list[x509.Certificate]]:
    given = read_certificates(config) if config.has("certificate") else []
    if config.has("file"):
        data = config.read_key(config.file("file"), message("signing.pkcs12-file"))
        try:
            numbers, found = read_pkcs12(data, config.read_secret("passphrase"))
        except (TypeError, KeyError, AttributeError, OverflowError) as exc:
            raise SpokenValueError(message("signing.sm2-file-unreadable")) from exc
        if not numbers:
            config.fail(
                message("signing.pkcs-12-file-holds-no-sm2"), hint=message("signing.export-again-private-key")
            )
        return numbers, [*given, *(c for der in found for c in parse_certificates(der))]
    if not given:
        config.fail(
            message("signing.setting-certificate-missing"), hint=message("signing.add-line-certificate")
        )
    data = config.read_key(config.file("key"), message("signing.key-file"))
    try:
        return [read_key_file(data, config.read_secret_or_none("passphrase"))], given
    except (TypeError, KeyError, AttributeError, OverflowError) as exc:
        raise SpokenValueError(message("signing.sm2-no-private-key")) from exc


def _point_or_none(certificate: x509.Certificate) -> bytes | None:
    """Return the uncompressed public point of an SM2 certificate; None where its key is no such one."""
    try:
        info = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)).public_key
        if key_facts(info).kind != "sm2":
            return None
        point = bytes(info["public_key"].native)
    except UNREADABLE:
        return None
    return point if is_on_curve(point) else None
