"""An example PKI, its loopback services, keys of every kind, and documents shaped as ours are."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from pikepdf import Array, Dictionary, Name, String

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.model.document import ATTACHMENT_NAME, DeclaredRole, Document
from agreegen.signing.credentials.key_files import SupportedKey
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Trust
from agreegen.signing.trust import load_trust

PERSON = "张伟"


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> ExamplePki:
    folder = tmp_path_factory.mktemp("signing") / "pki"
    return make_example_pki(folder, now=now, key_bits=2048, people=(("HN0001", PERSON),), port=free_port())


@pytest.fixture(scope="session")
def services(pki: ExamplePki) -> Iterator[Responder]:
    with Responder(pki.credentials.parent) as responder:
        yield responder


@pytest.fixture(scope="session")
def trust(pki: ExamplePki) -> Trust:
    return load_trust([pki.trust])


@pytest.fixture(scope="session")
def seal(pki: ExamplePki) -> Credential:
    return load_credential(pki.credential("unit-seal"))


@pytest.fixture(scope="session")
def person(pki: ExamplePki) -> Credential:
    return load_credential(pki.credential("people/HN0001"))


def make_key(kind: str) -> SupportedKey:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind.removeprefix("rsa")))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[kind])


class MiniCa:
    """A root that issues whatever certificate a test needs."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "EXAMPLE test root")])
        self.certificate = self.issue(
            self.key, "EXAMPLE test root", ca=True, subject=self.name, usages=("key_cert_sign", "crl_sign")
        )

    def issue(
        self,
        key: SupportedKey,
        name: str,
        *,
        ca: bool = False,
        subject: x509.Name | None = None,
        usages: tuple[str, ...] = ("digital_signature", "content_commitment"),
        purposes: tuple[x509.ObjectIdentifier, ...] = (),
        begin: timedelta = timedelta(days=-1),
        end: timedelta = timedelta(days=365),
        alternative: str | None = None,
    ) -> x509.Certificate:
        flags = dict.fromkeys(
            (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "key_cert_sign",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + begin)
            .not_valid_after(self.now + end)
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if usages:
            builder = builder.add_extension(
                x509.KeyUsage(**(flags | dict.fromkeys(usages, True))), critical=True
            )
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        if alternative is not None:
            address = x509.IPAddress(ipaddress.ip_address(alternative))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def revoke(self, certificate: x509.Certificate) -> bytes:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(self.now - timedelta(hours=1))
            .build()
        )
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(self.now - timedelta(hours=1))
            .next_update(self.now + timedelta(days=7))
            .add_revoked_certificate(entry)
            .sign(self.key, hashes.SHA256())
        )
        return crl.public_bytes(serialization.Encoding.DER)

    @property
    def trust(self) -> Trust:
        return Trust(anchors_der=(self.certificate.public_bytes(serialization.Encoding.DER),))


@pytest.fixture(scope="session")
def mini_ca(now: datetime) -> MiniCa:
    return MiniCa(now)


def write_pem(folder: Path, key: SupportedKey, certificate: x509.Certificate) -> Path:
    """Write a credential of kind `pem` and return the path of its YAML file."""
    folder.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    (folder / "key.pem").chmod(0o600)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    path = folder / "credential.yaml"
    path.write_text("kind: pem\nkey: key.pem\ncertificate: cert.pem\n", encoding="utf-8")
    return path


PLEDGE_ROLES = (
    DeclaredRole("unit", 1, required=False, label="单位"),
    DeclaredRole("pledger", 2, required=True, holder=PERSON, label="承诺人"),
)


def make_pdf(
    roles: tuple[DeclaredRole, ...] = PLEDGE_ROLES,
    *,
    visible: bool = False,
    attachment: bool = True,
    xref_stream: bool = False,
) -> bytes:
    """Make a document with an empty field a role, the last required one locking it, and `agreegen.json`."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842)).obj
    page.Contents = pdf.make_stream(b"0.5 g 100 600 200 40 re f")
    locking = [role for role in roles if role.required][-1:]
    fields = Array()
    for number, role in enumerate(roles):
        left = 60 + 130 * number
        rectangle = [left, 100, left + 119.06, 219.06] if visible else [0, 0, 0, 0]
        widget = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(role.id),
            F=132,
            P=page,
            Rect=Array(rectangle),
        )
        if visible:
            empty = pdf.make_stream(b"")
            empty.Type, empty.Subtype = Name.XObject, Name.Form
            empty.BBox, empty.Resources = Array([0, 0, 119.06, 119.06]), Dictionary()
            widget.AP = Dictionary(N=empty)
        if role in locking:
            widget.Lock = pdf.make_indirect(Dictionary(Type=Name.SigFieldLock, Action=Name.All, P=1))
        fields.append(pdf.make_indirect(widget))
    page.Annots = Array(list(fields))
    pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=fields, SigFlags=3))
    if attachment:
        _attach(pdf, make_document(roles).to_json())
    target = io.BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if xref_stream else pikepdf.ObjectStreamMode.disable
    pdf.save(target, min_version="1.7", object_stream_mode=mode, deterministic_id=True)
    return target.getvalue()


def make_document(roles: tuple[DeclaredRole, ...] = PLEDGE_ROLES) -> Document:
    return Document(
        id="0" * 32,
        form_id="personal-pledge",
        form_version="1",
        title="保密承诺书",
        template_sha256="0" * 64,
        values={"pledger_name": PERSON},
        conditions={},
        roles=roles,
    )


def _attach(pdf: pikepdf.Pdf, data: bytes) -> None:
    stream = pdf.make_stream(data)
    stream.Type, stream.Subtype = Name.EmbeddedFile, Name("/application/json")
    specification = pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(ATTACHMENT_NAME),
            UF=String(ATTACHMENT_NAME),
            AFRelationship=Name.Data,
            EF=Dictionary(F=stream, UF=stream),
        )
    )
    pdf.Root.AF = Array([specification])
    pdf.Root.Names = pdf.make_indirect(
        Dictionary(EmbeddedFiles=Dictionary(Names=Array([String(ATTACHMENT_NAME), specification])))
    )
