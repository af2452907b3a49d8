"""A small PKI for the tests of the verifier, every date in their hands, and stock pyHanko to sign with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator.registry import SimpleCertificateStore

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
STAMPING_KEY = rsa.generate_private_key(65537, 2048)
"""pyHanko's test timestamp service knows RSA only."""
CRL_URL = "http://crl.example/ca.crl"


def der(certificate: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Encode as DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


def name(common_name: str, organisation: str = "Test Office") -> x509.Name:
    """Build a subject."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


@dataclass
class Holder:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return der(self.certificate)


@dataclass
class Authority:
    """A CA that issues what the tests ask for."""

    holder: Holder
    revoked: list[tuple[int, datetime]] = field(default_factory=list)

    @classmethod
    def root(
        cls, common_name: str = "Test Root", start: datetime = NOW - 10 * YEAR, years: int = 30
    ) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = name(common_name)
        builder = _builder(subject, subject, key, start, start + years * YEAR, authority=True)
        return cls(Holder(builder.sign(key, hashes.SHA256()), key))

    def issue(
        self,
        common_name: str,
        *,
        start: datetime = NOW - YEAR,
        end: datetime = NOW + YEAR,
        key: Key | None = None,
        authority: bool = False,
        usages: Sequence[x509.ObjectIdentifier] = (),
        crl_url: str | None = CRL_URL,
        key_usage: bool = True,
        organisation: str = "Test Office",
    ) -> Holder:
        """Issue a certificate."""
        if ExtendedKeyUsageOID.TIME_STAMPING in usages:
            key = key or STAMPING_KEY
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            name(common_name, organisation),
            self.holder.certificate.subject,
            key,
            start,
            end,
            authority=authority,
            key_usage=key_usage,
        )
        if usages:
            critical = ExtendedKeyUsageOID.TIME_STAMPING in usages
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        if crl_url:
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_url)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        assert not isinstance(self.holder.key, ed25519.Ed25519PrivateKey)
        return Holder(builder.sign(self.holder.key, hashes.SHA256()), key)

    def sub_authority(self, common_name: str = "Test CA", **options: Any) -> Authority:
        """Issue a CA certificate."""
        return Authority(self.issue(common_name, authority=True, end=NOW + 5 * YEAR, **options))

    def crl(
        self,
        *,
        at: datetime = NOW - DAY,
        valid_for: timedelta = 30 * DAY,
        revoked: Sequence[tuple[Holder, datetime]] = (),
    ) -> bytes:
        """Issue a revocation list."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.holder.certificate.subject)
            .last_update(at)
            .next_update(at + valid_for)
        )
        for holder, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(holder.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(since).build())
        assert not isinstance(self.holder.key, ed25519.Ed25519PrivateKey)
        return der(builder.sign(self.holder.key, hashes.SHA256()))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    start: datetime,
    end: datetime,
    *,
    authority: bool,
    key_usage: bool = True,
) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not key_usage:
        return builder
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    return builder.add_extension(usage, critical=True)


def blank_pdf(text: str = "Agreement") -> bytes:
    """Make a one-page PDF."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode())
    buffer = io.BytesIO()
    pdf.save(buffer, static_id=True)
    return buffer.getvalue()


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """Turn a certificate into what pyHanko takes."""
    return asn1_x509.Certificate.load(der(certificate))


def signer_of(holder: Holder, *chain: Holder, pss: bool = False) -> signers.SimpleSigner:
    """Build a stock pyHanko signer."""
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([asn1(link.certificate) for link in (holder, *chain)])
    key = holder.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return signers.SimpleSigner(
        signing_cert=asn1(holder.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(key),
        cert_registry=store,
        prefer_pss=pss,
    )


def stamper_of(holder: Holder, time: datetime, *chain: Holder) -> timestamps.DummyTimeStamper:
    """Build a timestamp service that states a fixed time."""
    key = holder.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([asn1(link.certificate) for link in (holder, *chain)])
    return timestamps.DummyTimeStamper(
        tsa_cert=asn1(holder.certificate),
        tsa_key=asn1_keys.PrivateKeyInfo.load(key),
        certs_to_embed=store,
        fixed_dt=time,
    )


def sign(
    data: bytes,
    holder: Holder,
    *chain: Holder,
    field_name: str = "Sig1",
    stamper: timestamps.DummyTimeStamper | None = None,
    pss: bool = False,
    subfilter: fields.SigSeedSubFilter = fields.SigSeedSubFilter.PADES,
    digest: str = "sha256",
) -> bytes:
    """Sign a PDF with stock pyHanko."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    metadata = signers.PdfSignatureMetadata(field_name=field_name, subfilter=subfilter, md_algorithm=digest)
    pdf_signer = signers.PdfSigner(metadata, signer_of(holder, *chain, pss=pss), timestamper=stamper)
    return bytes(pdf_signer.sign_pdf(writer).getvalue())


def stamp(
    data: bytes,
    stamper: timestamps.DummyTimeStamper,
    field_name: str = "Stamp1",
    *,
    reserved: int | None = None,
) -> bytes:
    """Add a document timestamp with stock pyHanko, with room for so many hexadecimal digits."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    service = signers.PdfTimeStamper(stamper, field_name=field_name)
    out = service.timestamp_pdf(writer, "sha256", bytes_reserved=reserved)
    return bytes(out.getvalue())


def add_store(
    data: bytes, certificates: Sequence[bytes] = (), crls: Sequence[bytes] = (), ocsps: Sequence[Any] = ()
) -> bytes:
    """Add a document security store without VRI."""
    from pyhanko.sign.validation.dss import DocumentSecurityStore  # noqa: PLC0415 - slow import

    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[asn1_x509.Certificate.load(item) for item in certificates],
        crls=[_crl(item) for item in crls],
        ocsps=list(ocsps),
    )
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _crl(item: bytes) -> Any:
    from asn1crypto import crl  # noqa: PLC0415 - only here

    return crl.CertificateList.load(item)
