"""The SM2 side of the example PKI: root, CA, and a holder's pair of certificates (GM/T 0015)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1

from asn1crypto import core, crl, keys, pem, x509

from agreegen.example_pki.certificates import CA_YEARS, CRL_YEARS, LEAF_YEARS, ROOT_YEARS, Addresses
from agreegen.example_pki.subjects import EXAMPLE_ORGANISATION, NAMES, PARTY_A, UNITS
from agreegen.pki.sm2.backend import DEFAULT_SIGNER_ID, Sm2Backend
from agreegen.pki.sm2.curve import ALGORITHM_IDENTIFIER, encode_public_key

_SM2_WITH_SM3 = "1.2.156.10197.1.501"
_AUTHORITY_USAGE = {"key_cert_sign", "crl_sign"}
_SIGNING_USAGE = {"digital_signature", "non_repudiation"}
_ENCRYPTION_USAGE = {"key_encipherment", "data_encipherment", "key_agreement"}


@dataclass(frozen=True, slots=True, eq=False)
class Sm2Pair:
    """A key with its certificate.

    Attributes:
        name: Short name, as in addresses.
        certificate: The certificate.
        scalar: Private key, 32 bytes.
        point: Uncompressed public point.
    """

    name: str
    certificate: x509.Certificate
    scalar: bytes
    point: bytes

    def __repr__(self) -> str:
        return f"Sm2Pair({self.name!r})"

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return bytes(pem.armor("CERTIFICATE", self.certificate.dump()))

    @property
    def key_pem(self) -> bytes:
        """The private key as PKCS#8, PEM, without a passphrase."""
        inner = b"\x30\x6b\x02\x01\x01\x04\x20" + self.scalar + b"\xa1\x44\x03\x42\x00" + self.point
        info = b"\x30\x81\x87\x02\x01\x00" + ALGORITHM_IDENTIFIER + b"\x04\x6d" + inner
        return bytes(pem.armor("PRIVATE KEY", info))


@dataclass(frozen=True, slots=True, eq=False)
class Sm2Chain:
    """All of the SM2 chain.

    Attributes:
        root: The root.
        authority: The CA.
        signing: The holder's signing pair.
        encryption: The holder's encryption pair, which must sign nothing.
    """

    root: Sm2Pair
    authority: Sm2Pair
    signing: Sm2Pair
    encryption: Sm2Pair


def make_sm2_chain(backend: Sm2Backend, now: datetime, at: Addresses) -> Sm2Chain:
    """Make root, CA and a double certificate for party A.

    Args:
        backend: What does SM2.
        now: Aware time; certificates are valid from one day earlier.
        at: Addresses of the revocation lists, and of an OCSP responder where there is one.
    """
    root = _issue(backend, "sm2-root", _name(NAMES["sm2_root"]), None, now, ROOT_YEARS, at)
    authority = _issue(backend, "sm2-ca", _name(NAMES["sm2_authority"]), root, now, CA_YEARS, at)
    subject = _name(PARTY_A, UNITS["sm2_seal"])
    signing = _issue(backend, "sm2-seal", subject, authority, now, LEAF_YEARS, at, _SIGNING_USAGE)
    encryption = _issue(backend, "sm2-encryption", subject, authority, now, LEAF_YEARS, at, _ENCRYPTION_USAGE)
    return Sm2Chain(root, authority, signing, encryption)


