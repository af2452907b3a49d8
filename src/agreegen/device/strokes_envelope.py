"""Strokes are kept for the archive's eyes only: encrypted to its certificate (RFC 5652, 6)."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options

from agreegen.errors import CredentialError
from agreegen.files import read_limited
from agreegen.messages import message
from agreegen.signing.credentials.certificate_files import parse_certificates

_MOST_BYTES = 256 << 10


def require_recipient(certificate_der: bytes) -> x509.Certificate:
    """Return a certificate to which strokes can be encrypted.

    Raises:
        CredentialError: It cannot be read, or its key is no RSA key.
    """
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        key = certificate.public_key()
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey):
        raise CredentialError(
            message("device.archive-not-rsa"),
            hint=message("device.archive-not-rsa.hint"),
        )
    return certificate


def read_recipient(path: Path) -> bytes:
    """Return the first certificate of a file, PEM or DER, as DER: one to which strokes can be encrypted.

    Raises:
        CredentialError: It cannot be read, or its key is no RSA key.
    """
    try:
        found = parse_certificates(read_limited(path, _MOST_BYTES))
    except OSError as exc:
        raise CredentialError(message("device.cannot-read-certificate", path=path, exc=exc)) from exc
    der = found[0].public_bytes(Encoding.DER) if found else b""
    require_recipient(der)
    return der


def seal_strokes(strokes: bytes, certificate_der: bytes) -> bytes:
    """Encrypt a file of strokes with AES-256 for one certificate, DER.

    `openssl cms -decrypt -inform DER` with the archive's key gives the file, and `sha256sum` its hash.

    Raises:
        CredentialError: The certificate is not usable for this.
    """
    recipient = require_recipient(certificate_der)
    builder = PKCS7EnvelopeBuilder().set_data(strokes).add_recipient(recipient)
    builder = builder.set_content_encryption_algorithm(algorithms.AES256)
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])
