"""What a signing certificate must be before its key signs anything."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreegen.errors import CredentialError
from agreegen.signing.credentials.key_files import names_are_readable
from agreegen.signing.interface import Credential, Mechanism, Trust
from agreegen.signing.names import UNREADABLE_X509, subject_label
from agreegen.signing.raw_values import fits_key

_REFUSED_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS servers",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP responses",
    ExtendedKeyUsageOID.TIME_STAMPING: "timestamps",
}
_NOT_ENOUGH = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING})
_MIN_RSA_BITS = 2048
_DAMAGED = (KeyError, AttributeError, IndexError, OverflowError, RecursionError, NameError, *UNREADABLE_X509)
"""What path validation raises on damaged certificates; asn1crypto has a NameError for unknown keys."""
_TRIAL = b"agreegen credential check, signs nothing "


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a credential that does not stop it but deserves a look.

    Attributes:
        code: Stable, lower-case, hyphenated code.
        message: One sentence.
    """

    code: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class _KnownPath:
    """A path that was found valid, and the time in which all its certificates are."""

    path: tuple[bytes, ...]
    begin: datetime
    end: datetime

    @classmethod
    def of(cls, path: Sequence[bytes]) -> _KnownPath:
        certificates = [x509.load_der_x509_certificate(der) for der in path]
        return cls(
            tuple(path),
            max(certificate.not_valid_before_utc for certificate in certificates),
            min(certificate.not_valid_after_utc for certificate in certificates),
        )


_PathKey = tuple[bytes, tuple[bytes, ...], tuple[bytes, ...]]
_KNOWN_PATHS: dict[_PathKey, _KnownPath] = {}
_MAX_KNOWN_PATHS = 10_000

KnownPaths = tuple[tuple[_PathKey, _KnownPath], ...]
"""Paths that were found valid, to be told to another process of the same run."""


def known_paths() -> KnownPaths:
    """Return the paths that this process has found valid."""
    return tuple(_KNOWN_PATHS.items())


def accept_paths(paths: KnownPaths) -> None:
    """Take over what the process that started this one has found valid; dates and lists are still checked."""
    _KNOWN_PATHS.update(paths)


def check_credential(
    credential: Credential, trust: Trust, now: datetime, until: datetime | None = None
) -> list[Finding]:
    """Check certificate and chain of a credential; the key is not used.

    Steps: dates → strength → usage → chain to the anchors → revocation lists.

    Args:
        credential: The credential.
        trust: Anchors and revocation lists; without anchors the chain is not checked.
        now: The moment of signing, aware UTC.
        until: When the job is expected to end, aware UTC.

    Returns:
        Warnings, the credential's own included.

    Raises:
        CredentialError: The certificate must not sign documents; each reason has its own message.
    """
    certificate = _parse(credential)
    findings = [Finding("credential", warning) for warning in credential.warnings]
    findings += check_dates(certificate, credential.name, now, until)
    for problem in (strength_problem(certificate), usage_problem(certificate)):
        if problem:
            raise CredentialError(f"credential {credential.name}: {problem}", hint="use another certificate")
    findings += [Finding("example-trust", warning) for warning in trust.warnings]
    if not trust.anchors_der:
        findings.append(Finding("chain-not-checked", f"credential {credential.name}: no trust anchors given"))
        return findings
    path = find_path(credential.certificate_der, credential.chain_der, trust, now, credential.name)
    return findings + check_crls(path, trust, now, credential.name)


def try_credential(credential: Credential) -> None:
    """Make one trial signature over random bytes, never over a document's digest, and check it.

    Raises:
        CredentialError: The key does not sign, or does not belong to the certificate.
    """
    message = _TRIAL + os.urandom(16)
    signature = credential.signer.sign(message)
    if not fits_certificate(credential, message, signature):
        raise CredentialError(
            f"credential {credential.name}: the key does not belong to the certificate",
            hint="give the matching certificate",
        )


def fits_certificate(credential: Credential, message: bytes, signature: bytes) -> bool:
    """Tell whether what a credential's key signed fits its certificate."""
    mechanism, signer_id = credential.signer.mechanism, credential.sm2_signer_id
    return verify_raw(credential.certificate_der, mechanism, message, signature, signer_id=signer_id)


