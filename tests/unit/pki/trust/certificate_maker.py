"""Certificates, lists and responses with every field in the hands of a test, right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp

from tests.unit.verification.authority import CRL_URL, DAY, NOW, YEAR, Holder, der, name

AUTHORITY = frozenset({"key_cert_sign", "crl_sign"})
SIGNER = frozenset({"digital_signature", "content_commitment"})
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Plan:
    """What a certificate says.

    Attributes:
        subject: Common name.
        authority: The CA flag of its basic constraints; None leaves them out.
        path_length: pathLenConstraint.
        key_usage: Key usages; None leaves the extension out.
        usages: Extended key usages; empty leaves the extension out.
        critical_usages: Whether they are critical.
        permitted: Permitted subtrees of name constraints.
        excluded: Excluded subtrees.
        start: notBefore.
        end: notAfter.
        crl_url: Where its list is; None for nowhere.
        extensions: Further ones with their criticality.
    """

    subject: str
    authority: bool | None = False
    path_length: int | None = None
    key_usage: frozenset[str] | None = SIGNER
    usages: tuple[x509.ObjectIdentifier, ...] = ()
    critical_usages: bool = False
    permitted: tuple[x509.GeneralName, ...] = ()
    excluded: tuple[x509.GeneralName, ...] = ()
    start: datetime = NOW - YEAR
    end: datetime = NOW + YEAR
    crl_url: str | None = CRL_URL
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = field(default=())


def ca(subject: str, **changes: Any) -> Plan:
    """Plan an authority."""
    plan = Plan(subject, authority=True, key_usage=AUTHORITY, start=NOW - 5 * YEAR, end=NOW + 5 * YEAR)
    return replace(plan, **changes)


def issue(
    plan: Plan, issuer: Holder | None = None, *, key: ec.EllipticCurvePrivateKey | None = None
) -> Holder:
    """Make a certificate; without an issuer it signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = name(plan.subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(plan.start)
        .not_valid_after(plan.end)
    )
    for extension, critical in _extensions(plan):
        builder = builder.add_extension(extension, critical=critical)
    signing_key = key if issuer is None else issuer.key
    assert isinstance(signing_key, ec.EllipticCurvePrivateKey)
    return Holder(builder.sign(signing_key, hashes.SHA256()), key)


def _extensions(plan: Plan) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if plan.authority is not None:
        found.append((x509.BasicConstraints(plan.authority, plan.path_length), True))
    if plan.key_usage is not None:
        found.append((x509.KeyUsage(**{usage: usage in plan.key_usage for usage in _USAGES}), True))
    if plan.usages:
        found.append((x509.ExtendedKeyUsage(plan.usages), plan.critical_usages))
    if plan.permitted or plan.excluded:
        found.append((x509.NameConstraints(plan.permitted or None, plan.excluded or None), True))
    if plan.crl_url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(plan.crl_url)], None, None, None)
        found.append((x509.CRLDistributionPoints([point]), False))
    return [*found, *plan.extensions]


@dataclass(frozen=True)
class Entry:
    """One entry of a list."""

    serial: int
    since: datetime
    extensions: tuple[x509.ExtensionType, ...] = ()


def make_list(
    signer: Holder,
    entries: Sequence[Entry] = (),
    *,
    at: datetime = NOW - DAY,
    issuer: x509.Name | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """Make a revocation list, DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer or signer.certificate.subject)
        .last_update(at)
        .next_update(at + 30 * DAY)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    for entry in entries:
        revoked = x509.RevokedCertificateBuilder().serial_number(entry.serial).revocation_date(entry.since)
        for more in entry.extensions:
            revoked = revoked.add_extension(more, critical=False)
        builder = builder.add_revoked_certificate(revoked.build())
    assert isinstance(signer.key, ec.EllipticCurvePrivateKey)
    return der(builder.sign(signer.key, hashes.SHA256()))


def make_answer(
    about: Holder,
    issuer: Holder,
    responder: Holder,
    *,
    at: datetime = NOW - DAY,
    revoked: datetime | None = None,
    by_key: bool = False,
    embed: Sequence[Holder] | None = None,
) -> bytes:
    """Make an OCSP response, DER."""
    status = ocsp.OCSPCertStatus.GOOD if revoked is None else ocsp.OCSPCertStatus.REVOKED
    encoding = ocsp.OCSPResponderEncoding.HASH if by_key else ocsp.OCSPResponderEncoding.NAME
    builder = ocsp.OCSPResponseBuilder().add_response(
        about.certificate, issuer.certificate, hashes.SHA1(), status, at, at + 7 * DAY, revoked, None
    )
    builder = builder.responder_id(encoding, responder.certificate)
    carried = [responder] if embed is None else list(embed)
    if carried:
        builder = builder.certificates([holder.certificate for holder in carried])
    assert isinstance(responder.key, ec.EllipticCurvePrivateKey)
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def parsed(*holders: Holder) -> list[asn1_x509.Certificate]:
    """Parse as the judgement takes them."""
    return [asn1_x509.Certificate.load(holder.der) for holder in holders]
