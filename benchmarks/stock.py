"""What the suites are compared with: pyHanko as its documentation shows it, and as well as it allows."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from pathlib import Path

import yaml
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSigner
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

from agreegen.model.report import PadesLevel
from agreegen.signing.interface import Trust


class KeptKeySigner(SimpleSigner):
    """A `SimpleSigner` whose RSA key is decoded once; the stock one does that for each signature."""

    _kept: rsa.RSAPrivateKey | None = None

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign bytes with RSA and SHA-256."""
        if dry_run or digest_algorithm != "sha256":
            return bytes(await super().async_sign_raw(data, digest_algorithm, dry_run))
        if self._kept is None:
            key = load_der_private_key(self.signing_key.dump(), password=None)
            if not isinstance(key, rsa.RSAPrivateKey):
                raise TypeError("an RSA key is expected")
            self._kept = key
        return self._kept.sign(data, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Pkcs12:
    """A PKCS#12 file with its passphrase, from a credential file of the example PKI."""

    file: Path
    passphrase: bytes

    @classmethod
    def from_credential(cls, path: Path) -> Pkcs12:
        """Read the credential file."""
        settings = yaml.safe_load(path.read_text("utf-8"))
        secret = (path.parent / settings["passphrase"]["file"]).read_bytes().strip()
        return cls(path.parent / settings["file"], secret)

    def load(self) -> SimpleSigner:
        """Load key and certificates, as every script does for every document."""
        signer = SimpleSigner.load_pkcs12(  # type: ignore[no-untyped-call]
            str(self.file), passphrase=self.passphrase
        )
        if not isinstance(signer, SimpleSigner):
            raise TypeError("the key of the example PKI cannot be loaded")
        return signer

    def load_once(self) -> KeptKeySigner:
        """Load a signer that is made for many documents."""
        loaded = self.load()
        return KeptKeySigner(loaded.signing_cert, loaded.signing_key, loaded.cert_registry)


def signing_metadata(
    field: str, level: PadesLevel, context: ValidationContext | None, *, certify: bool = True
) -> PdfSignatureMetadata:
    """Return what pyHanko needs to know for a PAdES level."""
    long_term = level in (PadesLevel.B_LT, PadesLevel.B_LTA)
    return PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=certify,
        embed_validation_info=long_term,
        use_pades_lta=level is PadesLevel.B_LTA,
        validation_context=context,
    )


def signing_context(trust: Trust) -> ValidationContext:
    """Return a fresh validation context that may ask the services, as one document should have."""
    roots = [asn1_x509.Certificate.load(der) for der in trust.anchors_der]
    return ValidationContext(trust_roots=roots, allow_fetching=True, revocation_mode="hard-fail")


def sign_as_in_tutorials(
    pdf: bytes, field: str, key: Pkcs12, level: PadesLevel, trust: Trust, tsa_url: str | None = None
) -> bytes:
    """Sign with `SimpleSigner` and `sign_pdf`: the key loaded anew, the size found by a trial signature."""
    context = None
    if level in (PadesLevel.B_LT, PadesLevel.B_LTA):
        context = signing_context(trust)
    target = io.BytesIO()
    sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)),
        signing_metadata(field, level, context),
        signer=key.load(),
        timestamper=HTTPTimeStamper(tsa_url) if tsa_url else None,
        output=target,
    )
    return target.getvalue()


class CachedSigner:
    """The best of pyHanko's own parts: key loaded once, room for the CMS fixed, one event loop, B-B.

    Args:
        signer: Any pyHanko signer: a `SimpleSigner`, or one on a token.
        field: Name of the signature field; it is made where there is none.
        certify: Whether the signature certifies.
    """

    def __init__(self, signer: object, field: str, *, certify: bool = True) -> None:
        metadata = signing_metadata(field, PadesLevel.B_B, None, certify=certify)
        self._signer = PdfSigner(metadata, signer=signer)  # type: ignore[arg-type]
        self._loop = asyncio.new_event_loop()
        self._reserved: int | None = None

    def sign(self, pdf: bytes) -> bytes:
        """Sign one document."""
        if self._reserved is None:
            self._reserved = _reserved_by(self._sign(pdf, None))
        return self._sign(pdf, self._reserved)

    def sign_anew(self, pdf: bytes) -> bytes:
        """Sign one document, its room found by a trial signature."""
        return self._sign(pdf, None)

    def close(self) -> None:
        """Close the event loop."""
        self._loop.close()

    def _sign(self, pdf: bytes, reserved: int | None) -> bytes:
        target = io.BytesIO()
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        self._loop.run_until_complete(
            self._signer.async_sign_pdf(writer, bytes_reserved=reserved, output=target)
        )
        return target.getvalue()


def _reserved_by(signed: bytes) -> int:
    byte_range = [int(n) for n in PdfFileReader(io.BytesIO(signed)).embedded_signatures[0].byte_range]
    return byte_range[2] - byte_range[1] - 2  # the hexadecimal digits between < and >


class StockValidator:
    """pyHanko's validation with difference analysis, as its documentation shows it.

    Args:
        trust: Anchors and revocation lists.
        hard_fail: Whether revocation must be settled.
    """

    def __init__(self, trust: Trust, *, hard_fail: bool) -> None:
        self._roots = [asn1_x509.Certificate.load(der) for der in trust.anchors_der]
        self._crls = list(trust.crls_der)
        self._mode = "hard-fail" if hard_fail else "soft-fail"

    def validate(self, pdf: bytes) -> list[bool]:
        """Return for each signature whether it is valid and trusted; raises what pyHanko raises."""
        return [self._validate(embedded) for embedded in PdfFileReader(io.BytesIO(pdf)).embedded_signatures]

    def _validate(self, embedded: object) -> bool:
        context = ValidationContext(
            trust_roots=self._roots, crls=self._crls, revocation_mode=self._mode, allow_fetching=False
        )
        if getattr(embedded, "sig_object_type", None) == "/DocTimeStamp":
            status = validate_pdf_timestamp(embedded, context)  # type: ignore[arg-type]
            return bool(status.valid and status.intact and status.trusted)
        return validate_pdf_signature(embedded, context).bottom_line  # type: ignore[arg-type]
