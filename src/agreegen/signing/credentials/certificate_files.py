"""Certificates in PEM and DER files, and their order (RFC 7468, RFC 5280)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from agreegen.errors import CredentialError
from agreegen.messages import Message, message
from agreegen.signing.names import UNREADABLE_X509

if TYPE_CHECKING:
    from agreegen.signing.credentials.secrets import BackendConfig  # trust is loaded without it


def read_certificates(config: BackendConfig) -> list[x509.Certificate]:
    """Return the certificates of the file that a credential names with `certificate`, at least one.

    Raises:
        CredentialError: It cannot be read, or holds none.
    """
    return certificates_of_file(config, config.file("certificate"), message("signing.certificate-2"))


def certificates_of_file(config: BackendConfig, path: Path, what: Message) -> list[x509.Certificate]:
    """Return the certificates in a file that a credential names, at least one.

    Raises:
        CredentialError: It cannot be read, or holds none.
    """
    found = parse_certificates(config.read_file(path, what))
    if not found:
        config.fail(
            message("signing.holds-no-certificate", path=path),
            hint=message("signing.pem-or-der-certificate-expected"),
        )
    return found


def no_certificate(config: BackendConfig) -> CredentialError:
    """Build the error about a key that none of the certificates given belongs to."""
    return config.error(
        message("signing.key-has-no-certificate-none-those"), hint=message("signing.give-matching-one")
    )


def parse_certificates(data: bytes) -> list[x509.Certificate]:
    """Parse all certificates of a PEM file, or the one of a DER file; an empty list where there is none.

    A certificate whose names and dates cannot be read counts as none.
    """
    try:
        if b"-----BEGIN CERTIFICATE-----" in data:
            found = x509.load_pem_x509_certificates(data)
        else:
            found = [x509.load_der_x509_certificate(data)]
    except UNREADABLE_X509:
        return []
    return [certificate for certificate in found if names_are_readable(certificate)]


def names_are_readable(certificate: x509.Certificate) -> bool:
    """Tell whether names and dates of a certificate can be read; parsing is lazy, so damage shows late."""
    try:
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        names = (certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string())
    except UNREADABLE_X509:
        return False
    return begin <= end and all(isinstance(name, str) for name in names)


def order_chain(certificate: x509.Certificate, others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Put further certificates in order, issuer first; unrelated ones come last, doubles and the leaf go."""
    rest = [other for other in dict.fromkeys(others) if other != certificate]
    ordered: list[x509.Certificate] = []
    current = certificate
    while issuer := next((c for c in rest if c.subject == current.issuer), None):
        rest.remove(issuer)
        ordered.append(issuer)
        current = issuer
    return ordered + rest


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says of itself that it issues others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *UNREADABLE_X509):
        return False
