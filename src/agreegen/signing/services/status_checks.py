"""Whether an OCSP response (RFC 6960) or a CRL (RFC 5280, 6.3) speaks for a certificate."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreegen.errors import SigningError
from agreegen.signing.certificate_checks import is_sm2
from agreegen.signing.names import UNREADABLE_X509, subject_label
from agreegen.signing.raw_values import fits_key

_CLOCK_TOLERANCE = timedelta(minutes=5)
_NO_NEXT_UPDATE = timedelta(days=1)


def crl_covers(
    crl_der: bytes, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> bool:
    """Tell whether a list speaks for a certificate: its issuer's, signed, current, complete.

    Raises:
        SigningError: The certificate stands on it; then it need be neither current nor complete, since what
            is revoked stays so.
    """
    moment = told_at(crl_der, certificate, moment)
    try:
        crl = x509.load_der_x509_crl(crl_der)
        complete = _scope(crl, certificate)
        about = (
            complete is not None
            and crl.issuer == certificate.issuer
            and crl.last_update_utc <= moment + _CLOCK_TOLERANCE
            and verifies(issuer, crl.signature, crl.tbs_certlist_bytes, _digest_of(crl))
        )
        revoked = about and _stands_on(crl, certificate)
    except (UnsupportedAlgorithm, *UNREADABLE_X509):
        return False
    if revoked:
        raise not_good(certificate, ocsp.OCSPCertStatus.REVOKED)
    return about and bool(complete) and (crl.next_update_utc is None or moment <= crl.next_update_utc)


def verifies(
    signer: x509.Certificate, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm | None
) -> bool:
    """Tell whether a signature over a message is the certificate owner's."""
    der = signer.public_bytes(Encoding.DER)
    if is_sm2(der):
        from agreegen.signing.credentials.sm2 import verify_sm2  # noqa: PLC0415 - needs OpenSSL 3 or gmssl

        return verify_sm2(der, message, signature)
    return fits_key(signer.public_key(), signature, message, algorithm)


def _digest_of(
    signed: x509.Certificate | x509.CertificateRevocationList | ocsp.OCSPResponse,
) -> hashes.HashAlgorithm | None:
    try:
        return signed.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None  # SM2 with SM3, which has but one digest


def told_at(evidence_der: bytes, certificate: x509.Certificate, moment: datetime) -> datetime:
    """Return when evidence speaks: younger than the signature is better, but not younger than the expiry."""
    try:
        told_at = x509.load_der_x509_crl(evidence_der).last_update_utc
    except UNREADABLE_X509:
        try:
            told_at = ocsp.load_der_ocsp_response(evidence_der).this_update_utc
        except ValueError:
            return moment
    return max(moment, told_at) if told_at <= certificate.not_valid_after_utc else moment


def _stands_on(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return False
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return True
    return reason is not x509.ReasonFlags.remove_from_crl


def _scope(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool | None:
    """Say how a list covers a certificate: True wholly, False in part (delta, some reasons), None not."""
    complete = True
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            complete = False
        elif isinstance(value, x509.IssuingDistributionPoint):
            if not _is_meant(value, certificate):
                return None
            complete = complete and not value.only_some_reasons
        elif extension.critical and not isinstance(value, x509.CRLNumber | x509.AuthorityKeyIdentifier):
            return None
    return complete


def _is_meant(part: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    if part.indirect_crl or part.only_contains_attribute_certs:
        return False
    is_ca = _is_ca(certificate)
    if (part.only_contains_ca_certs and not is_ca) or (part.only_contains_user_certs and is_ca):
        return False
    return _same_point(part, certificate)


def _same_point(part: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    """Tell whether a list is for this certificate's distribution point (RFC 5280, 6.3.3 b 2 i)."""
    if part.relative_name is not None:
        return False
    if part.full_name is None:
        return True
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return False
    return any(name in part.full_name for point in points for name in point.full_name or ())


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def answers(
    response: ocsp.OCSPResponse,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    moment: datetime,
    nonce: bytes | None,
) -> bool:
    """Tell whether a response is about a certificate, is current and answers this request."""
    if response.serial_number != certificate.serial_number:
        return False
    name = hashlib.new(response.hash_algorithm.name, issuer.subject.public_bytes()).digest()
    key = hashlib.new(response.hash_algorithm.name, _key_bits(issuer)).digest()
    if (response.issuer_name_hash, response.issuer_key_hash) != (name, key):
        return False
    if nonce is not None:
        try:
            if response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce != nonce:
                return False
        except x509.ExtensionNotFound:
            pass  # many responders answer from a cache and leave the nonce out; the dates below still bind
    end = response.next_update_utc or response.this_update_utc + _NO_NEXT_UPDATE
    return response.this_update_utc <= moment + _CLOCK_TOLERANCE and moment <= end + _CLOCK_TOLERANCE


def responder(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, moment: datetime
) -> x509.Certificate | None:
    """Return the issuer or its delegate who signed a response; None where nobody entitled did (4.2.2.2)."""
    for candidate in (issuer, *response.certificates):
        named = (
            candidate.subject == response.responder_name
            if response.responder_name is not None
            else hashlib.sha1(_key_bits(candidate), usedforsecurity=False).digest()
            == response.responder_key_hash
        )
        if not named or (candidate != issuer and not _is_delegate(candidate, issuer, moment)):
            continue
        if verifies(candidate, response.signature, response.tbs_response_bytes, _digest_of(response)):
            return candidate
    return None


def _is_delegate(candidate: x509.Certificate, issuer: x509.Certificate, moment: datetime) -> bool:
    try:
        usage = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    current = candidate.not_valid_before_utc <= moment <= candidate.not_valid_after_utc
    return (
        current
        and ExtendedKeyUsageOID.OCSP_SIGNING in usage
        and candidate.issuer == issuer.subject
        and verifies(issuer, candidate.signature, candidate.tbs_certificate_bytes, _digest_of(candidate))
    )


def needs_no_check(responder: x509.Certificate) -> bool:
    """Tell whether a delegate needs no revocation status of its own (id-pkix-ocsp-nocheck, 4.2.2.2.1)."""
    try:
        responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return True


def _key_bits(certificate: x509.Certificate) -> bytes:
    # The hash of an issuer's key is over the BIT STRING's value without tag, length and unused bits.
    key = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)).public_key["public_key"]
    return bytes(key.contents[1:])


def not_good(certificate: x509.Certificate, status: ocsp.OCSPCertStatus | None) -> SigningError:
    """Build the error about a certificate that is revoked or of unknown status."""
    word = "revoked" if status is ocsp.OCSPCertStatus.REVOKED else "of unknown status"
    label = subject_label(certificate.public_bytes(Encoding.DER))
    return SigningError(
        f"the certificate of {label} is {word}", hint="no validation data can be added for it"
    )
