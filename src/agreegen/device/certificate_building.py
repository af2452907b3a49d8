"""Putting certificates together (RFC 5280), signed by whatever holds the key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import algos, core, keys, x509

from agreegen.pki.encoding import tlv

Sign = Callable[[bytes], bytes]
"""Signs a message with the issuer's key."""

_SERIAL_BITS = 126
"""At least 64 random bits (CA/Browser Forum), at most 20 bytes (RFC 5280, 4.1.2.2)."""
_BASIC_CONSTRAINTS, _KEY_USAGE, _EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
_SUBJECT_KEY, _AUTHORITY_KEY = "2.5.29.14", "2.5.29.35"


@dataclass(frozen=True, slots=True)
class CertificatePlan:
    """What a certificate says.

    Attributes:
        issuer: Name of the issuer.
        subject: Name of the subject.
        public_key: SubjectPublicKeyInfo, DER.
        begins: Aware UTC.
        ends: Aware UTC.
        extensions: All extensions.
    """

    issuer: x509.Name
    subject: x509.Name
    public_key: bytes
    begins: datetime
    ends: datetime
    extensions: Sequence[x509.Extension]

    def build(self, algorithm_der: bytes, sign: Sign) -> bytes:
        """Have the certificate signed, DER.

        Args:
            algorithm_der: AlgorithmIdentifier of the signature.
            sign: Signs with the issuer's key.
        """
        algorithm = algos.SignedDigestAlgorithm.load(algorithm_der)
        tbs = x509.TbsCertificate(
            {
                "version": "v3",
                "serial_number": secrets.randbits(_SERIAL_BITS) | 1,
                "signature": algorithm,
                "issuer": self.issuer,
                "validity": {"not_before": _time(self.begins), "not_after": _time(self.ends)},
                "subject": self.subject,
                "subject_public_key_info": keys.PublicKeyInfo.load(self.public_key),
                "extensions": list(self.extensions),
            }
        )
        parts = {"tbs_certificate": tbs, "signature_algorithm": algorithm}
        return bytes(x509.Certificate({**parts, "signature_value": sign(bytes(tbs.dump()))}).dump())


def extension(identifier: str, value: bytes, *, critical: bool = False) -> x509.Extension:
    """Return an extension whose value is ready."""
    flag = core.Boolean(True).dump() if critical else b""
    parts = core.ObjectIdentifier(identifier).dump(), flag, core.OctetString(value).dump()
    return x509.Extension.load(tlv(0x30, *parts))


def key_extensions(public_key: bytes, issuer_key: bytes) -> list[x509.Extension]:
    """Return the identifiers of subject's and issuer's keys (RFC 5280, 4.2.1.1 and 4.2.1.2).

    Args:
        public_key: SubjectPublicKeyInfo of the subject, DER.
        issuer_key: That of the issuer.
    """
    own, above = keys.PublicKeyInfo.load(public_key).sha1, keys.PublicKeyInfo.load(issuer_key).sha1
    return [
        extension(_SUBJECT_KEY, core.OctetString(own).dump()),
        extension(_AUTHORITY_KEY, x509.AuthorityKeyIdentifier({"key_identifier": above}).dump()),
    ]


def authority_extensions(path_length: int) -> list[x509.Extension]:
    """Return what makes a certificate that of an authority.

    Args:
        path_length: How many authorities may stand below it.
    """
    basic = x509.BasicConstraints({"ca": True, "path_len_constraint": path_length})
    return [_critical(_BASIC_CONSTRAINTS, basic), _critical(_KEY_USAGE, _usage("key_cert_sign", "crl_sign"))]


def signer_extensions(purpose: str, *usages: str, purpose_critical: bool = False) -> list[x509.Extension]:
    """Return what makes a certificate that of a signer.

    Args:
        purpose: The one extended key usage.
        usages: Key usages, as asn1crypto names them.
        purpose_critical: Whether readers that do not know the purpose must refuse it.
    """
    purposes = x509.ExtKeyUsageSyntax([purpose])
    return [
        _critical(_BASIC_CONSTRAINTS, x509.BasicConstraints({"ca": False})),
        _critical(_KEY_USAGE, _usage(*usages)),
        extension(_EXTENDED_KEY_USAGE, purposes.dump(), critical=purpose_critical),
    ]


def _critical(identifier: str, value: core.Asn1Value) -> x509.Extension:
    return extension(identifier, value.dump(), critical=True)


def _usage(*names: str) -> x509.KeyUsage:
    return x509.KeyUsage(set(names))


def _time(moment: datetime) -> x509.Time:
    utc = moment.astimezone(UTC)
    kind = "utc_time" if utc.year < 2050 else "general_time"  # RFC 5280, 4.1.2.5
    return x509.Time(name=kind, value=utc)
