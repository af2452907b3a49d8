"""OCSP responses and the finer points of revocation lists."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import (
    CRL_URL,
    DAY,
    NOW,
    YEAR,
    Authority,
    Holder,
    add_store,
    blank_pdf,
    der,
    sign,
    stamp,
    stamper_of,
)
from tests.unit.verification.conftest import Pki


def answer(
    pki: Pki,
    about: Holder,
    responder: Holder,
    *,
    at: datetime = NOW - DAY,
    revoked: datetime | None = None,
    embed: bool = True,
) -> bytes:
    """Make an OCSP response of the CA about a certificate."""
    status = ocsp.OCSPCertStatus.GOOD if revoked is None else ocsp.OCSPCertStatus.REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        about.certificate,
        pki.ca.holder.certificate,
        hashes.SHA1(),
        status,
        at,
        at + 7 * DAY,
        revoked,
        None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, responder.certificate)
    if embed:
        builder = builder.certificates([responder.certificate])
    assert isinstance(responder.key, ec.EllipticCurvePrivateKey)
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def with_answers(data: bytes, *answers: bytes) -> bytes:
    return add_store(data, ocsps=[asn1_ocsp.OCSPResponse.load(item) for item in answers])


def judge(data: bytes, pki: Pki, *crls: bytes) -> tuple[str, str | None, str]:
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=(pki.root.crl(), *crls))
    report = verify_bytes("x", data, options)
    one = report.signatures[0]
    return report.verdict.value, one.subindication, one.revocation.value


@pytest.fixture(scope="module")
def responder(pki: Pki) -> Holder:
    return pki.ca.issue("Responder", usages=[ExtendedKeyUsageOID.OCSP_SIGNING], crl_url=None)


def test_good_by_the_issuer_and_by_its_delegate(pki: Pki, signed: bytes, responder: Holder) -> None:
    for signer in (pki.ca.holder, responder):
        assert judge(with_answers(signed, answer(pki, pki.alice, signer)), pki) == ("valid", None, "clear")


def test_revoked(pki: Pki, signed: bytes, responder: Holder) -> None:
    data = with_answers(signed, answer(pki, pki.alice, responder, revoked=NOW - 2 * DAY))
    assert judge(data, pki) == ("indeterminate", "REVOKED_NO_POE", "revoked")


def test_newer_good_does_not_outweigh_revoked(pki: Pki, signed: bytes, responder: Holder) -> None:
    listed = pki.ca.crl(at=NOW - 5 * DAY, revoked=[(pki.alice, NOW - 10 * DAY)])
    data = with_answers(signed, answer(pki, pki.alice, responder))
    assert judge(data, pki, listed)[2] == "revoked"


def test_answer_by_somebody_else_counts_for_nothing(pki: Pki, signed: bytes) -> None:
    wrong_purpose = pki.ca.issue("Not a responder")
    stranger = Authority.root("Test CA").issue("Stranger", usages=[ExtendedKeyUsageOID.OCSP_SIGNING])
    for signer in (wrong_purpose, stranger, pki.alice):
        assert judge(with_answers(signed, answer(pki, pki.alice, signer)), pki)[2] == "unknown"


def test_answer_about_somebody_else_counts_for_nothing(pki: Pki, signed: bytes, responder: Holder) -> None:
    other = pki.ca.issue("Other")
    assert judge(with_answers(signed, answer(pki, other, responder)), pki)[2] == "unknown"


def test_stale_answer(pki: Pki, signed: bytes, responder: Holder) -> None:
    data = with_answers(signed, answer(pki, pki.alice, responder, at=NOW - 60 * DAY))
    assert judge(data, pki)[2] == "unknown"


def test_expired_responder_needs_a_proof_that_its_answer_is_old_enough(pki: Pki) -> None:
    then = NOW - 2 * YEAR
    bob = pki.ca.issue("Bob", start=NOW - 3 * YEAR, end=NOW - YEAR)
    short = pki.ca.issue(
        "Short-lived responder",
        usages=[ExtendedKeyUsageOID.OCSP_SIGNING],
        start=then - DAY,
        end=then + 30 * DAY,
        crl_url=None,
    )
    data = sign(blank_pdf(), bob, pki.ca.holder, stamper=stamper_of(pki.tsa, then, pki.ca.holder))
    data = with_answers(data, answer(pki, bob, short, at=then + timedelta(hours=1)))
    current = pki.ca.crl()
    assert judge(data, pki, current)[2] == "unknown", "its key may have come into other hands since"
    data = stamp(data, stamper_of(pki.tsa, then + 2 * DAY, pki.ca.holder))
    assert judge(data, pki, current) == ("valid", None, "clear")


def scoped(pki: Pki, **scope: object) -> bytes:
    """Issue a revocation list with an issuing distribution point."""
    chosen: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
        **scope,
    }
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.ca.holder.certificate.subject)
        .last_update(NOW - DAY)
        .next_update(NOW + DAY)
        .add_extension(x509.IssuingDistributionPoint(**chosen), critical=True)  # type: ignore[arg-type]
    )
    assert isinstance(pki.ca.holder.key, ec.EllipticCurvePrivateKey)
    return der(builder.sign(pki.ca.holder.key, hashes.SHA256()))


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ({"only_contains_user_certs": True}, "clear"),
        ({"only_contains_ca_certs": True}, "unknown"),
        ({"only_contains_attribute_certs": True}, "unknown"),
        ({"only_some_reasons": frozenset([x509.ReasonFlags.key_compromise])}, "unknown"),
        ({"indirect_crl": True, "only_contains_user_certs": False}, "unknown"),
        ({"full_name": [x509.UniformResourceIdentifier(CRL_URL)]}, "clear"),
        ({"full_name": [x509.UniformResourceIdentifier("http://crl.example/other.crl")]}, "unknown"),
    ],
)
def test_scope_of_a_list(pki: Pki, signed: bytes, scope: dict[str, object], status: str) -> None:
    assert judge(signed, pki, scoped(pki, **scope))[2] == status


def test_delta_list_alone_clears_nobody(pki: Pki, signed: bytes) -> None:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.ca.holder.certificate.subject)
        .last_update(NOW - DAY)
        .next_update(NOW + DAY)
        .add_extension(x509.CRLNumber(2), critical=False)
        .add_extension(x509.DeltaCRLIndicator(1), critical=True)
    )
    assert isinstance(pki.ca.holder.key, ec.EllipticCurvePrivateKey)
    delta = der(builder.sign(pki.ca.holder.key, hashes.SHA256()))
    assert judge(signed, pki, delta)[2] == "unknown"


@pytest.mark.parametrize("junk", [b"", b"\x30\x00", b"\x30\x03\x02\x01\x01"])
def test_junk_is_no_evidence_and_breaks_nothing(pki: Pki, signed: bytes, junk: bytes) -> None:
    assert judge(signed, pki, junk)[2] == "unknown"
    assert judge(signed, pki, junk, pki.ca.crl())[2] == "clear"
