"""RFC 3161 timestamps over HTTP: several services in order, kept connections, every answer checked."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import requests
from asn1crypto import cms, core, tsp
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from agreegen.errors import AgreegenError, CredentialError, SigningError, TimestampError
from agreegen.messages import ForeignDetail, Message, join_sentences, message
from agreegen.model.report import Integrity
from agreegen.pki.cms import timestamp_tokens
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.cms.structure import (
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    parse_cms,
    parse_tst_info,
)
from agreegen.pki.encoding import der_of, tlv
from agreegen.pki.trust.purposes import is_for_timestamps_only
from agreegen.signing.certificate_checks import check_crls
from agreegen.signing.certificate_paths import find_path
from agreegen.signing.interface import TimestampServer, Trust
from agreegen.signing.names import subject_label
from agreegen.signing.services.limited_answers import read_answer

_MAX_WORDS = 300
_DIGEST_ALGORITHMS = {
    "sha256": bytes.fromhex("300d06096086480165030402010500"),
    "sha384": bytes.fromhex("300d06096086480165030402020500"),
    "sha512": bytes.fromhex("300d06096086480165030402030500"),
}
"""AlgorithmIdentifier of each hash function that a token may be asked over."""
_GRANTED = frozenset({"granted", "granted_with_mods"})
_MAX_ANSWER_BYTES = 1 << 20
_NAMES_CERTIFICATE = frozenset({SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2})
_ASKS_WHO = frozenset({401, 403})
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_SIZE_MARGIN_BYTES = 64
"""Serial numbers and ECDSA signatures vary by some bytes from token to token."""


class TimestampClient:
    """Asks timestamp services in their order; keeps its connections. Safe to use from several threads.

    Args:
        servers: The services, the preferred one first.
        trust: Anchors and CRLs; with anchors, a service that does not chain to one of them is refused.
        concurrency: Greatest number of requests under way at once.
        attempts: How often one service is tried before the next one.
        pause_s: Pause before the second attempt; it doubles each time.

    Attributes:
        concurrency: Greatest number of requests under way at once.
    """

    def __init__(
        self,
        servers: Sequence[TimestampServer],
        *,
        trust: Trust | None = None,
        concurrency: int = 32,
        attempts: int = 3,
        pause_s: float = 0.25,
    ) -> None:
        if not servers:
            raise TimestampError(
                message("signing.no-timestamp-service-named"), hint=message("signing.give-one-tsa-url")
            )
        self._trust = trust if trust is not None else Trust()
        self._attempts = attempts
        self._pause_s = pause_s
        self.concurrency = concurrency
        self._services = [_Service(server, concurrency) for server in servers]
        self._approved: set[bytes] = set()
        self._token_bytes: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for service in self._services:
            service.close()

    def token_bytes(self) -> int:
        """Return the room that a token needs, from a first token over random bytes and all later ones.

        Raises:
            TimestampError: No service gave one.
        """
        if self._token_bytes is None:
            self.timestamp(os.urandom(32))
        assert self._token_bytes is not None
        return self._token_bytes

    def timestamp(self, data: bytes) -> bytes:
        """Return the DER of a timestamp token over the SHA-256 of some bytes.

        Raises:
            TimestampError: No service gave an acceptable one.
        """
        return self.timestamp_digest(hashlib.sha256(data).digest())

    def timestamp_digest(self, digest: bytes, hash_name: str = "sha256") -> bytes:
        """Return the DER of a timestamp token over a digest.

        Args:
            digest: The digest.
            hash_name: What made it: `sha256`, `sha384` or `sha512`.

        Raises:
            TimestampError: No service gave an acceptable one.
        """
        problems: list[Message] = []
        for service in self._services:
            try:
                token = self._ask(service, digest, hash_name)
            except TimestampError as exc:
                problems.append(exc.sentence)
                continue
            # Another service's tokens may be larger: the next room is for the largest seen.
            self._token_bytes = max(self._token_bytes or 0, len(token) + _SIZE_MARGIN_BYTES)
            return token
        raise TimestampError(
            message("signing.no-timestamp-had", problems=join_sentences(problems)),
            hint=message("signing.check-service-try-later"),
        )

    def timestamp_many(self, items: Sequence[bytes]) -> list[bytes | TimestampError]:
        """Return a token over each of many byte strings, asked for concurrently; or why there is none."""

        def one(data: bytes) -> bytes | TimestampError:
            try:
                return self.timestamp(data)
            except TimestampError as exc:
                return exc

        with ThreadPoolExecutor(min(self.concurrency, max(1, len(items)))) as pool:
            return list(pool.map(one, items))

    def _ask(self, service: _Service, digest: bytes, hash_name: str) -> bytes:
        for attempt in range(self._attempts):
            if attempt:
                # A little randomness keeps many clients from coming back at the same moment.
                time.sleep(self._pause_s * 2 ** (attempt - 1) * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            try:
                nonce, answer = service.post(digest, hash_name)
                return self._accept(service.server, (hash_name, digest), nonce, answer)
            except _BusyError as exc:
                problem = exc
        raise TimestampError(
            message("model.place-and-problem", place=service.server.url, problem=problem.sentence)
        )

    def _accept(
        self, server: TimestampServer, imprint: tuple[str, bytes], nonce: int, answer: bytes
    ) -> bytes:
        token = _read_answer(server, answer)
        try:
            facts = require_token(token, imprint[1], imprint[0])
            _check_request(token, server, nonce)
            self._approve(facts)
        except SigningError as exc:
            raise TimestampError(
                message("model.place-and-problem", place=server.url, problem=exc.sentence)
            ) from exc
        return token

    def _approve(self, facts: TimestampFacts) -> None:
        own = der_of(facts.certificate)
        assert facts.time is not None
        if own in self._approved or not self._trust.anchors_der:
            return
        others = [der for der in map(der_of, facts.certificates) if der != own]
        name = subject_label(own)
        try:
            path = find_path(own, others, self._trust, facts.time, name)
            check_crls(path, self._trust, facts.time, name)
        except CredentialError as exc:
            raise SigningError(message("signing.service-not-trusted", exc=exc)) from exc
        self._approved.add(own)


def _check_request(token: bytes, server: TimestampServer, nonce: int) -> None:
    info = parse_tst_info(parse_cms(token, max_bytes=_MAX_ANSWER_BYTES).content or b"")
    if info["nonce"].native != nonce:
        raise SigningError(message("signing.answer-another-request-nonce"))
    if server.policy is not None and info["policy"].dotted != server.policy:
        raise SigningError(message("signing.token-under-another-policy-than", policy=server.policy))


def require_token(token: bytes, digest: bytes, hash_name: str = "sha256") -> TimestampFacts:
    """Check a timestamp token on its own: imprint, signature, signing certificate and its purpose.

    Trust is for the caller to judge.

    Args:
        token: DER of the CMS.
        digest: What it must be over.
        hash_name: The hash function that made the digest.

    Raises:
        SigningError: It does not hold (RFC 3161, section 2.4.2).
    """
    facts = timestamp_tokens.check_token(token, lambda name: digest if name == hash_name else b"", "document")
    if facts.subindication == "HASH_FAILURE":
        raise SigningError(message("signing.timestamp-over-other-bytes-imprint"))
    if facts.integrity is not Integrity.INTACT:
        raise SigningError(message("signing.timestamp-does-not-hold", reasons=join_sentences(facts.reasons)))
    if not is_for_timestamps_only(facts.certificate):
        raise SigningError(message("signing.timestamp-not-signed-timestamping-certificate"))
    if not parse_cms(token, max_bytes=_MAX_ANSWER_BYTES).signed.keys() & _NAMES_CERTIFICATE:
        raise SigningError(message("signing.timestamp-does-not-name-its-signing"))
    return facts


class _Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp (RFC 3161, 2.4.2): where the service refuses, there is no token."""

    _fields = [  # noqa: RUF012 - the schema of an ASN.1 type, as its base class reads it
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


def _read_answer(server: TimestampServer, answer: bytes) -> bytes:
    try:
        response = _Response.load(answer, strict=True)
        status: str = response["status"]["status"].native
        failure = response["status"]["fail_info"].native
        said = response["status"]["status_string"].native or []
        token: bytes = response["time_stamp_token"].dump() if status in _GRANTED else b""
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        raise TimestampError(message("signing.answer-no-timestamp-response", url=server.url)) from exc
    if not token:
        raise TimestampError(
            message("signing.service-refused", url=server.url, status=_describe(status, failure, said))
        )
    return token


def _describe(status: str, failure: set[str] | None, said: list[str]) -> tuple[Message, ...]:
    """Say all that a refusal says: PKIStatus, PKIFailureInfo and the service's own words (RFC 3161)."""
    facts = tuple(sorted(failure)) if failure else message("messages.none")
    parts = [
        message("signing.service-status", status=status),
        message("signing.service-failure", failure=facts),
    ]
    words = " ".join(" ".join(said).split())
    if words:
        shown = "".join(c if c.isprintable() else "\ufffd" for c in words[:_MAX_WORDS])
        parts.append(message("signing.service-words", words=shown))
    return tuple(parts)


class _BusyError(AgreegenError):
    """The service may answer when asked again."""


class _Service:
    """One service: its session and the rate it is asked at."""

    def __init__(self, server: TimestampServer, concurrency: int) -> None:
        self.server = server
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=2, pool_maxsize=concurrency)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.headers.update(
            {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        )
        if server.username is not None:
            self._session.auth = (server.username, server.password or "")
        if server.client_certificate is not None:
            self._session.cert = str(server.client_certificate)
        self._lock = threading.Lock()
        self._next_at = 0.0

    def close(self) -> None:
        self._session.close()

    def post(self, digest: bytes, hash_name: str) -> tuple[int, bytes]:
        """Send one request; return its nonce and the body of the answer."""
        nonce = int.from_bytes(b"\x01" + os.urandom(8), "big")
        self._wait_for_slot()
        try:
            with self._session.post(
                self.server.url,
                data=_request(hash_name, digest, nonce, self.server.policy),
                timeout=self.server.timeout_s,
                verify=True if self.server.ca_file is None else str(self.server.ca_file),
                stream=True,
                allow_redirects=False,
            ) as response:
                ends_at = time.monotonic() + self.server.timeout_s
                body = read_answer(response, max_bytes=_MAX_ANSWER_BYTES, ends_at=ends_at)
                status = response.status_code
        except requests.exceptions.SSLError as exc:
            raise TimestampError(message("signing.timestamps-no-tls", url=self.server.url)) from exc
        except (requests.RequestException, HTTPError, OSError, ValueError) as exc:
            raise _BusyError(
                message("signing.no-connection", detail=ForeignDetail(type(exc).__name__))
            ) from exc
        if status in _ASKS_WHO:
            raise TimestampError(
                message("signing.timestamps-other-login", url=self.server.url, status=status)
            )
        if status in _TRY_AGAIN:
            raise _BusyError(message("signing.http-status-2", status=status))
        if 300 <= status < 400:
            raise TimestampError(message("signing.sends-on-another-address-which-not", url=self.server.url))
        if status != 200:
            raise TimestampError(message("signing.http-status", url=self.server.url, status=status))
        if len(body) > _MAX_ANSWER_BYTES:
            raise TimestampError(message("signing.answer-too-large", url=self.server.url))
        return nonce, body

    def _wait_for_slot(self) -> None:
        if self.server.requests_per_minute is None:
            return
        with self._lock:
            moment = max(time.monotonic(), self._next_at)
            self._next_at = moment + 60.0 / self.server.requests_per_minute
        time.sleep(max(0.0, moment - time.monotonic()))


def _request(hash_name: str, digest: bytes, nonce: int, policy: str | None) -> bytes:
    # TimeStampReq (RFC 3161, 2.4.1): version, imprint, policy, nonce, certReq TRUE.
    size = (nonce.bit_length() + 8) // 8
    return tlv(
        0x30,
        tlv(0x02, b"\x01"),
        tlv(0x30, _DIGEST_ALGORITHMS[hash_name], tlv(0x04, digest)),
        b"" if policy is None else tsp.ObjectIdentifier(policy).dump(),
        tlv(0x02, nonce.to_bytes(size, "big")),
        tlv(0x01, b"\xff"),
    )
