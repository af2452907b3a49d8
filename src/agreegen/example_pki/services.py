"""The services of an example PKI, apart from HTTP: timestamps, certificate status, revocation lists."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from asn1crypto import keys, ocsp, pem, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from agreegen.errors import InputError, MissingProgramError
from agreegen.example_pki.certificates import Authority, issue_crl
from agreegen.example_pki.layout import ExamplePki
from agreegen.messages import message

AUTHORITIES = ("root", "ca")
_CRL_VALIDITY = timedelta(days=7)
_OCSP_VALIDITY = timedelta(hours=1)


class Services:
    """Answers what the certificates of an example PKI promise.

    Args:
        pki: The PKI.
        clock: Gives the aware time of each answer.

    Raises:
        MissingProgramError: The optional package certomancer is not installed.
        InputError: The PKI's keys are missing or damaged.
    """

    def __init__(self, pki: ExamplePki, clock: Callable[[], datetime]) -> None:
        self._certomancer = _import_certomancer()
        self._clock = clock
        self._lock = threading.Lock()
        self._revoked: dict[int, datetime] = {}
        self._unknown: set[int] = set()
        self._trust = pki.trust
        try:
            self._authorities = {name: _load_authority(pki, name) for name in AUTHORITIES}
            self._issuer = _load_certificate(pki, "ca")
            self._ocsp = (_load_certificate(pki, "ocsp"), _load_key(pki, "ocsp"))
            self._stamper = self._certomancer.TimeStamper(
                _load_certificate(pki, "tsa"), _load_key(pki, "tsa"), certs_to_embed=[self._issuer]
            )
        except (OSError, ValueError, TypeError) as exc:
            raise InputError(
                message("example_pki.keys-example-pki-cannot-used", folder=pki.folder),
                hint=message("example_pki.make-again"),
            ) from exc

    def timestamp(self, request: bytes) -> bytes:
        """Answer an RFC 3161 request.

        Raises:
            ValueError: The request cannot be read.
        """
        with self._lock:
            query = tsp.TimeStampReq.load(request, strict=True)
            _ = query.native  # parses all of it, so that damage shows here
            # Whole seconds, as in OCSP answers: a status fetched afterwards is then never the older one.
            self._stamper.fixed_dt = self._now()
            return bytes(self._stamper.request_tsa_response(query).dump())

    def status(self, request: bytes) -> bytes:
        """Answer an RFC 6960 request.

        Raises:
            ValueError: The request cannot be read.
        """
        with self._lock:
            query = ocsp.OCSPRequest.load(request, strict=True)
            _ = query.native
            certificate, key = self._ocsp
            responder = self._certomancer.SimpleOCSPResponder(
                certificate,
                key,
                self._certomancer.choose_signed_digest("sha256", certificate.public_key),
                at_time=self._now(),
                revinfo_interface=self._status_source(),
                validity=_OCSP_VALIDITY,
            )
            return bytes(responder.build_ocsp_response(query).dump())

    def crl(self, name: str) -> bytes | None:
        """Return the revocation list of an authority as of now, DER; None for an unknown authority."""
        if name in self._authorities:
            with self._lock:
                return self._issue(name, _CRL_VALIDITY)
        path = self._trust / f"{name}.crl"
        return path.read_bytes() if name in {"sm2-root", "sm2-ca"} and path.is_file() else None

    def certificate(self, name: str) -> bytes | None:
        """Return the certificate of an authority, DER; None where there is no such authority."""
        authority = self._authorities.get(name)
        return None if authority is None else authority.certificate.public_bytes(Encoding.DER)

    def revoke(self, serial: int, since: datetime) -> None:
        """Revoke a certificate of the government CA or of the root by its serial number."""
        with self._lock:
            self._revoked[serial] = since.replace(microsecond=0)

    def forget(self, serial: int) -> None:
        """Answer `unknown` when asked for the status of this serial number."""
        with self._lock:
            self._unknown.add(serial)

    def publish(self, valid_for: timedelta) -> None:
        """Write fresh revocation lists into the trust folder, for checking offline."""
        for name in self._authorities:
            with self._lock:
                data = self._issue(name, valid_for)
            (self._trust / f"{name}.crl").write_bytes(data)

    def _issue(self, name: str, valid_for: timedelta) -> bytes:
        now = self._now()
        crl = issue_crl(
            self._authorities[name],
            now,
            number=int(now.timestamp()),
            revoked=sorted(self._revoked.items()),
            valid_for=valid_for,
        )
        return crl.public_bytes(Encoding.DER)

    def _now(self) -> datetime:
        return self._clock().replace(microsecond=0)

    def _status_source(self) -> Any:
        issuer, revoked, unknown = self._issuer, self._revoked, self._unknown

        class StatusSource(self._certomancer.RevocationInfoInterface):  # type: ignore[misc, name-defined]
            def get_issuer_cert(self) -> asn1_x509.Certificate:
                return issuer

            def check_revocation_status(
                self, cid: ocsp.CertId, at_time: datetime
            ) -> tuple[ocsp.CertStatus, list[Any]]:
                serial = cid["serial_number"].native
                if serial in unknown:
                    return ocsp.CertStatus("unknown", ocsp.StatusUnknown()), []
                since = revoked.get(serial)
                if since is None or since > at_time:
                    return ocsp.CertStatus("good", ocsp.StatusGood()), []
                info = {"revocation_time": since, "revocation_reason": "key_compromise"}
                return ocsp.CertStatus("revoked", ocsp.RevokedInfo(info)), []

        return StatusSource()


def _import_certomancer() -> ModuleType:
    try:
        from certomancer import services  # noqa: PLC0415 - an optional package
    except ImportError as exc:
        raise MissingProgramError(
            message("example_pki.loopback-responder-needs-package-certomancer"),
            hint=message("example_pki.pip-install-agreegen-responder"),
        ) from exc
    return services


def _load_authority(pki: ExamplePki, name: str) -> Authority:
    key = load_pem_private_key((pki.keys / f"{name}.key").read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"the key of {name} is not an RSA key")
    certificate = x509.load_pem_x509_certificate((pki.keys / f"{name}.pem").read_bytes())
    return Authority(name, certificate, key)


def _load_certificate(pki: ExamplePki, name: str) -> asn1_x509.Certificate:
    _, _, der = pem.unarmor((pki.keys / f"{name}.pem").read_bytes())
    return asn1_x509.Certificate.load(der)


def _load_key(pki: ExamplePki, name: str) -> keys.PrivateKeyInfo:
    _, _, der = pem.unarmor((pki.keys / f"{name}.key").read_bytes())
    return keys.PrivateKeyInfo.load(der)
