"""The office's signing authority at work: certificates of a few minutes for keys on people's own devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from asn1crypto import algos, csr, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from agreegen.device.authority_files import ISSUING, OWN_CLOCK, OWN_CLOCK_KEY, ROOT, SETTINGS
from agreegen.device.certificate_building import (
    CertificatePlan,
    extension,
    key_extensions,
    signer_extensions,
)
from agreegen.device.office_clock import OfficeClock
from agreegen.errors import CredentialError, InputError
from agreegen.files import read_limited
from agreegen.messages import message
from agreegen.pki.device_certificates import EVIDENCE_DIGEST, evidence_extension
from agreegen.signing.cms import signature_algorithm
from agreegen.signing.credentials.loading import load_credential, read_settings
from agreegen.signing.interface import Credential
from agreegen.signing.raw_values import verify_raw

LIFETIME = timedelta(minutes=10)
_RAW_BYTES = 64
_MAX_FILE = 1 << 20
_DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""id-kp-documentSigning (RFC 9336)."""
_NO_REVOCATION = "2.5.29.56"
"""id-ce-noRevAvail (RFC 9608): nobody will say more about this certificate, it only expires."""
_SHORT_TERM = "0.4.0.194121.2.1"
"""id-etsi-ext-valassured-ST-certs (EN 319 412-1, 5.2): valid for so short that revocation does not matter."""
_NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose certificate is asked for, as the register knows them.

    Attributes:
        name: The name that the document asks for.
        staff_no: Staff number, if any.
        unit: Unit, if any.
    """

    name: str
    staff_no: str | None = None
    unit: str | None = None

    def subject(self, office: str) -> asn1_x509.Name:
        """Return the subject of the certificate."""
        parts = {"organization_name": office, "organizational_unit_name": self.unit}
        parts |= {"common_name": self.name, "serial_number": self.staff_no}
        return asn1_x509.Name.build({key: value for key, value in parts.items() if value})


@dataclass(frozen=True, slots=True, eq=False)
class Authority:
    """The authority of an office, ready to issue.

    Attributes:
        office: The office's name.
        root_der: The root's certificate.
        issuing_der: The issuing certificate.
        credential: Who holds the issuing key.
        clock: The office's own timestamp service, if it has one.
    """

    office: str
    root_der: bytes
    issuing_der: bytes
    credential: Credential
    clock: OfficeClock | None

    @classmethod
    def load(cls, folder: Path) -> Authority:
        """Load the authority of a folder.

        Raises:
            CredentialError: There is none, or its key cannot be used.
        """
        settings = folder / SETTINGS
        if not settings.is_file():
            raise CredentialError(
                message("device.no-authority", folder=folder), hint=message("device.no-authority.hint")
            )
        named = read_settings(settings, message("device.authority-word"))
        root, issuing = (_certificate(folder / name) for name in (ROOT, ISSUING))
        own_clock = folder / OWN_CLOCK
        clock = OfficeClock.load(own_clock, folder / OWN_CLOCK_KEY) if own_clock.is_file() else None
        credential = load_credential(folder / str(named["credential"]))
        held = x509.load_der_x509_certificate(credential.certificate_der).public_key()
        if _spki(held) != _spki(issuing.public_key()):
            credential.close()
            raise CredentialError(
                message("device.other-key", settings=settings),
                hint=message("device.other-key.hint"),
            )
        root_der, issuing_der = (each.public_bytes(Encoding.DER) for each in (root, issuing))
        return cls(str(named["office"]), root_der, issuing_der, credential, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.credential.close()

    @property
    def ends(self) -> datetime:
        """When the issuing certificate expires."""
        return x509.load_der_x509_certificate(self.issuing_der).not_valid_after_utc

    def request_info(self, person: Person, public_key: bytes) -> bytes:
        """Return what the device has to sign so that its key is certified (RFC 2986, 4.1), DER.

        Args:
            person: Whose key it is, by the register: nobody chooses an own name.
            public_key: SubjectPublicKeyInfo of a P-256 key, DER.

        Raises:
            InputError: It is no such key.
        """
        return bytes(_request_info(person.subject(self.office), public_key).dump())

    def issue(
        self,
        person: Person,
        public_key: bytes,
        proof: bytes,
        evidence_sha256: str,
        *,
        now: datetime,
        timestamped: bool,
    ) -> bytes:
        """Issue a certificate for one signature, DER.

        Args:
            person: Whose key it is.
            public_key: SubjectPublicKeyInfo of a P-256 key, DER.
            proof: The device's signature over `request_info`, r and s of 32 bytes each: it holds the key.
            evidence_sha256: Lower-case hex SHA-256 of the evidence.
            now: Aware UTC time.
            timestamped: Whether a timestamp will prove when it signed; else it lasts as long as its issuer's.

        Raises:
            InputError: The request is not signed with that key.
            CredentialError: The issuing key cannot sign.
        """
        _require_request(_request_info(person.subject(self.office), public_key), proof)
        ends = min(now + LIFETIME, self.ends) if timestamped else self.ends
        if ends <= now:
            raise CredentialError(
                message("device.authority-expired"), hint=message("device.authority-expired.hint")
            )
        issuer = asn1_x509.Certificate.load(self.issuing_der)
        plan = CertificatePlan(
            issuer=issuer.subject,
            subject=person.subject(self.office),
            public_key=public_key,
            begins=now,
            ends=ends,
            extensions=_extensions(issuer.public_key.dump(), public_key, evidence_sha256, short=timestamped),
        )
        return plan.build(signature_algorithm(self.credential.signer.mechanism), self._sign)

    def _sign(self, tbs: bytes) -> bytes:
        signer = self.credential.signer
        value = signer.sign(tbs)
        if not verify_raw(self.issuing_der, signer.mechanism, tbs, value):
            raise CredentialError(
                message("device.key-does-not-fit"), hint=message("device.key-does-not-fit.hint")
            )
        return value


def _request_info(subject: asn1_x509.Name, public_key: bytes) -> csr.CertificationRequestInfo:
    require_device_key(public_key)
    key = keys.PublicKeyInfo.load(public_key)
    return csr.CertificationRequestInfo(
        {"version": "v1", "subject": subject, "subject_pk_info": key, "attributes": []}
    )


def require_device_key(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """Return a device's public key.

    Raises:
        InputError: It is not one on the curve P-256, or not written in the one way of DER.
    """
    try:
        key = load_der_public_key(public_key)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputError(message("device.no-device-key"), hint=message("device.browser.hint"))
    if _spki(key) != public_key:
        raise InputError(message("device.device-key-not-der"), hint=message("device.browser.hint"))
    return key


def der_signature(raw: bytes) -> bytes:
    """Turn what WebCrypto signs, r and s of 32 bytes each, into DER (RFC 3279, 2.2.3).

    Raises:
        InputError: It has another length.
    """
    if len(raw) != _RAW_BYTES:
        raise InputError(message("device.no-device-signature"), hint=message("device.browser.hint"))
    half = _RAW_BYTES // 2
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def _require_request(info: csr.CertificationRequestInfo, proof: bytes) -> None:
    """Require a whole PKCS#10 request, signed with the key that it names."""
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    request = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": algorithm,
            "signature": der_signature(proof),
        }
    )
    try:
        valid = x509.load_der_x509_csr(request.dump()).is_signature_valid
    except (ValueError, InvalidSignature):
        valid = False
    if not valid:
        raise InputError(message("device.key-not-held"), hint=message("device.again.hint"))


def _extensions(
    issuer_key: bytes, public_key: bytes, evidence_sha256: str, *, short: bool
) -> list[asn1_x509.Extension]:
    found = [
        *signer_extensions(_DOCUMENT_SIGNING, "digital_signature", "non_repudiation"),
        *key_extensions(public_key, issuer_key),
        extension(_NO_REVOCATION, _NULL),
        extension(EVIDENCE_DIGEST, evidence_extension(evidence_sha256)),
    ]
    return [*found, extension(_SHORT_TERM, _NULL)] if short else found


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read_limited(path, _MAX_FILE))
    except (OSError, ValueError) as exc:
        raise CredentialError(
            message("device.no-certificate", path=path), hint=message("device.backup.hint")
        ) from exc


def _spki(key: object) -> bytes:
    encode = getattr(key, "public_bytes")  # noqa: B009 - every kind of public key has it
    return bytes(encode(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
