"""The CMS that is encoded once for a certificate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from asn1crypto import cms

from agreegen.model.report import Integrity
from agreegen.pki.algorithms import compute_digest
from agreegen.pki.cms.container_check import CADES, check_container
from agreegen.pki.cms.signature_facts import SignatureFacts
from agreegen.pki.encoding import tlv
from agreegen.signing.cms import CmsTemplate
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential
from tests.unit.signing.conftest import MiniCa, make_key, write_pem


def judged(encoded: bytes, data: bytes) -> SignatureFacts:
    return check_container(
        encoded, lambda name: compute_digest(name, data), subfilter=CADES, max_cms_bytes=1 << 20
    )


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
        right = judged(encoded, b"data")
        assert (right.integrity, right.cades) == (Integrity.INTACT, signing_time is None)
        assert judged(encoded, b"Data").subindication == "HASH_FAILURE"
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
    facts = judged(template.assemble(attributes, bytes(signature)), b"data")
    assert facts.subindication == "SIG_CRYPTO_FAILURE"


def test_lengths() -> None:
    assert tlv(0x04, bytes(127))[:2] == b"\x04\x7f"
    assert tlv(0x04, bytes(128))[:3] == b"\x04\x81\x80"
    assert tlv(0x04, bytes(65536))[:5] == b"\x04\x83\x01\x00\x00"
