"""Revocation evidence for a chain: OCSP responses (RFC 6960) and CRLs (RFC 5280), judged before use."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from agreegen.errors import CredentialError, SigningError
from agreegen.messages import Message, message
from agreegen.model.report import Revocation
from agreegen.pki.encoding import der_of
from agreegen.pki.trust.path_status import CertificateStatus, statuses_of
from agreegen.signing.certificate_checks import Finding
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.interface import Credential, Evidence, Trust
from agreegen.signing.names import subject_label
from agreegen.signing.services.limited_answers import read_answer
from agreegen.signing.services.status_addresses import (
    answers_request,
    list_addresses,
    ocsp_addresses,
    ocsp_request,
)
from agreegen.signing.trust import parse_crls

_MAX_ANSWER_BYTES = 32 << 20
_ANSWER_PATIENCE = 6
"""A revocation list may be long: the whole answer may take so many times as long as its first byte."""


class UnreachableError(SigningError):
    """Nobody tells whether a certificate is revoked."""


class EvidenceStore:
    """Finds evidence that certificates are not revoked; keeps it for the documents of one chunk.

    Make a fresh store after the timestamps of a chunk were taken: evidence must be younger than they are.

    Args:
        crls_der: Lists that the user gave; looked at first, so isolated networks need no service.
        now: The time of the judgement, aware UTC.
        timeout_s: Time limit of one request.
        fetch: Whether services may be asked.
    """

    def __init__(
        self, crls_der: Sequence[bytes] = (), *, now: datetime, timeout_s: float = 10.0, fetch: bool = True
    ) -> None:
        self._given = tuple(crls_der)
        self._now = now
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
        kept = Evidence((), tuple(kept_ocsps), tuple(kept_crls))
        for status in statuses_of(path, moment, self._now):
            key = der_of(status.certificate), der_of(status.issuer)
            if key not in self._known or kept_ocsps or kept_crls:
                self._known[key] = self._find(status, kept)
            parts.append(self._known[key])
        return merge(parts)

    def _find(self, status: CertificateStatus, kept: Evidence) -> Evidence:
        # All lists at hand are read, since any one may name the certificate as revoked.
        at_hand = merge([Evidence((), crls_der=self._given), kept])
        self._require_good(status, at_hand)
        for candidate in self._candidates(status, at_hand):
            found = self._accept(status, candidate)
            if found is not None:
                return found
        raise UnreachableError(
            message("signing.revocation-status-not-had", certificate=_label(status.certificate)),
            hint=message("signing.give-its-ca-current-crl-crl"),
        )

    def _candidates(self, status: CertificateStatus, at_hand: Evidence) -> Iterator[Evidence]:
        for crl in at_hand.crls_der:
            yield Evidence((), crls_der=(crl,))
        for response in at_hand.ocsps_der:
            yield Evidence((), ocsps_der=(response,))
        if not self._fetch:
            return
        for response in self._ask_ocsp(status):
            yield Evidence((), ocsps_der=(response,))
        for crl in self._ask_crls(status.certificate):
            yield Evidence((), crls_der=(crl,))

    def _accept(self, status: CertificateStatus, candidate: Evidence) -> Evidence | None:
        """Return a piece of evidence with all that it needs to count; None where it clears nobody."""
        self._require_good(status, candidate)
        responders = status.responders(candidate.ocsps_der)
        signers = Evidence(tuple(der_of(responder) for responder in responders))
        if _is_clear(status, candidate):
            return merge([candidate, signers])
        # A responder that is not exempt has to be cleared itself (RFC 6960, 4.2.2.2.1).
        for crl in (crl for responder in responders for crl in self._lists_for(responder)):
            together = merge([candidate, signers, Evidence((), crls_der=(crl,))])
            if _is_clear(status, together):
                return together
        return None

    def _require_good(self, status: CertificateStatus, evidence: Evidence) -> None:
        """Refuse a certificate that evidence names as revoked, or that its responder does not know.

        Raises:
            SigningError: So it is.
        """
        finding = status.weigh(evidence.crls_der, evidence.ocsps_der)
        if finding.status is Revocation.REVOKED or finding.later is not None:
            raise _not_good(status.certificate, message("signing.revoked"))
        if status.is_unknown(evidence.ocsps_der):
            raise _not_good(status.certificate, message("signing.unknown-status"))

    def _ask_ocsp(self, status: CertificateStatus) -> Iterator[bytes]:
        headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
        for url in ocsp_addresses(status.certificate):
            nonce = os.urandom(16)
            request = ocsp_request(status.certificate, status.issuer, nonce)
            body = self._exchange("POST", url, request, headers)
            if body is not None and answers_request(body, nonce):
                yield body

    def _ask_crls(self, certificate: Any) -> Iterator[bytes]:
        for url in list_addresses(certificate):
            if url not in self._fetched_crls:
                body = self._exchange("GET", url, None, {})
                self._fetched_crls[url] = () if body is None else tuple(parse_crls(body))
            yield from self._fetched_crls[url]

    def _lists_for(self, certificate: Any) -> Iterator[bytes]:
        yield from self._given
        if self._fetch:
            yield from self._ask_crls(certificate)

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
    store = EvidenceStore(trust.crls_der, now=now)
    try:
        store.for_path(path, now)
    except UnreachableError as exc:
        return [
            Finding(
                "revocation-unreachable",
                message("signing.credential-2", name=credential.name, cause=exc.sentence),
            )
        ]
    except SigningError as exc:
        raise CredentialError(
            message("signing.credential-2", name=credential.name, cause=exc.sentence), hint=exc.advice
        ) from exc
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


def _is_clear(status: CertificateStatus, evidence: Evidence) -> bool:
    return status.weigh(evidence.crls_der, evidence.ocsps_der).status is Revocation.CLEAR


def _not_good(certificate: Any, word: Message) -> SigningError:
    return SigningError(
        message("signing.certificate", certificate=_label(certificate), word=word),
        hint=message("signing.no-validation-data-can-added"),
    )


def _label(certificate: Any) -> str:
    return subject_label(der_of(certificate))
