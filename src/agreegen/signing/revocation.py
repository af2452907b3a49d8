"""Revocation evidence for a chain: OCSP responses (RFC 6960) and CRLs (RFC 5280), checked before use."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from agreegen.errors import SigningError
from agreegen.signing.checks import is_sm2
from agreegen.signing.names import subject_label
from agreegen.signing.trust import parse_crls

_CLOCK_TOLERANCE = timedelta(minutes=5)
_NO_NEXT_UPDATE = timedelta(days=1)
_MAX_ANSWER_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a document security store takes for one chain.

    Attributes:
        certificates_der: The chain, anchor included, and certificates of OCSP responders.
        ocsps_der: OCSP responses, DER.
        crls_der: Revocation lists, DER.
    """

    certificates_der: tuple[bytes, ...]
    ocsps_der: tuple[bytes, ...] = ()
    crls_der: tuple[bytes, ...] = ()


class EvidenceStore:
    """Finds evidence that certificates are not revoked; keeps it for the documents of one chunk.

    Make a fresh store after the timestamps of a chunk were taken: evidence must be younger than they are.

    Args:
        crls_der: Lists that the user gave; looked at first, so isolated networks need no service.
        timeout_s: Time limit of one request.
        fetch: Whether services may be asked.
    """

    def __init__(
        self, crls_der: Sequence[bytes] = (), *, timeout_s: float = 10.0, fetch: bool = True
    ) -> None:
        self._given = tuple(crls_der)
        self._timeout_s = timeout_s
        self._fetch = fetch
        self._session = requests.Session()
        self._known: dict[tuple[bytes, bytes], Evidence] = {}
        self._fetched_crls: dict[str, tuple[bytes, ...]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def for_path(
        self,
        path: Sequence[bytes],
        moment: datetime,
        *,
        kept_ocsps: Sequence[bytes] = (),
        kept_crls: Sequence[bytes] = (),
    ) -> Evidence:
        """Return evidence that no certificate of a path is revoked; the anchor needs none.

        Args:
            path: Certificates, leaf first, anchor last.
            moment: The time to judge for, aware UTC.
            kept_ocsps: Responses that the document carries already.
            kept_crls: Lists that the document carries already.

        Raises:
            SigningError: One is revoked, or its status cannot be had.
        """
        parts = [Evidence(tuple(path))]
        for certificate, issuer in itertools.pairwise(path):
            key = (certificate, issuer)
            if key not in self._known or kept_ocsps or kept_crls:
                self._known[key] = self._find(certificate, issuer, moment, kept_ocsps, kept_crls)
            parts.append(self._known[key])
        return merge(parts)

    def _find(
        self,
        certificate_der: bytes,
        issuer_der: bytes,
        moment: datetime,
        kept_ocsps: Sequence[bytes],
        kept_crls: Sequence[bytes],
    ) -> Evidence:
        certificate, issuer = (
            x509.load_der_x509_certificate(certificate_der),
            x509.load_der_x509_certificate(issuer_der),
        )
        for crl in (*self._given, *kept_crls):
            if crl_covers(crl, certificate, issuer, moment):
                return Evidence((), crls_der=(crl,))
        for response in kept_ocsps:
            found = self._accept_ocsp(response, certificate, issuer, moment, None)
            if found is not None:
                return found
        if self._fetch:
            for found in itertools.chain(
                self._ask_ocsp(certificate, issuer, moment), self._ask_crl(certificate, issuer, moment)
            ):
                return found
        raise SigningError(
            f"the revocation status of {subject_label(certificate_der)} is not to be had",
            hint="give its CA's current CRL with --crl, or let the OCSP service be reached",
        )

    def _ask_ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
    ) -> Iterator[Evidence]:
        if is_sm2(issuer.public_bytes(Encoding.DER)):
            return
        for url in _ocsp_urls(certificate):
            nonce = os.urandom(16)
            # SHA-1 only names the issuer here (RFC 6960, 4.1.1); many responders know no other.
            builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
            request = builder.add_extension(x509.OCSPNonce(nonce), critical=False).build()
            headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
            body = self._exchange("POST", url, request.public_bytes(Encoding.DER), headers)
            found = None if body is None else self._accept_ocsp(body, certificate, issuer, moment, nonce)
            if found is not None:
                yield found

    def _ask_crl(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
    ) -> Iterator[Evidence]:
        for url in _crl_urls(certificate):
            if url not in self._fetched_crls:
                body = self._exchange("GET", url, None, {})
                self._fetched_crls[url] = () if body is None else tuple(parse_crls(body))
            for crl in self._fetched_crls[url]:
                if crl_covers(crl, certificate, issuer, moment):
                    yield Evidence((), crls_der=(crl,))

    def _accept_ocsp(
        self,
        response_der: bytes,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        moment: datetime,
        nonce: bytes | None,
    ) -> Evidence | None:
        try:
            response = ocsp.load_der_ocsp_response(response_der)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                return None
            if not _answers(response, certificate, issuer, moment, nonce):
                return None
            responder = _responder(response, issuer, moment)
        except (ValueError, UnsupportedAlgorithm):
            return None
        if responder is None:
            return None
        if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            raise _not_good(certificate, response.certificate_status)
        extra: list[Evidence] = [Evidence((), ocsps_der=(response_der,))]
        if responder != issuer:
            extra.append(Evidence((responder.public_bytes(Encoding.DER),)))
            if not _needs_no_check(responder):
                listed = next(self._lists_for(responder, issuer, moment), None)
                if listed is None:
                    return None
                extra.append(listed)
        return merge(extra)

    def _lists_for(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
    ) -> Iterator[Evidence]:
        for crl in self._given:
            if crl_covers(crl, certificate, issuer, moment):
                yield Evidence((), crls_der=(crl,))
        if self._fetch:
            yield from self._ask_crl(certificate, issuer, moment)

    def _exchange(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> bytes | None:
        try:
            with self._session.request(
                method, url, data=body, headers=headers, timeout=self._timeout_s, stream=True
            ) as response:
                data: bytes = response.raw.read(_MAX_ANSWER_BYTES + 1, decode_content=True)
                usable = response.status_code == 200 and len(data) <= _MAX_ANSWER_BYTES
        except (requests.RequestException, OSError, ValueError):
            return None
        return data if usable else None


def merge(parts: Sequence[Evidence]) -> Evidence:
    """Put evidence together, without doubles."""
    return Evidence(
        tuple(dict.fromkeys(der for part in parts for der in part.certificates_der)),
        tuple(dict.fromkeys(der for part in parts for der in part.ocsps_der)),
        tuple(dict.fromkeys(der for part in parts for der in part.crls_der)),
    )


def crl_covers(
    crl_der: bytes, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> bool:
    """Tell whether a list speaks for a certificate: its issuer's, signed, current, complete.

    Raises:
        SigningError: It does, and the certificate stands on it.
    """
    try:
        crl = x509.load_der_x509_crl(crl_der)
        fits = (
            crl.issuer == certificate.issuer
            and _is_complete(crl, certificate)
            and crl.last_update_utc <= moment + _CLOCK_TOLERANCE
            and (crl.next_update_utc is None or moment <= crl.next_update_utc)
            and verifies(issuer, crl.signature, crl.tbs_certlist_bytes, _digest_of(crl))
        )
    except (ValueError, UnsupportedAlgorithm):
        return False
    if fits and crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        raise _not_good(certificate, ocsp.OCSPCertStatus.REVOKED)
    return fits


def verifies(
    signer: x509.Certificate, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm | None
) -> bool:
    """Tell whether a signature over a message is the certificate owner's."""
    der = signer.public_bytes(Encoding.DER)
    if is_sm2(der):
        from agreegen.signing.sm2 import verify_sm2  # noqa: PLC0415 - needs OpenSSL 3 or gmssl

        return verify_sm2(der, message, signature)
    key = signer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(signature, message, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _digest_of(crl: x509.CertificateRevocationList) -> hashes.HashAlgorithm | None:
    try:
        return crl.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None  # SM2 with SM3, which has but one digest


def _is_complete(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.DeltaCRLIndicator):
            return False
        if isinstance(value, x509.IssuingDistributionPoint):
            if value.only_some_reasons or value.indirect_crl or value.only_contains_attribute_certs:
                return False
            is_ca = _is_ca(certificate)
            if (value.only_contains_ca_certs and not is_ca) or (value.only_contains_user_certs and is_ca):
                return False
        elif extension.critical and not isinstance(value, x509.CRLNumber | x509.AuthorityKeyIdentifier):
            return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _answers(
    response: ocsp.OCSPResponse,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    moment: datetime,
    nonce: bytes | None,
) -> bool:
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


def _responder(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, moment: datetime
) -> x509.Certificate | None:
    for candidate in (issuer, *response.certificates):
        named = (
            candidate.subject == response.responder_name
            if response.responder_name is not None
            else hashlib.sha1(_key_bits(candidate), usedforsecurity=False).digest()
            == response.responder_key_hash
        )
        if not named or (candidate != issuer and not _is_delegate(candidate, issuer, moment)):
            continue
        if verifies(
            candidate, response.signature, response.tbs_response_bytes, response.signature_hash_algorithm
        ):
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
        and verifies(
            issuer, candidate.signature, candidate.tbs_certificate_bytes, candidate.signature_hash_algorithm
        )
    )


def _needs_no_check(responder: x509.Certificate) -> bool:
    try:
        responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return True


def _key_bits(certificate: x509.Certificate) -> bytes:
    # The hash of an issuer's key is over the BIT STRING's value without tag, length and unused bits.
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    raise UnsupportedAlgorithm("this key cannot sign OCSP responses")


def _not_good(certificate: x509.Certificate, status: ocsp.OCSPCertStatus | None) -> SigningError:
    word = "revoked" if status is ocsp.OCSPCertStatus.REVOKED else "of unknown status"
    label = subject_label(certificate.public_bytes(Encoding.DER))
    return SigningError(
        f"the certificate of {label} is {word}", hint="no validation data can be added for it"
    )


def _ocsp_urls(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        entry.access_location.value
        for entry in access
        if entry.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(entry.access_location, x509.UniformResourceIdentifier)
    ]


def _crl_urls(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        name.value
        for point in points
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith(("http://", "https://"))
    ]
