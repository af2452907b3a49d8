"""B-T, B-LT and B-LTA with real services, judged by pyHanko's stock validation."""

from __future__ import annotations

import asyncio
import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from agreegen.errors import CredentialError, SigningError, TimestampError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.model.report import PadesLevel
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.extend import add_validation_data, add_validation_data_many, extend_pdf
from agreegen.signing.interface import Credential, SignedPdf, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.plain.validation_update import read_contents
from agreegen.signing.services.revocation import check_status
from agreegen.signing.services.timestamps import TimestampClient
from agreegen.signing.trust import load_trust
from tests.unit.signing.conftest import MiniCa, make_key, make_pdf, write_pem


@pytest.fixture
def anchors(trust: Trust) -> Trust:
    return Trust(trust.anchors_der)


@pytest.fixture
def tsa(services: Responder) -> tuple[TimestampServer, ...]:
    return (TimestampServer(services.tsa_url),)


@pytest.fixture
def signed(seal: Credential, trust: Trust, now: datetime) -> bytes:
    return sign_pdf(make_pdf(), seal, SigningRequest("unit", PadesLevel.B_B, now, trust)).data


def signatures(pdf: bytes) -> list[EmbeddedPdfSignature]:
    return list(PdfFileReader(io.BytesIO(pdf)).embedded_signatures)


def judge_with_store(pdf: bytes, trust: Trust) -> bool:
    """Ask pyHanko for the first signature, with nothing but the document security store as evidence."""
    reader = PdfFileReader(io.BytesIO(pdf))
    roots = [asn1_x509.Certificate.load(der) for der in trust.anchors_der]
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(
        {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "require"}
    )
    status = validate_pdf_signature(
        reader.embedded_regular_signatures[0], context, ts_validation_context=context
    )
    return bool(status.bottom_line)


def soon() -> datetime:
    """A moment after all that the services have said by now; the session's own `now` may be minutes ago."""
    return datetime.now(UTC) + timedelta(minutes=1)


def judge_long_term(pdf: bytes, trust: Trust, moment: datetime) -> bool:
    """Ask pyHanko's long-term validation, offline and with revocation data required, at some moment."""
    roots = [asn1_x509.Certificate.load(der) for der in trust.anchors_der]
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(roots), revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO)
    )
    gathering = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    spec = PdfSignatureValidationSpec(SignatureValidationSpec(policy, gathering))
    embedded = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[0]
    timing = ValidationTimingInfo(moment, moment, point_in_time_validation=False)
    result = asyncio.run(ades_lta_validation(embedded, spec, timing_info=timing))
    return result.ades_subindic is AdESPassed.OK


