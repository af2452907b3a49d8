"""X.509 certificates and revocation lists of the example PKI (RFC 5280)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from agreegen.example_pki.subjects import EXAMPLE_ORGANISATION, NAMES

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""id-kp-documentSigning (RFC 9336)."""

ROOT_YEARS, CA_YEARS, SERVICE_YEARS, LEAF_YEARS, CRL_YEARS = 20, 10, 5, 3, 1
_BACKDATED = timedelta(days=1)
_SERVICE_USAGES = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services of the PKI answer, as the certificates say.

    Attributes:
        port: TCP port on the loopback interface.
        sm2_ocsp: OCSP responder that the certificates of SM2 holders name; None for revocation lists alone.
    """

    port: int
    sm2_ocsp: str | None = None

    @property
    def base(self) -> str:
        """The address that all others begin with."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tsa(self) -> str:
        """The RFC 3161 timestamp service."""
        return f"{self.base}/tsa"

    @property
    def ocsp(self) -> str:
        """The OCSP responder of the government CA (RFC 6960)."""
        return f"{self.base}/ocsp"

    def crl(self, issuer: str) -> str:
        """The revocation list of `root` or `ca`."""
        return f"{self.base}/crl/{issuer}.crl"

    def certificate(self, issuer: str) -> str:
        """The certificate of `root` or `ca`."""
        return f"{self.base}/cert/{issuer}.cer"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: its short name, certificate and key."""

    name: str
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def generate_rsa_keys(count: int, bits: int) -> list[rsa.RSAPrivateKey]:
    """Make RSA keys on two threads; the primes are searched outside the interpreter lock."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda _: rsa.generate_private_key(65537, bits), range(count)))


def example_subject(common_name: str, unit: str | None = None, number: str | None = None) -> x509.Name:
    """Build a subject that says EXAMPLE in its organisation."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, EXAMPLE_ORGANISATION),
    ]
    if unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    if number:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, number))
    return x509.Name(parts)


def issue_root(key: rsa.RSAPrivateKey, now: datetime) -> Authority:
    """Issue the self-signed root."""
    name = example_subject(NAMES["root"])
    builder = _builder(name, name, key, now, ROOT_YEARS)
    builder = _as_authority(builder, path_length=1)
    return Authority("root", builder.sign(key, hashes.SHA256()), key)


def issue_authority(root: Authority, key: rsa.RSAPrivateKey, now: datetime, at: Addresses) -> Authority:
    """Issue the government CA under the root; its status stands in the root's revocation list."""
    name = example_subject(NAMES["authority"])
    builder = _builder(name, root.certificate.subject, key, now, CA_YEARS)
    builder = _as_authority(builder, path_length=0)
    builder = builder.add_extension(_authority_key_identifier(root), critical=False)
    builder = builder.add_extension(_distribution_points(at, root.name), critical=False)
    builder = builder.add_extension(_issuer_access(at, root.name, ocsp=False), critical=False)
    return Authority("ca", builder.sign(root.key, hashes.SHA256()), key)


def issue_signer(
    authority: Authority, name: x509.Name, key: Key, now: datetime, at: Addresses
) -> x509.Certificate:
    """Issue a certificate that signs documents (digitalSignature and contentCommitment)."""
    usages = [DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
    return _issue_leaf(authority, name, key, now, at, usages, LEAF_YEARS)


def issue_recipient(
    authority: Authority, name: x509.Name, key: Key, now: datetime, at: Addresses
) -> x509.Certificate:
    """Issue a certificate that content is encrypted for, and that signs nothing (keyAgreement)."""
    usages = [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    return _issue_leaf(authority, name, key, now, at, usages, LEAF_YEARS, encryption=True)


def issue_service(
    authority: Authority, name: x509.Name, key: Key, now: datetime, at: Addresses, usage: ObjectIdentifier
) -> x509.Certificate:
    """Issue the certificate of a timestamp service (RFC 3161, 2.3) or OCSP responder (RFC 6960, 4.2.2.2)."""
    return _issue_leaf(authority, name, key, now, at, [usage], SERVICE_YEARS)


def issue_crl(
    authority: Authority,
    now: datetime,
    *,
    number: int = 1,
    revoked: Sequence[tuple[int, datetime]] = (),
    valid_for: timedelta = timedelta(days=365 * CRL_YEARS),
) -> x509.CertificateRevocationList:
    """Issue a complete revocation list (RFC 5280, 5) with serial numbers and revocation times."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now)
        .next_update(now + valid_for)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_authority_key_identifier(authority), critical=False)
    )
    for serial, since in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        reason = x509.CRLReason(x509.ReasonFlags.key_compromise)
        builder = builder.add_revoked_certificate(entry.add_extension(reason, critical=False).build())
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    name: x509.Name, issuer: x509.Name, key: Key, now: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _as_authority(builder: x509.CertificateBuilder, *, path_length: int) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(_key_usage(authority=True), critical=True)


def _issue_leaf(
    authority: Authority,
    name: x509.Name,
    key: Key,
    now: datetime,
    at: Addresses,
    usages: Sequence[ObjectIdentifier],
    years: int,
    *,
    encryption: bool = False,
) -> x509.Certificate:
    service = bool(_SERVICE_USAGES & set(usages))
    builder = _builder(name, authority.certificate.subject, key, now, years)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(commitment=not service, encryption=encryption), critical=True)
    # RFC 3161, 2.3: a timestamp service's extended key usage is critical and stands alone.
    critical = ExtendedKeyUsageOID.TIME_STAMPING in usages
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    builder = builder.add_extension(_authority_key_identifier(authority), critical=False)
    if ExtendedKeyUsageOID.OCSP_SIGNING in usages:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    else:
        builder = builder.add_extension(_distribution_points(at, authority.name), critical=False)
        builder = builder.add_extension(_issuer_access(at, authority.name, ocsp=True), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def _key_usage(
    *, authority: bool = False, commitment: bool = False, encryption: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority and not encryption,
        content_commitment=commitment and not encryption,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=encryption,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _authority_key_identifier(authority: Authority) -> x509.AuthorityKeyIdentifier:
    own = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def _distribution_points(at: Addresses, issuer: str) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(at.crl(issuer))], None, None, None)
    return x509.CRLDistributionPoints([point])


def _issuer_access(at: Addresses, issuer: str, *, ocsp: bool) -> x509.AuthorityInformationAccess:
    methods = [(AuthorityInformationAccessOID.CA_ISSUERS, at.certificate(issuer))]
    if ocsp:
        methods.insert(0, (AuthorityInformationAccessOID.OCSP, at.ocsp))
    return x509.AuthorityInformationAccess(
        [x509.AccessDescription(method, x509.UniformResourceIdentifier(url)) for method, url in methods]
    )