def verify_raw(
    certificate_der: bytes,
    mechanism: Mechanism,
    message: bytes,
    signature: bytes,
    *,
    signer_id: str | None = None,
) -> bool:
    """Tell whether a raw signature over a message fits a certificate's public key.

    Args:
        certificate_der: The certificate.
        mechanism: How the message was signed.
        message: What was signed.
        signature: The signature value.
        signer_id: For SM2, the signer's id where it is not the default one.
    """
    if mechanism is Mechanism.SM2_SM3:
        from agreegen.signing.credentials.sm2 import DEFAULT_SIGNER_ID, verify_sm2  # noqa: PLC0415 - needs OpenSSL 3 or gmssl

        return verify_sm2(certificate_der, message, signature, signer_id or DEFAULT_SIGNER_ID)
    try:
        key = x509.load_der_x509_certificate(certificate_der).public_key()
    except (UnsupportedAlgorithm, *UNREADABLE_X509):
        return False
    wide = mechanism is Mechanism.ECDSA_SHA384
    return fits_key(key, signature, message, hashes.SHA384() if wide else hashes.SHA256())


def check_dates(
    certificate: x509.Certificate, name: str, now: datetime, until: datetime | None = None
) -> list[Finding]:
    """Check that a certificate is valid now and until the end of the job.

    Raises:
        CredentialError: It has expired, is not valid yet, or expires before the end.
    """
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        raise CredentialError(
            f"credential {name}: the certificate expired on {end:%Y-%m-%d}", hint="renew the certificate"
        )
    if now < begin:
        raise CredentialError(
            f"credential {name}: the certificate is not valid before {begin:%Y-%m-%d %H:%M} UTC",
            hint="check the clock, or wait",
        )
    if until is not None and until > end:
        raise CredentialError(
            f"credential {name}: the certificate expires on {end:%Y-%m-%d %H:%M} UTC, before the job ends",
            hint="renew the certificate first, or split the job",
        )
    days = (end - now).days
    if days < 30:
        return [Finding("expires-soon", f"credential {name}: the certificate expires in {days} days")]
    return []


def strength_problem(certificate: x509.Certificate) -> str | None:
    """Say what is weak about a certificate (RSA below 2048 bits, SHA-1, MD5); None if nothing."""
    try:
        key = certificate.public_key()
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None  # SM2: its own backend has judged the key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        return f"the RSA key has {key.key_size} bits, fewer than {_MIN_RSA_BITS}"
    if isinstance(algorithm, hashes.SHA1 | hashes.MD5):
        return f"the certificate is signed with {algorithm.name.upper()}, which is broken"
    return None


def usage_problem(certificate: x509.Certificate) -> str | None:
    """Say why a certificate is not for documents (RFC 5280, 4.2.1.3, .9 and .12); None if it is."""
    try:
        extensions = certificate.extensions
    except UNREADABLE_X509:
        return "the certificate's extensions cannot be read"
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            return "it is a CA certificate, which signs certificates and no documents"
        if isinstance(value, x509.KeyUsage) and not (value.digital_signature or value.content_commitment):
            return "its key usage does not allow signatures (digitalSignature or nonRepudiation)"
        if isinstance(value, x509.ExtendedKeyUsage):
            purposes = set(value)
            for purpose, label in _REFUSED_PURPOSES.items():
                if purpose in purposes:
                    return f"it is a certificate for {label}, which signs no documents"
            if purposes <= _NOT_ENOUGH:
                return "its extended key usage does not cover documents"
    return None


