"""Revocation evidence for a chain: OCSP responses (RFC 6960) and CRLs (RFC 5280), checked before use."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID
from urllib3.exceptions import HTTPError

from agreegen.errors import CredentialError, SigningError
from agreegen.signing.certificate_checks import Finding, find_path
from agreegen.signing.interface import Credential, Trust
from agreegen.signing.names import UNREADABLE_X509, subject_label
from agreegen.signing.services.limited_answers import read_answer
from agreegen.signing.services.status_checks import (
    answers,
    crl_covers,
    needs_no_check,
    not_good,
    responder,
    told_at,
)
from agreegen.signing.trust import parse_crls

_MAX_ANSWER_BYTES = 32 << 20
_ANSWER_PATIENCE = 6
"""A revocation list may be long: the whole answer may take so many times as long as its first byte."""


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


class UnreachableError(SigningError):
    """Nobody tells whether a certificate is revoked."""


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
        # All of them are read, since any one may name the certificate as revoked.
        lists = (*self._given, *kept_crls)
        covering = [crl for crl in lists if crl_covers(crl, certificate, issuer, moment)]
        if covering:
            return Evidence((), crls_der=(covering[0],))
        for response in kept_ocsps:
            found = self._accept_ocsp(response, certificate, issuer, moment, None)
            if found is not None:
                return found
        if self._fetch:
            for found in itertools.chain(
                self._ask_ocsp(certificate, issuer, moment), self._ask_crl(certificate, issuer, moment)
            ):
                return found
        raise UnreachableError(
            f"the revocation status of {subject_label(certificate_der)} is not to be had",
            hint="give its CA's current CRL with --crl, or let the OCSP service be reached",
        )

    def _ask_ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
    ) -> Iterator[Evidence]:
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
        moment = told_at(response_der, certificate, moment)
        try:
            response = ocsp.load_der_ocsp_response(response_der)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                return None
            if not answers(response, certificate, issuer, moment, nonce):
                return None
            signer = responder(response, issuer, moment)
        except (UnsupportedAlgorithm, *UNREADABLE_X509):
            return None
        if signer is None:
            return None
        if response.certificate_status is not ocsp.OCSPCertStatus.GOOD:
            raise not_good(certificate, response.certificate_status)
        extra: list[Evidence] = [Evidence((), ocsps_der=(response_der,))]
        if signer != issuer:
            extra.append(Evidence((signer.public_bytes(Encoding.DER),)))
            if not needs_no_check(signer):
                listed = next(self._lists_for(signer, issuer, moment), None)
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
                ends_at = time.monotonic() + _ANSWER_PATIENCE * self._timeout_s
                data = read_answer(response, max_bytes=_MAX_ANSWER_BYTES, ends_at=ends_at)
                usable = response.status_code == 200 and len(data) <= _MAX_ANSWER_BYTES
        except (requests.RequestException, HTTPError, OSError, ValueError):
            return None
        return data if usable else None


def check_status(credential: Credential, trust: Trust, now: datetime) -> list[Finding]:
    """Ask, before a job, for the revocation status that B-LT needs of a credential's chain.

    Returns:
        A warning where the status cannot be had; nothing where it is good, or where no anchors are given.

    Raises:
        CredentialError: There is no chain, or a certificate of it is revoked or of unknown status.
    """
    if not trust.anchors_der:
        return []
    path = find_path(credential.certificate_der, credential.chain_der, trust, now, credential.name)
    store = EvidenceStore(trust.crls_der)
    try:
        store.for_path(path, now)
    except UnreachableError as exc:
        return [Finding("revocation-unreachable", f"credential {credential.name}: {exc.message}")]
    except SigningError as exc:
        raise CredentialError(f"credential {credential.name}: {exc.message}", hint=exc.hint) from exc
    finally:
        store.close()
    return []


def merge(parts: Sequence[Evidence]) -> Evidence:
    """Put evidence together, without doubles."""
    return Evidence(
        tuple(dict.fromkeys(der for part in parts for der in part.certificates_der)),
        tuple(dict.fromkeys(der for part in parts for der in part.ocsps_der)),
        tuple(dict.fromkeys(der for part in parts for der in part.crls_der)),
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