def test_b_t_by_document_timestamp(
    signed: bytes, anchors: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    extended = extend_pdf(signed, PadesLevel.B_T, trust=anchors, tsa=tsa, now=now)
    assert extended.data.startswith(signed)
    assert [str(s.sig_object_type) for s in signatures(extended.data)] == ["/Sig", "/DocTimeStamp"]
    again = extend_pdf(extended.data, PadesLevel.B_T, trust=anchors, tsa=tsa, now=now)
    assert again.data == extended.data


@pytest.mark.parametrize("level", [PadesLevel.B_LT, PadesLevel.B_LTA])
@pytest.mark.parametrize("way", ["sign", "extend"])
def test_long_term_levels(
    way: str,
    level: PadesLevel,
    signed: bytes,
    seal: Credential,
    anchors: Trust,
    tsa: tuple[TimestampServer, ...],
    now: datetime,
) -> None:
    if way == "sign":
        made = sign_pdf(make_pdf(), seal, SigningRequest("unit", level, now, anchors, tsa))
    else:
        made = extend_pdf(signed, level, trust=anchors, tsa=tsa, now=now)
    assert made.level is level
    assert b"/VRI" not in made.data
    assert judge_with_store(made.data, anchors)
    renewed = extend_pdf(made.data, PadesLevel.B_LTA, trust=anchors, tsa=tsa, now=now)
    assert renewed.data.startswith(made.data)
    assert judge_with_store(renewed.data, anchors)
    if way == "sign":  # the long-term validation wants the first timestamp inside the signature
        assert judge_long_term(renewed.data, anchors, soon())


def test_revocation_lists_alone_are_enough(
    signed: bytes, trust: Trust, tsa: tuple[TimestampServer, ...], services: Responder, now: datetime
) -> None:
    before = len(services.requests)
    extended = extend_pdf(signed, PadesLevel.B_LT, trust=trust, tsa=tsa, now=now)
    assert b"/CRLs" in extended.data
    assert not [line for line in services.requests[before:] if "tsa" not in line]


@pytest.mark.parametrize(
    ("name", "status"), [("party-a-seal", "revoked"), ("party-b-seal", "unknown status")]
)
def test_what_is_not_good_is_refused(
    name: str,
    status: str,
    pki: ExamplePki,
    anchors: Trust,
    tsa: tuple[TimestampServer, ...],
    services: Responder,
    now: datetime,
) -> None:
    credential = load_credential(pki.credential(name))
    signed = sign_pdf(make_pdf(), credential, SigningRequest("unit", PadesLevel.B_B, now, anchors)).data
    change = services.revoke if status == "revoked" else services.forget
    change(credential.certificate_der)
    for level in (PadesLevel.B_LT, PadesLevel.B_LTA):
        with pytest.raises(SigningError, match=status):
            extend_pdf(signed, level, trust=anchors, tsa=tsa, now=now)
    assert extend_pdf(signed, PadesLevel.B_T, trust=anchors, tsa=tsa, now=now).level is PadesLevel.B_T


def test_expired_without_proof_is_refused(
    signed: bytes, anchors: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    later = now + timedelta(days=20 * 365)
    with pytest.raises(SigningError, match="nothing proves"):
        extend_pdf(signed, PadesLevel.B_T, trust=anchors, tsa=tsa, now=later)


def test_broken_is_refused(
    signed: bytes, anchors: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    broken = (
        signed.replace(b"0.5 g", b"0.4 g", 1) if b"0.5 g" in signed else signed.replace(b"595", b"596", 1)
    )
    assert broken != signed
    with pytest.raises(SigningError, match="changed or is broken"):
        extend_pdf(broken, PadesLevel.B_T, trust=anchors, tsa=tsa, now=now)


def test_unsigned_and_no_service(signed: bytes, anchors: Trust, now: datetime) -> None:
    with pytest.raises(SigningError, match="not signed"):
        extend_pdf(make_pdf(), PadesLevel.B_T, trust=anchors, now=now)
    with pytest.raises(SigningError, match="timestamp service"):
        extend_pdf(signed, PadesLevel.B_T, trust=anchors, now=now)
    dead = (TimestampServer("http://127.0.0.1:1/tsa", timeout_s=1.0),)
    with pytest.raises(TimestampError):
        extend_pdf(signed, PadesLevel.B_T, trust=anchors, tsa=dead, now=now)


def test_a_chunk_asks_for_evidence_once(
    seal: Credential, anchors: Trust, tsa: tuple[TimestampServer, ...], services: Responder, now: datetime
) -> None:
    request = SigningRequest("unit", PadesLevel.B_T, now, anchors, tsa)
    files = [sign_pdf(make_pdf(xref_stream=number == 2), seal, request).data for number in range(4)]
    files.insert(1, b"no PDF")
    before = len(services.requests)
    services.delay_s = 0.1
    try:
        with TimestampClient(tsa, trust=anchors) as client:
            begin = time.monotonic()
            made = add_validation_data_many(files, PadesLevel.B_LTA, anchors, client, now)
            seconds = time.monotonic() - begin
    finally:
        services.delay_s = 0.0
    asked = [line for line in services.requests[before:] if "tsa" not in line]
    assert len(asked) <= 4  # the seal, the timestamp service, their CA; not three times four
    assert isinstance(made[1], SigningError)
    for entry in (made[0], *made[2:]):
        assert isinstance(entry, SignedPdf)
        assert judge_long_term(entry.data, anchors, soon())
    assert seconds < 3.0


def test_both_ways_extend_alike(
    seal: Credential, anchors: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    request = SigningRequest("unit", PadesLevel.B_T, now, anchors, tsa)
    facts = []
    for xref_stream in (False, True):
        data = sign_pdf(make_pdf(xref_stream=xref_stream), seal, request).data
        assert (read_contents(data) is None) is xref_stream
        data = extend_pdf(data, PadesLevel.B_LTA, trust=anchors, tsa=tsa, now=now).data
        data = extend_pdf(data, PadesLevel.B_LTA, trust=anchors, tsa=tsa, now=now).data
        with pikepdf.open(io.BytesIO(data)) as pdf:
            store = pdf.Root.DSS
            facts.append(
                {
                    "store": [key for key in ("/Certs", "/OCSPs", "/CRLs", "/VRI") if key in store],
                    "fields": [(str(f.T), str(f.V.SubFilter)) for f in pdf.Root.AcroForm.Fields if "/V" in f],
                    "widgets": len(pdf.pages[0].Annots),
                }
            )
    assert facts[0] == facts[1]
    assert facts[0]["widgets"] == 4
    assert "/VRI" not in str(facts)


def test_proof_in_time(tmp_path: Path, now: datetime) -> None:
    """Signers' certificates last three years here, the timestamp service's five."""
    clock = [now]
    pki = make_example_pki(tmp_path / "pki", now=now, key_bits=2048, people=(), port=free_port())
    anchors = Trust(load_trust([pki.trust]).anchors_der)
    credential = load_credential(pki.credential("unit-seal"))
    with Responder(pki.folder, clock=lambda: clock[0]) as services:
        tsa = (TimestampServer(services.tsa_url),)

        def extend(data: bytes, level: PadesLevel) -> bytes:
            return extend_pdf(data, level, trust=anchors, tsa=tsa, now=clock[0]).data

        request = SigningRequest("unit", PadesLevel.B_B, now, anchors)
        b_b = sign_pdf(make_pdf(), credential, request).data
        clock[0] = now + timedelta(hours=2)
        b_t = extend(b_b, PadesLevel.B_T)
        clock[0] = now + timedelta(hours=9)
        b_lt, b_lta = extend(b_t, PadesLevel.B_LT), extend(b_t, PadesLevel.B_LTA)
        clock[0] = now + timedelta(days=4 * 365)
        with pytest.raises(SigningError, match="nothing proves"):
            extend(b_b, PadesLevel.B_T)
        with pytest.raises(SigningError, match="revocation status"):
            extend(b_t, PadesLevel.B_LTA)  # proved to be in time, but nobody tells of an expired certificate
        for data in (b_lt, b_lta):
            renewed = extend(data, PadesLevel.B_LTA)
            assert renewed.startswith(data)
            assert len(signatures(renewed)) == len(signatures(data)) + 1
        clock[0] = now + timedelta(days=6 * 365)
        with pytest.raises(SigningError, match="nothing proves"):
            extend(b_lta, PadesLevel.B_LTA)


def test_sm2_by_revocation_lists(
    pki: ExamplePki, trust: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    credential = load_credential(pki.credential("sm2-seal"))
    signed = sign_pdf(make_pdf(), credential, SigningRequest("unit", PadesLevel.B_B, now, trust)).data
    extended = extend_pdf(signed, PadesLevel.B_LT, trust=trust, tsa=tsa, now=now)
    assert extended.level is PadesLevel.B_LT
    fetched = extend_pdf(signed, PadesLevel.B_LT, trust=Trust(trust.anchors_der), tsa=tsa, now=now)
    assert b"/CRLs" in fetched.data  # from the distribution points; OCSP over SM2 is not asked for


def test_status_before_a_job(
    pki: ExamplePki, seal: Credential, trust: Trust, anchors: Trust, services: Responder, now: datetime
) -> None:
    assert check_status(seal, anchors, now) == []
    assert check_status(seal, trust, now) == []
    assert check_status(seal, Trust(), now) == []
    archive = load_credential(pki.credential("archive-seal"))
    services.revoke(archive.certificate_der)
    with pytest.raises(CredentialError, match="revoked"):
        check_status(archive, anchors, now)


def test_status_that_cannot_be_had(mini_ca: MiniCa, now: datetime, tmp_path: Path) -> None:
    key = make_key("p256")
    silent = load_credential(write_pem(tmp_path, key, mini_ca.issue(key, "张伟")))
    assert [finding.code for finding in check_status(silent, mini_ca.trust, now)] == [
        "revocation-unreachable"
    ]


def test_larger_tokens_than_foreseen(
    seal: Credential, anchors: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    request = SigningRequest("unit", PadesLevel.B_T, now, anchors, tsa)
    signed = sign_pdf(make_pdf(), seal, request).data
    with TimestampClient(tsa, trust=anchors) as client:
        client._token_bytes = 600  # as if a service with small tokens had answered before
        made = add_validation_data(signed, PadesLevel.B_LTA, anchors, client, now)
    assert judge_long_term(made.data, anchors, soon())


def test_evidence_may_be_younger_than_the_clock_of_the_run(
    signed: bytes, anchors: Trust, tsa: tuple[TimestampServer, ...], now: datetime
) -> None:
    begun = now - timedelta(hours=8)
    assert extend_pdf(signed, PadesLevel.B_LT, trust=anchors, tsa=tsa, now=begun).level is PadesLevel.B_LT