def find_path(
    certificate_der: bytes, chain_der: Sequence[bytes], trust: Trust, now: datetime, name: str
) -> list[bytes]:
    """Find the path from a certificate to a trust anchor (RFC 5280, section 6), leaf first, anchor last.

    Raises:
        CredentialError: There is none, or a certificate on it is not valid.
    """
    if is_sm2(certificate_der):
        from agreegen.signing.credentials.sm2 import find_sm2_path  # noqa: PLC0415 - needs OpenSSL 3 or gmssl

        return find_sm2_path(certificate_der, chain_der, trust.anchors_der, now)
    key = (certificate_der, tuple(chain_der), trust.anchors_der)
    known = _KNOWN_PATHS.get(key)
    if known is not None and known.begin <= now <= known.end:
        return list(known.path)
    path = _validate_path(certificate_der, chain_der, trust, now, name)
    if len(_KNOWN_PATHS) >= _MAX_KNOWN_PATHS:
        _KNOWN_PATHS.clear()
    _KNOWN_PATHS[key] = _KnownPath.of(path)
    return path


def _validate_path(
    certificate_der: bytes, chain_der: Sequence[bytes], trust: Trust, now: datetime, name: str
) -> list[bytes]:
    # Takes long to load; workers of a batch are told the paths that their coordinator found.
    import asyncio  # noqa: PLC0415 - see above

    from pyhanko_certvalidator import CertificateValidator, ValidationContext  # noqa: PLC0415 - see above
    from pyhanko_certvalidator.errors import PathError, ValidationError  # noqa: PLC0415 - see above

    load = asn1_x509.Certificate.load
    try:
        context = ValidationContext(
            trust_roots=[load(der) for der in trust.anchors_der if not is_sm2(der)],
            other_certs=[load(der) for der in chain_der],
            moment=now,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        validator = CertificateValidator(load(certificate_der), validation_context=context)
        path = asyncio.run(validator.async_validate_path())
    except (PathError, ValidationError, *_DAMAGED) as exc:
        raise CredentialError(
            f"credential {name}: {subject_label(certificate_der)} has no valid chain to an anchor ({exc})",
            hint="give the right anchor with --trust, and the CA certificates under chain:",
        ) from None
    return [certificate.dump() for certificate in reversed(list(path.iter_certs(include_root=True)))]


def check_crls(path: Sequence[bytes], trust: Trust, now: datetime, name: str) -> list[Finding]:
    """Check a path against the revocation lists given (RFC 5280, section 6.3).

    Raises:
        CredentialError: A certificate of the path is revoked.
    """
    if not trust.crls_der:
        return []
    if is_sm2(path[0]):
        from agreegen.signing.sm2_paths import sm2_revoked, sm2_unlisted  # noqa: PLC0415 - needs OpenSSL 3 or gmssl

        if sm2_revoked(path, trust.crls_der):
            raise CredentialError(f"credential {name}: the certificate is revoked", hint="use another one")
        return [_unlisted(subject, name) for subject in sm2_unlisted(path, trust.crls_der, now)]
    findings: list[Finding] = []
    crls = [x509.load_der_x509_crl(der) for der in trust.crls_der]
    certificates = [x509.load_der_x509_certificate(der) for der in path]
    for certificate, issuer in itertools.pairwise(certificates):
        fitting = [crl for crl in crls if crl.issuer == certificate.issuer and _signed_by(crl, issuer)]
        for crl in fitting:
            entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None:
                raise CredentialError(
                    f"credential {name}: the certificate of {_common_name(certificate)} was revoked on "
                    f"{entry.revocation_date_utc:%Y-%m-%d}",
                    hint="use another certificate",
                )
        if not any(crl.next_update_utc is None or crl.next_update_utc >= now for crl in fitting):
            findings.append(_unlisted(_common_name(certificate), name))
    return findings


def _unlisted(subject: str, name: str) -> Finding:
    return Finding("revocation-unknown", f"credential {name}: no current revocation list for {subject}")


def is_sm2(certificate_der: bytes) -> bool:
    """Tell whether a certificate's key is on the SM2 curve (1.2.156.10197.1.301)."""
    return b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d" in certificate_der


def _parse(credential: Credential) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(credential.certificate_der)
    except UNREADABLE_X509:
        certificate = None
    if certificate is None or not names_are_readable(certificate):
        raise CredentialError(
            f"credential {credential.name}: the certificate cannot be read", hint="use another certificate"
        )
    return certificate


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _common_name(certificate: x509.Certificate) -> str:
    parts = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(parts[0].value) if parts else "an unnamed certificate"
