"""PAdES signatures judged by pyHanko's stock validation."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from agreegen.example_pki.responder import Responder
from agreegen.model.report import PadesLevel
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from tests.unit.signing.conftest import MiniCa, make_key, make_pdf, write_pem


def judge(pdf: bytes, trust: Trust) -> list[PdfSignatureStatus]:
    reader = PdfFileReader(io.BytesIO(pdf))
    statuses = []
    for embedded in reader.embedded_signatures:
        if embedded.sig_object_type == "/DocTimeStamp":
            continue
        context = ValidationContext(
            trust_roots=[asn1_x509.Certificate.load(der) for der in trust.anchors_der], allow_fetching=False
        )
        statuses.append(validate_pdf_signature(embedded, context, ts_validation_context=context))
    return statuses


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "rsa4096", "p256", "p384", "ed25519"])
@pytest.mark.parametrize("xref_stream", [False, True], ids=["classic", "xref-stream"])
def test_every_key_type_is_valid(
    kind: str, xref_stream: bool, mini_ca: MiniCa, now: datetime, tmp_path: Path
) -> None:
    key = make_key(kind)
    credential = load_credential(write_pem(tmp_path, key, mini_ca.issue(key, "张伟")))
    pdf = make_pdf(visible=True, xref_stream=xref_stream)
    request = SigningRequest("pledger", PadesLevel.B_B, now, mini_ca.trust, reason="承诺", location="豫州市")
    signed = sign_pdf(pdf, credential, request)
    assert signed.level is PadesLevel.B_B
    assert signed.data.startswith(pdf)
    (status,) = judge(signed.data, mini_ca.trust)
    assert status.bottom_line
    reader = PdfFileReader(io.BytesIO(signed.data))
    embedded = reader.embedded_signatures[0]
    assert embedded.sig_object["/Reason"] == "承诺"
    assert embedded.sig_object["/Location"] == "豫州市"
    assert embedded.docmdp_level is not None
    assert embedded.docmdp_level.value == 2
    assert len(embedded.pkcs7_content) < 4000


def test_two_roles_sign_in_order(seal: Credential, person: Credential, trust: Trust, now: datetime) -> None:
    first = sign_pdf(make_pdf(visible=True), seal, SigningRequest("unit", PadesLevel.B_B, now, trust))
    second = sign_pdf(first.data, person, SigningRequest("pledger", PadesLevel.B_B, now, trust))
    statuses = judge(second.data, trust)
    assert [status.bottom_line for status in statuses] == [True, True]


def test_signature_timestamp(seal: Credential, trust: Trust, now: datetime, services: Responder) -> None:
    server = TimestampServer(services.tsa_url)
    signed = sign_pdf(make_pdf(), seal, SigningRequest("unit", PadesLevel.B_T, now, trust, (server,)))
    assert signed.level is PadesLevel.B_T
    (status,) = judge(signed.data, trust)
    assert status.bottom_line
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.valid
