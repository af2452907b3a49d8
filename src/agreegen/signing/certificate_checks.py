"""What a signing certificate must be before its key signs anything."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreegen.errors import CredentialError
from agreegen.messages import Message, message, translate
from agreegen.model.report import Revocation
from agreegen.pki.encoding import der_of
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.credentials.certificate_files import names_are_readable
from agreegen.signing.interface import Credential, Trust
from agreegen.signing.names import UNREADABLE_X509, subject_label
from agreegen.signing.raw_values import verify_raw

_REFUSED_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: message("signing.purpose.tls-servers"),
    ExtendedKeyUsageOID.OCSP_SIGNING: message("signing.purpose.ocsp"),
    ExtendedKeyUsageOID.TIME_STAMPING: message("signing.purpose.timestamps"),
}
_NOT_ENOUGH = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.CODE_SIGNING})
_MIN_RSA_BITS = 2048
_TRIAL = b"agreegen credential check, signs nothing "


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a credential that does not stop it but deserves a look.

    Attributes:
        code: Stable, lower-case, hyphenated code.
        message: One sentence.
    """

    code: str
    message: Message

    def __str__(self) -> str:
        return str(self.message)

    def in_language(self, language: str) -> str:
        """Return the sentence in a reader's language."""
        return translate(self.message, language)


def certificate_end(certificate_der: bytes) -> datetime:
    """Return until when a certificate is valid, aware UTC; it was read before."""
    return x509.load_der_x509_certificate(certificate_der).not_valid_after_utc


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
            raise CredentialError(
                message("signing.credential-2", name=credential.name, cause=problem),
                hint=message("signing.use-another-certificate"),
            )
    findings += [Finding("example-trust", warning) for warning in trust.warnings]
    if not trust.anchors_der:
        findings.append(
            Finding(
                "chain-not-checked",
                message("signing.credential-no-trust-anchors-given", name=credential.name),
            )
        )
        return findings
    path = find_path(credential.certificate_der, credential.chain_der, trust, now, credential.name)
    return findings + check_crls(path, trust, now, credential.name)


def try_credential(credential: Credential) -> None:
    """Make one trial signature over random bytes, never over a document's digest, and check it.

    Raises:
        CredentialError: The key does not sign, or does not belong to the certificate.
    """
    tried = _TRIAL + os.urandom(16)
    require_fit(credential, tried, credential.signer.sign(tried))


def require_fit(credential: Credential, data: bytes, signature: bytes) -> None:
    """Refuse a signature that does not fit its credential's certificate.

    Raises:
        CredentialError: It does not.
    """
    if not fits_certificate(credential, data, signature):
        raise CredentialError(
            message("signing.credential-key-does-not-belong-certificate", name=credential.name),
            hint=message("signing.give-matching-certificate"),
        )


def fits_certificate(credential: Credential, message: bytes, signature: bytes) -> bool:
    """Tell whether what a credential's key signed fits its certificate."""
    mechanism, signer_id = credential.signer.mechanism, credential.sm2_signer_id
    return verify_raw(credential.certificate_der, mechanism, message, signature, signer_id=signer_id)


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
            message("signing.credential-certificate-expired-on", name=name, end=end.date()),
            hint=message("signing.renew-certificate"),
        )
    if now < begin:
        raise CredentialError(
            message("signing.credential-certificate-not-valid-before-utc", name=name, begin=begin),
            hint=message("signing.check-clock-or-wait"),
        )
    if until is not None and until > end:
        raise CredentialError(
            message("signing.credential-certificate-expires-on-utc-before", name=name, end=end),
            hint=message("signing.renew-certificate-first-or-split-job"),
        )
    days = (end - now).days
    if days < 30:
        return [
            Finding(
                "expires-soon", message("signing.credential-certificate-expires-days", name=name, days=days)
            )
        ]
    return []


def strength_problem(certificate: x509.Certificate) -> Message | None:
    """Say what is weak about a certificate (RSA below 2048 bits, SHA-1, MD5); None if nothing."""
    try:
        key = certificate.public_key()
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return None  # SM2: its own backend has judged the key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        return message(
            "signing.rsa-key-has-bits-fewer-than", key_size=key.key_size, min_rsa_bits=_MIN_RSA_BITS
        )
    if isinstance(algorithm, hashes.SHA1 | hashes.MD5):
        return message("signing.certificate-signed-which-broken", upper=algorithm.name.upper())
    return None


def usage_problem(certificate: x509.Certificate) -> Message | None:
    """Say why a certificate is not for documents (RFC 5280, 4.2.1.3, .9 and .12); None if it is."""
    try:
        extensions = certificate.extensions
    except UNREADABLE_X509:
        return message("signing.certificate-extensions-cannot-read")
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            return message("signing.ca-certificate-which-signs-certificates-no")
        if isinstance(value, x509.KeyUsage) and not (value.digital_signature or value.content_commitment):
            return message("signing.its-key-usage-does-not-allow")
        problem = _purpose_problem(set(value)) if isinstance(value, x509.ExtendedKeyUsage) else None
        if problem:
            return problem
    return None


def _purpose_problem(purposes: set[x509.ObjectIdentifier]) -> Message | None:
    for purpose, label in _REFUSED_PURPOSES.items():
        if purpose in purposes:
            return message("signing.certificate-which-signs-no-documents", label=label)
    return message("signing.its-extended-key-usage-does-not") if purposes <= _NOT_ENOUGH else None


def check_crls(path: Sequence[bytes], trust: Trust, now: datetime, name: str) -> list[Finding]:
    """Check a path against the revocation lists given (RFC 5280, section 6.3).

    Raises:
        CredentialError: A certificate of the path is revoked.
    """
    if not trust.crls_der:
        return []
    from agreegen.pki.trust.path_status import statuses_of  # noqa: PLC0415 - only where lists are given

    findings: list[Finding] = []
    for status in statuses_of(path, now, now):
        found, subject = status.weigh(trust.crls_der), subject_label(der_of(status.certificate))
        revoked_at = found.revoked_at or found.later
        if revoked_at is not None:
            raise CredentialError(
                message(
                    "signing.credential-certificate-was-revoked-on",
                    name=name,
                    subject=subject,
                    revoked_at=revoked_at.date(),
                ),
                hint=message("signing.use-another-certificate"),
            )
        if found.status is not Revocation.CLEAR:
            text = message("signing.credential-no-current-revocation-list", name=name, subject=subject)
            findings.append(Finding("revocation-unknown", text))
    return findings


def _parse(credential: Credential) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(credential.certificate_der)
    except UNREADABLE_X509:
        certificate = None
    if certificate is None or not names_are_readable(certificate):
        raise CredentialError(
            message("signing.credential-certificate-cannot-read", name=credential.name),
            hint=message("signing.use-another-certificate"),
        )
    return certificate