def issue_sm2_crl(
    backend: Sm2Backend, issuer: Sm2Pair, now: datetime, *, revoked: Sequence[int] = (), number: int = 1
) -> bytes:
    """Issue a complete revocation list in DER, with the serial numbers that are revoked."""
    entries = [
        crl.RevokedCertificate({"user_certificate": serial, "revocation_date": _time(now)})
        for serial in revoked
    ]
    extensions = [
        {"extn_id": "crl_number", "extn_value": core.Integer(number)},
        {"extn_id": "authority_key_identifier", "extn_value": {"key_identifier": _identifier(issuer.point)}},
    ]
    body = crl.TbsCertList(
        {
            "version": "v2",
            "signature": {"algorithm": _SM2_WITH_SM3},
            "issuer": issuer.certificate.subject,
            "this_update": _time(now),
            "next_update": _time(now + timedelta(days=365 * CRL_YEARS)),
            "crl_extensions": extensions,
        }
    )
    if entries:
        body["revoked_certificates"] = entries
    parts = {"tbs_cert_list": body, "signature": _sign(backend, issuer, body.dump())}
    return bytes(crl.CertificateList({**parts, "signature_algorithm": {"algorithm": _SM2_WITH_SM3}}).dump())


def _issue(
    backend: Sm2Backend,
    short: str,
    subject: x509.Name,
    issuer: Sm2Pair | None,
    now: datetime,
    years: int,
    at: Addresses,
    usage: set[str] | None = None,
) -> Sm2Pair:
    scalar, point = backend.generate()
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": secrets.randbits(127) | 1 << 126,
            "signature": {"algorithm": _SM2_WITH_SM3},
            "issuer": subject if issuer is None else issuer.certificate.subject,
            "validity": {
                "not_before": _time(now - timedelta(days=1)),
                "not_after": _time(now + timedelta(days=365 * years)),
            },
            "subject": subject,
            "subject_public_key_info": keys.PublicKeyInfo.load(encode_public_key(point)),
            "extensions": _extensions(point, issuer, usage, at),
        }
    )
    signer = issuer or Sm2Pair(short, x509.Certificate(), scalar, point)
    certificate = x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": {"algorithm": _SM2_WITH_SM3},
            "signature_value": _sign(backend, signer, body.dump()),
        }
    )
    return Sm2Pair(short, certificate, scalar, point)


def _extensions(
    point: bytes, issuer: Sm2Pair | None, usage: set[str] | None, at: Addresses
) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {"extn_id": "key_identifier", "extn_value": _identifier(point)},
        {"extn_id": "key_usage", "critical": True, "extn_value": x509.KeyUsage(usage or _AUTHORITY_USAGE)},
    ]
    if usage is None:
        constraints = {"ca": True, "path_len_constraint": 1 if issuer is None else 0}
        found.append({"extn_id": "basic_constraints", "critical": True, "extn_value": constraints})
    if issuer is None:
        return found
    address = x509.GeneralName("uniform_resource_identifier", at.crl(issuer.name))
    point_name = x509.DistributionPointName("full_name", [address])
    identifier = {"key_identifier": _identifier(issuer.point)}
    found.append({"extn_id": "authority_key_identifier", "extn_value": identifier})
    found.append({"extn_id": "crl_distribution_points", "extn_value": [{"distribution_point": point_name}]})
    if usage is not None and at.sm2_ocsp is not None:
        place = x509.GeneralName("uniform_resource_identifier", at.sm2_ocsp)
        access = [{"access_method": "ocsp", "access_location": place}]
        found.append({"extn_id": "authority_information_access", "extn_value": access})
    return found


def _sign(backend: Sm2Backend, signer: Sm2Pair, data: bytes) -> bytes:
    key = backend.load_key(signer.scalar, signer.point)
    try:
        return key.sign(data, DEFAULT_SIGNER_ID.encode())
    finally:
        key.close()


def _name(common_name: str, unit: str | None = None) -> x509.Name:
    parts = {"country_name": "CN", "organization_name": EXAMPLE_ORGANISATION}
    if unit:
        parts["organizational_unit_name"] = unit
    return x509.Name.build({**parts, "common_name": common_name})


def _identifier(point: bytes) -> bytes:
    # RFC 5280, 4.2.1.2, method 1; a name for the key, not a protection.
    return sha1(point, usedforsecurity=False).digest()


def _time(moment: datetime) -> x509.Time:
    if moment.year < 2050:
        return x509.Time("utc_time", moment)
    return x509.Time("general_time", moment)
