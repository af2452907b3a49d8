"""Our pyHanko signer in pyHanko's stock PdfSigner, and our CMS beside pyHanko's own."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime
from pathlib import Path

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from agreegen.errors import SigningError
from agreegen.pki.encoding import tlv
from agreegen.signing.cms import CmsTemplate
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential
from agreegen.signing.signed_data import SignedContent
from agreegen.signing.signer import PadesSigner
from tests.unit.signing.conftest import MiniCa, make_key, make_pdf, write_pem
from tests.unit.signing.test_pades import judge


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "ed25519"])
def test_stock_pdf_signer(kind: str, mini_ca: MiniCa, tmp_path: Path) -> None:
    key = make_key(kind)
    signer = PadesSigner(load_credential(write_pem(tmp_path, key, mini_ca.issue(key, "张伟"))))
    meta = PdfSignatureMetadata(
        field_name="unit", subfilter=SigSeedSubFilter.PADES, md_algorithm=signer.digest_name
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(make_pdf()))
    output = PdfSigner(meta, signer).sign_pdf(writer, bytes_reserved=signer.reserved_bytes)
    (status,) = judge(output.getvalue(), mini_ca.trust)
    assert status.bottom_line


def test_the_digest_is_the_keys(seal: Credential) -> None:
    signer = PadesSigner(seal)
    with pytest.raises(SigningError, match="sha256"):
        asyncio.run(signer.async_sign(bytes(64), "sha512"))
    with pytest.raises(SigningError, match="timestamps come from"):
        asyncio.run(signer.async_sign(bytes(32), "sha256", timestamper=object()))
    dry = asyncio.run(signer.async_sign(bytes(32), "sha256", dry_run=True))
    assert dry["content_type"].native == "signed_data"
    raw = asyncio.run(signer.async_sign_raw(b"message", "sha256"))
    assert raw == seal.signer.sign(b"message")


@pytest.mark.parametrize("kind", ["rsa3072", "p256", "p384", "ed25519"])
def test_cms_is_der_and_of_the_size_foretold(
    kind: str, mini_ca: MiniCa, now: datetime, tmp_path: Path
) -> None:
    key = make_key(kind)
    credential = load_credential(write_pem(tmp_path, key, mini_ca.issue(key, "张伟")))
    for signing_time in (None, now):
        template = CmsTemplate.for_credential(credential, signing_time=signing_time)
        attributes = template.signed_attributes(template.digest(b"data"))
        encoded = template.assemble(attributes, credential.signer.sign(attributes))
        parsed = cms.ContentInfo.load(encoded, strict=True)
        assert parsed.dump(force=True) == encoded
        assert 0 <= template.greatest_size() - len(encoded) <= 8
        content = SignedContent.parse(encoded)
        assert content.problem(b"data") is None
        assert content.problem(b"Data") == "is over other bytes"
        assert content.names_certificate()
        names = {
            attribute["type"].native for attribute in parsed["content"]["signer_infos"][0]["signed_attrs"]
        }
        assert ("signing_time" in names) is (signing_time is not None)
        assert names >= {"content_type", "message_digest", "signing_certificate_v2"}


def test_a_flipped_signature_is_found(seal: Credential) -> None:
    template = CmsTemplate.for_credential(seal)
    attributes = template.signed_attributes(template.digest(b"data"))
    signature = bytearray(seal.signer.sign(attributes))
    signature[-1] ^= 1
    content = SignedContent.parse(template.assemble(attributes, bytes(signature)))
    assert content.problem(b"data") == "has a signature value that does not fit its certificate"


def test_lengths() -> None:
    assert tlv(0x04, bytes(127))[:2] == b"\x04\x7f"
    assert tlv(0x04, bytes(128))[:3] == b"\x04\x81\x80"
    assert tlv(0x04, bytes(65536))[:5] == b"\x04\x83\x01\x00\x00"
