"""Fetching revocation data, only where the caller asked for it: few requests, small answers."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from agreegen.errors import SpokenError
from agreegen.messages import ErrorKind, message
from agreegen.model.report import Alarm
from agreegen.pki.certificates import load_certificates
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.trust.issuing import issued_by
from agreegen.signing.services.status_addresses import list_addresses, ocsp_addresses, ocsp_request
from agreegen.verification.interface import Options, Structure

MAX_REQUESTS = 16
MAX_ANSWER_BYTES = 16 << 20
TIMEOUT_S = 10.0
TOTAL_S = 30.0
_MAX_CHAIN = 6


class FetchError(SpokenError):
    """An address may not be asked or did not answer; the message says why."""


def fetch_evidence(
    facts: Sequence[SignatureFacts], structure: Structure, options: Options
) -> tuple[list[bytes], list[bytes], list[Alarm]]:
    """Fetch revocation lists and OCSP responses for the chains of all signers.

    Returns:
        Revocation lists, OCSP responses, and an alarm for each address that gave nothing.
    """
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    alarms: list[Alarm] = []
    if not options.fetch:
        return crls, ocsps, alarms
    ends = time.monotonic() + TOTAL_S
    for url, body in _questions(facts, structure, options):
        if time.monotonic() > ends:
            break
        try:
            (ocsps if body else crls).append(fetch(url, body))
        except FetchError as exc:
            alarms.append(Alarm("fetch-failed", exc.sentence))
    return crls, ocsps, alarms


def _questions(
    facts: Sequence[SignatureFacts], structure: Structure, options: Options
) -> list[tuple[str, bytes | None]]:
    """Return what is to be asked about all signers: addresses, and for responders the request; each once."""
    pool = load_certificates((*structure.validation_data.certificates_der, *options.anchors_der))
    parts = [part for fact in facts for part in fact.parts]
    pool.extend(c for part in parts for c in part.certificates)
    signers = [part.certificate for part in parts if part.certificate]
    asked: dict[tuple[str, int | None], bytes | None] = {}
    for certificate, issuer in _links(signers, pool, set(options.anchors_der)):
        for url in ocsp_addresses(certificate):
            asked.setdefault((url, certificate.serial_number), ocsp_request(certificate, issuer))
        for url in list_addresses(certificate):
            asked.setdefault((url, None), None)
    return [(url, body) for (url, _), body in asked.items()][:MAX_REQUESTS]


def _links(signers: Sequence[Any], pool: Sequence[Any], anchors: set[bytes]) -> Iterator[tuple[Any, Any]]:
    seen: set[bytes] = set()
    for signer in signers:
        current = signer
        for _ in range(_MAX_CHAIN):
            if current.dump() in anchors or current.dump() in seen or current.self_issued:
                break
            seen.add(current.dump())
            issuer = next(
                (c for c in pool if c.subject == current.issuer and issued_by(current, c, ())), None
            )
            if issuer is None:
                break
            yield current, issuer
            current = issuer


def fetch(url: str, body: bytes | None = None) -> bytes:
    """Fetch one answer.

    Redirections are not followed, and addresses inside the own network are not asked (loopback excepted).

    Raises:
        FetchError: The address is refused, too slow, or answers too much or nothing.
    """
    import requests  # noqa: PLC0415 - costs time where nothing is fetched

    host = check_address(url)
    headers = {"Content-Type": "application/ocsp-request"} if body else {}

    try:
        with requests.request(
            "POST" if body else "GET",
            url,
            data=body,
            headers=headers,
            timeout=TIMEOUT_S,
            stream=True,
            allow_redirects=False,
        ) as answer:
            if answer.status_code != requests.codes.ok:
                raise FetchError(
                    message("verification.answered-with-status", host=host, status_code=answer.status_code)
                )
            parts, size, ends = [], 0, time.monotonic() + TOTAL_S
            for part in answer.iter_content(1 << 16):
                parts.append(part)
                size += len(part)
                if size > MAX_ANSWER_BYTES or time.monotonic() > ends:
                    raise FetchError(message("verification.answered-with-too-much", host=host))
    except (requests.RequestException, ValueError) as exc:
        raise FetchError(message("verification.did-not-answer", host=host, kind=ErrorKind.of(exc))) from exc
    return b"".join(parts)


def check_address(url: str) -> str:
    """Return the host of an address that may be asked.

    Raises:
        FetchError: It is no web address, or leads into a private network.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise FetchError(message("verification.certificate-names-address-cannot-read")) from exc
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchError(message("verification.certificate-names-address-not-web-address"))
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host, port or 80, type=socket.SOCK_STREAM)}
    except (OSError, ValueError) as exc:
        raise FetchError(message("verification.not-known", host=host)) from exc
    for address in found:
        number = ipaddress.ip_address(str(address).split("%")[0])
        if not (number.is_global or number.is_loopback):
            raise FetchError(message("verification.leads-into-private-network-not-asked", host=host))
    return host
