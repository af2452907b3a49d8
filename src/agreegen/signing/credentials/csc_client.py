"""A client for signing services that speak the Cloud Signature Consortium's API, version 1.0.4."""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from agreegen.errors import CredentialError
from agreegen.messages import ForeignDetail, message
from agreegen.signing.credentials.secrets import split_address
from agreegen.signing.services.limited_answers import read_answer

_MAX_ANSWER_BYTES = 4 << 20
_TRIES = 3
_PAUSE_S = 0.5
_BUSY = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ERROR_CODE = re.compile(r"[A-Za-z_]{1,60}\Z")


@dataclass(frozen=True, slots=True)
class CredentialInfo:
    """What a service says about a key (CSC API 1.0.4, clause 11.5).

    Attributes:
        certificates_der: Signing certificate first, then its chain, DER.
        algorithms: OIDs of the algorithms that the key is for; empty where the service does not say.
        enabled: Whether the key may be used.
        multisign: How many hashes one authorisation may cover.
        mode: How a use is authorised: `implicit`, `explicit` or `oauth2code`.
        needs_pin: Whether each authorisation asks for a PIN.
        needs_otp: Whether each authorisation asks for a one-time password.
    """

    certificates_der: tuple[bytes, ...]
    algorithms: frozenset[str]
    enabled: bool
    multisign: int
    mode: str
    needs_pin: bool = False
    needs_otp: bool = False


