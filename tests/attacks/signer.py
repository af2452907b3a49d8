"""A throw-away key and the honest documents that the attacks start from."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
from asn1crypto import cms, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.generic import DictionaryObject, NameObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigFieldSpec
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from agreegen.verification.interface import FoundSignature

PAGE_TEXT = b"BT /F1 12 Tf 72 720 Td (I keep the data that I collect confidential.) Tj ET"
SEAL_BOX = (350, 60, 520, 120)
TEXT_BOX = (60, 705, 420, 740)
FREE_BOX = (60, 300, 200, 340)


@functools.cache
def identity() -> tuple[asn1_x509.Certificate, keys.PrivateKeyInfo]:
    """Return a self-signed EXAMPLE certificate and its key."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "EXAMPLE attack sample")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
    )
    usage = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = builder.add_extension(usage, critical=True).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return asn1_x509.Certificate.load(der), keys.PrivateKeyInfo.load(private)


def certificate_store() -> SimpleCertificateStore:
    """Return an empty store of further certificates."""
    return SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko leaves its constructor untyped


class _ReadySigner(signers.SimpleSigner):
    """A signer that keeps its key open: pyHanko's reads it anew for each signature, and checks it slowly."""

    @functools.cached_property
    def _open_key(self) -> rsa.RSAPrivateKey:
        assert self.signing_key is not None
        key = serialization.load_der_private_key(self.signing_key.dump(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        """Sign the attributes of a signature."""
        assert digest_algorithm == "sha256"
        return self._open_key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@functools.cache
def simple_signer() -> signers.SimpleSigner:
    """Return the signer of all samples."""
    certificate, key = identity()
    return _ReadySigner(certificate, key, certificate_store(), prefer_pss=False)


@functools.cache
def stamper() -> timestamps.DummyTimeStamper:
    """Return a timestamp authority with the same key."""
    certificate, key = identity()
    return timestamps.DummyTimeStamper(certificate, key, certs_to_embed=certificate_store())


@functools.cache
def base_document() -> bytes:
    """Return a page with text, a text field, an empty seal field over text and an invisible one."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    page = pdf.add_blank_page(page_size=(595, 842))
    page.Contents = pdf.make_stream(PAGE_TEXT)
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    text = _field(pdf, page, "Tx", "remark", (60, 600, 300, 620))
    text.V = pikepdf.String("")
    text.DA = pikepdf.String("/Helv 10 Tf 0 g")
    text.AP = pikepdf.Dictionary(N=_form(pdf, 240, 20, b"/Tx BMC EMC"))
    seal = _field(pdf, page, "Sig", "unit", TEXT_BOX)
    person = _field(pdf, page, "Sig", "person", (0, 0, 0, 0))
    page.Annots = pdf.make_indirect(pikepdf.Array([text, seal, person]))
    form = pikepdf.Dictionary(
        Fields=pikepdf.Array([text, seal, person]),
        DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font)),
        DA=pikepdf.String("/Helv 0 Tf 0 g"),
    )
    pdf.Root.AcroForm = pdf.make_indirect(form)
    pdf.attachments["agreegen.json"] = b'{"id": "X"}'
    return _saved(pdf)


def _field(pdf: pikepdf.Pdf, page: Any, kind: str, name: str, box: tuple[int, ...]) -> Any:
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name("/" + kind),
            T=pikepdf.String(name),
            Rect=pikepdf.Array(list(box)),
            F=132 if kind == "Sig" else 4,
            P=page.obj,
        )
    )


def _form(pdf: pikepdf.Pdf, width: int, height: int, content: bytes) -> Any:
    stream = pdf.make_stream(content)
    stream.Type, stream.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    stream.BBox = pikepdf.Array([0, 0, width, height])
    return stream


def _saved(pdf: pikepdf.Pdf) -> bytes:
    target = io.BytesIO()
    pdf.save(
        target,
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
        compress_streams=False,
        deterministic_id=True,
    )
    return target.getvalue()


class _Disobedient(PdfSigner):
    """A signer that does not care what the certification permits."""

    def _enforce_certification_constraints(self, reader: Any) -> None:
        """Permit everything."""


def sign(
    data: bytes,
    field: str = "unit",
    *,
    certify: MDPPerm | None = None,
    box: tuple[int, int, int, int] | None = None,
    obey: bool = True,
    lock: bool = False,
    password: str | None = None,
    strict: bool = True,
    reserved: int | None = None,
) -> bytes:
    """Sign a field; with `box` (and a name that is not there yet) a new, visible one."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=strict)
    if password is not None:
        writer.encrypt(password)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    spec = None
    if box is not None or field not in ("unit", "person"):
        rule = fields.FieldMDPSpec(fields.FieldMDPAction.ALL) if lock else None
        spec = SigFieldSpec(field, on_page=0, box=box, field_mdp_spec=rule)
    settings = PdfSignatureMetadata(
        field_name=field,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=certify is not None,
        docmdp_permissions=certify or MDPPerm.FILL_FORMS,
        md_algorithm="sha256",
    )
    signer = (PdfSigner if obey else _Disobedient)(settings, simple_signer(), new_field_spec=spec)
    return _bytes(signer.sign_pdf(writer, bytes_reserved=reserved))


class _CertifyingWriter(IncrementalPdfFileWriter):
    """Names a document timestamp in the catalogue as what certifies the document."""

    def add_object(self, obj: Any, *args: Any, **options: Any) -> Any:
        reference = super().add_object(obj, *args, **options)
        if isinstance(obj, DictionaryObject) and obj.get("/Type") == "/DocTimeStamp":
            certifying = DictionaryObject({NameObject("/DocMDP"): reference})  # type: ignore[no-untyped-call]
            self.root["/Perms"] = certifying
            self.update_root()  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        return reference


def stamp(data: bytes, field: str | None = None, *, certifies: bool = False) -> bytes:
    """Add a document timestamp, in a field that is there or an invisible one of its own."""
    writer = (_CertifyingWriter if certifies else IncrementalPdfFileWriter)(io.BytesIO(data))
    return _bytes(PdfTimeStamper(stamper(), field_name=field).timestamp_pdf(writer, "sha256"))


def _bytes(target: Any) -> bytes:
    return bytes(target.getvalue())


def writer_of(data: bytes) -> IncrementalPdfFileWriter:
    """Return a writer that appends a revision."""
    return IncrementalPdfFileWriter(io.BytesIO(data), strict=False)


def written(writer: IncrementalPdfFileWriter) -> bytes:
    """Return the file with the revision appended."""
    target = io.BytesIO()
    writer.write(target)  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
    return target.getvalue()


def digest_holds(data: bytes, signature: FoundSignature) -> bool:
    """Tell whether the bytes of the ByteRange have the digest that the CMS states."""
    if signature.byte_range is None or signature.contents is None:
        return False
    start, length, second, rest = signature.byte_range
    body = data[start : start + length] + data[second : second + rest]
    try:
        signed = cms.ContentInfo.load(signature.contents)["content"]
        info = signed["signer_infos"][0]
        if signature.subfilter == "ETSI.RFC3161":
            imprint = signed["encap_content_info"]["content"].parsed["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            return bool(hashlib.new(algorithm, body).digest() == imprint["hashed_message"].native)
        attributes = {item["type"].native: item["values"][0].native for item in info["signed_attrs"]}
        algorithm = info["digest_algorithm"]["algorithm"].native
        return bool(hashlib.new(algorithm, body).digest() == attributes["message_digest"])
    except (ValueError, TypeError, KeyError, IndexError):
        return False


def signed_again(data: bytes) -> bytes:
    """Make the last signature of a file right again after its last revision was written otherwise."""
    found = list(re.finditer(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]( *)", data))[-1]
    first, second = int(found[1]), int(found[2])
    room = len(found[0])
    ranges = (b"/ByteRange [0 %d %d %d]" % (first, second, len(data) - second)).ljust(room)
    ready = data[: found.start()] + ranges + data[found.end() :]
    digest = hashlib.sha256(ready[:first] + ready[second:]).digest()
    made = asyncio.run(simple_signer().async_sign(digest, "sha256", use_pades=True))
    text = bytes(made.dump()).hex().encode().ljust(second - first - 2, b"0")
    return ready[:first] + b"<" + text + b">" + ready[second:]