class CscClient:
    """One account at a signing service.

    Args:
        url: Base address with the version, e.g. `https://signing.example/csc/v1`.
        token: OAuth 2.0 bearer token (RFC 6750).
        credential: Credential id at the service.
        verify: Path of a PEM file with the authorities that TLS trusts, or True for the system's.
        timeout_s: Time limit of one request.

    Raises:
        CredentialError: The address is not HTTPS.
    """

    def __init__(
        self, url: str, token: str, credential: str, *, verify: str | bool = True, timeout_s: float = 30.0
    ) -> None:
        parts = split_address(url, message("signing.signing-service"))
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        ):
            raise CredentialError(
                message("signing.signing-service-not-reached-https", url=url),
                hint=message("signing.write-https"),
            )
        self._base = url.rstrip("/")
        self._credential = credential
        self._verify = verify
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._session: requests.Session | None = requests.Session()
        # As `auth`, and not as a header: a password from ~/.netrc would replace the header.
        self._session.auth = _Bearer(token)

    def __repr__(self) -> str:
        return f"CscClient({self._base!r})"

    def fetch_info(self) -> CredentialInfo:
        """Ask what key and certificates the credential has.

        Raises:
            CredentialError: The service refuses, cannot be reached, or answers nonsense.
        """
        request = {
            "credentialID": self._credential,
            "certificates": "chain",
            "certInfo": False,
            "authInfo": True,
        }
        return _read_info(self._base, self._call("credentials/info", request, repeat=True))

    def sign_hashes(
        self,
        hashes: Sequence[bytes],
        *,
        algorithm: str,
        hash_algorithm: str,
        pin: str | None = None,
        otp: str | None = None,
    ) -> list[bytes]:
        """Authorise these hashes and have them signed, in two requests (CSC API 1.0.4, 11.6 and 11.9).

        Args:
            hashes: Digests, no more than the credential's `multisign`.
            algorithm: OID of the signature algorithm.
            hash_algorithm: OID of the digest.
            pin: The PIN of the credential, where it has one.
            otp: A one-time password, where the credential asks for it.

        Raises:
            CredentialError: The service refuses, cannot be reached, or answers nonsense.
        """
        encoded = [base64.b64encode(digest).decode() for digest in hashes]
        request = {
            "credentialID": self._credential,
            "SAD": self._authorize(encoded, pin, otp),
            "hash": encoded,
            "hashAlgo": hash_algorithm,
            "signAlgo": algorithm,
        }
        return self._read_signatures(self._call("signatures/signHash", request, repeat=False), len(encoded))

    def close(self) -> None:
        """Close the connection and forget the token."""
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = None

    def _authorize(self, encoded: Sequence[str], pin: str | None, otp: str | None) -> str:
        secrets = {name: value for name, value in (("PIN", pin), ("OTP", otp)) if value is not None}
        request = {
            "credentialID": self._credential,
            "numSignatures": len(encoded),
            "hash": encoded,
            **secrets,
        }
        # A PIN or a one-time password is never sent twice: each try may count against a lock.
        granted = self._call("credentials/authorize", request, repeat=not secrets)
        activation = granted.get("SAD")
        if not isinstance(activation, str):
            raise self._nonsense("credentials/authorize")
        return activation

    def _read_signatures(self, answer: dict[str, Any], count: int) -> list[bytes]:
        found = answer.get("signatures")
        if not isinstance(found, list) or len(found) != count:
            raise self._nonsense("signatures/signHash")
        try:
            return [base64.b64decode(signature, validate=True) for signature in found]
        except (binascii.Error, TypeError, ValueError):
            raise self._nonsense("signatures/signHash") from None

    def _call(self, method: str, request: dict[str, Any], *, repeat: bool) -> dict[str, Any]:
        tries = _TRIES if repeat else 1
        for attempt in range(1, tries + 1):
            status, body = self._post(method, request, last=attempt == tries)
            if status not in _BUSY or attempt == tries:
                break
            time.sleep(_PAUSE_S * 2 ** (attempt - 1))
        if status != 200:
            raise self._refusal(method, status, body)
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise self._nonsense(method) from None
        if not isinstance(answer, dict):
            raise self._nonsense(method)
        return answer

    def _post(self, method: str, request: dict[str, Any], *, last: bool) -> tuple[int, bytes]:
        with self._lock:
            if self._session is None:
                raise CredentialError(message("signing.connection-signing-service-was-closed"))
            try:
                with self._session.post(
                    f"{self._base}/{method}",
                    json=request,
                    timeout=self._timeout_s,
                    verify=self._verify,
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    ends_at = time.monotonic() + self._timeout_s
                    return answer.status_code, read_answer(
                        answer, max_bytes=_MAX_ANSWER_BYTES, ends_at=ends_at
                    )
            except requests.exceptions.SSLError:
                raise CredentialError(
                    message("signing.signing-service-has-no-tls-certificate", base=self._base),
                    hint=message("signing.name-its-authority-ca-file"),
                ) from None
            except (requests.RequestException, HTTPError, OSError, ValueError) as exc:
                if not last:
                    return 503, b""
                raise CredentialError(
                    message(
                        "signing.signing-service-cannot-reached",
                        base=self._base,
                        detail=ForeignDetail(type(exc).__name__),
                    ),
                    hint=message("signing.check-address-network"),
                ) from None

    def _refusal(self, method: str, status: int, body: bytes) -> CredentialError:
        if status in (401, 403):
            return CredentialError(
                message("signing.signing-service-does-not-accept-token", base=self._base, status=status),
                hint=message("signing.get-new-token"),
            )
        code = ""
        try:
            said = json.loads(body).get("error", "")
            # Free text of a service may quote what was sent, so only its error code is shown.
            code = f", {said}" if isinstance(said, str) and _ERROR_CODE.match(said) else ""
        except (ValueError, AttributeError, RecursionError):
            pass
        return CredentialError(
            message(
                "signing.signing-service-refused", base=self._base, method=method, status=status, code_=code
            ),
            hint=message("signing.check-credential-id-ask-service"),
        )

    def _nonsense(self, method: str) -> CredentialError:
        return CredentialError(
            message("signing.signing-service-gave-answer-makes-no", base=self._base, method=method),
            hint=message("signing.address-csc-v1-service"),
        )


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _read_info(base: str, answer: dict[str, Any]) -> CredentialInfo:
    try:
        key = answer["key"]
        certificates = tuple(base64.b64decode(c, validate=True) for c in answer["cert"]["certificates"])
        return CredentialInfo(
            certificates_der=(certificates[0], *certificates[1:]),
            algorithms=frozenset(str(oid) for oid in key.get("algo", ())),
            enabled=key.get("status") == "enabled",
            multisign=max(1, int(answer.get("multisign", 1))),
            mode=str(answer.get("authMode", "implicit")),
            needs_pin=_is_needed(answer.get("PIN")),
            needs_otp=_is_needed(answer.get("OTP")),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise CredentialError(
            message("signing.signing-service-does-not-describe-credential", base=base),
            hint=message("signing.check-credential-id"),
        ) from None


def _is_needed(description: object) -> bool:
    return isinstance(description, dict) and str(description.get("presence", "")).lower() == "true"
