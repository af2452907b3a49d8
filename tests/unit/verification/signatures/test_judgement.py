"""Chains, revocation, times and levels, on files that stock pyHanko signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from asn1crypto import parser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.generic import NameObject
from pyhanko.sign.fields import SigSeedSubFilter

from agreegen.model.report import FileReport, SignatureReport
from agreegen.pki.evidence_records.supplement import supplement_token
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import (
    DAY,
    NOW,
    STAMPING_KEY,
    YEAR,
    Authority,
    add_store,
    blank_pdf,
    sign,
    stamp,
    stamper_of,
)
from tests.unit.verification.conftest import Pki


def judge(data: bytes, pki: Pki, *crls: bytes, **options: object) -> FileReport:
    chosen = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=crls)
    return verify_bytes("x.pdf", data, replace(chosen, **options))  # type: ignore[arg-type]


def only(report: FileReport) -> SignatureReport:
    assert len(report.signatures) == 1, report
    return report.signatures[0]


def summary(report: FileReport, index: int = 0) -> tuple[str, str | None, str, str]:
    one = report.signatures[index]
    return report.verdict.value, one.subindication, one.trust.value, one.revocation.value


def test_signed_file_with_everything_at_hand_is_valid(pki: Pki, signed: bytes) -> None:
    report = judge(signed, pki, *pki.crls())
    assert summary(report) == ("valid", None, "trusted", "clear")
    one = only(report)
    assert (one.level.value, one.time_source.value, one.coverage.value) == ("B-B", "claimed", "whole-file")
    assert one.signer == "Alice"
    assert report.unaltered is True


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["rsa-2048", "p-384", "ed25519"],
)
def test_other_key_kinds(pki: Pki, key: object) -> None:
    holder = pki.ca.issue("Bob", key=key)  # type: ignore[arg-type]
    digest = "sha512" if isinstance(key, ed25519.Ed25519PrivateKey) else "sha256"
    report = judge(sign(blank_pdf(), holder, pki.ca.holder, digest=digest), pki, *pki.crls())
    assert summary(report) == ("valid", None, "trusted", "clear")


def test_pss(pki: Pki) -> None:
    holder = pki.ca.issue("Bob", key=rsa.generate_private_key(65537, 2048))
    report = judge(sign(blank_pdf(), holder, pki.ca.holder, pss=True), pki, *pki.crls())
    assert summary(report) == ("valid", None, "trusted", "clear")
    assert dict(only(report).details)["algorithm"].startswith("pss sha256")


def test_without_anchors_trust_is_unknown(pki: Pki, signed: bytes) -> None:
    report = judge(signed, pki, *pki.crls(), anchors_der=())
    assert summary(report) == ("indeterminate", "NO_CERTIFICATE_CHAIN_FOUND", "unknown", "unknown")
    assert report.unaltered is True


def test_other_anchor_is_untrusted(pki: Pki, signed: bytes) -> None:
    report = judge(signed, pki, *pki.crls(), anchors_der=(Authority.root("Other").holder.der,))
    assert summary(report) == ("indeterminate", "NO_CERTIFICATE_CHAIN_FOUND", "untrusted", "unknown")


def test_forged_root_of_the_same_name_is_untrusted(pki: Pki) -> None:
    fake_root = Authority.root("Test Root")
    fake_ca = fake_root.sub_authority()
    mallory = fake_ca.issue("Alice")
    data = sign(blank_pdf(), mallory, fake_ca.holder, fake_root.holder)
    report = judge(data, pki, *pki.crls())
    assert report.verdict.value == "indeterminate"
    assert only(report).trust.value == "untrusted"


def test_missing_list_is_unknown(pki: Pki, signed: bytes) -> None:
    assert summary(judge(signed, pki)) == ("indeterminate", "TRY_LATER", "trusted", "unknown")
    assert summary(judge(signed, pki, pki.ca.crl()))[3] == "unknown", "the list of the root is missing"


def test_stale_list_is_unknown(pki: Pki, signed: bytes) -> None:
    old = pki.ca.crl(at=NOW - 100 * DAY)
    assert summary(judge(signed, pki, pki.root.crl(), old)) == (
        "indeterminate",
        "TRY_LATER",
        "trusted",
        "unknown",
    )


def test_list_by_another_key_counts_for_nothing(pki: Pki, signed: bytes) -> None:
    forged = Authority.root("Test CA").crl()
    assert summary(judge(signed, pki, pki.root.crl(), forged))[3] == "unknown"


def test_certificate_that_offers_no_revocation(pki: Pki) -> None:
    data = sign(blank_pdf(), pki.ca.issue("Bob", crl_url=None), pki.ca.holder)
    report = judge(data, pki, pki.root.crl())
    assert (report.verdict.value, only(report).revocation.value) == ("indeterminate", "not-offered")


def test_signer_that_is_an_anchor_needs_no_revocation() -> None:
    root = Authority.root("Alone", start=NOW - YEAR)
    holder = root.issue("Alone too", crl_url=None)
    data = sign(blank_pdf(), holder)
    report = verify_bytes("x", data, Options(now=NOW, anchors_der=(holder.der,)))
    assert summary(report) == ("valid", None, "trusted", "clear")


def test_revoked_without_proof_of_earlier_existence(pki: Pki, signed: bytes) -> None:
    listed = pki.ca.crl(revoked=[(pki.alice, NOW - 10 * DAY)])
    report = judge(signed, pki, pki.root.crl(), listed)
    assert summary(report) == ("indeterminate", "REVOKED_NO_POE", "trusted", "revoked")


def test_embedded_good_never_outweighs_a_later_revocation(pki: Pki, signed: bytes) -> None:
    data = add_store(signed, crls=pki.crls())
    assert summary(judge(data, pki))[3] == "clear"
    later = pki.ca.crl(at=NOW - DAY / 2, revoked=[(pki.alice, NOW - 2 * DAY)])
    assert summary(judge(data, pki, later)) == ("indeterminate", "REVOKED_NO_POE", "trusted", "revoked")


def test_revoked_authority(pki: Pki, signed: bytes) -> None:
    listed = pki.root.crl(revoked=[(pki.ca.holder, NOW - 10 * DAY)])
    assert summary(judge(signed, pki, listed, pki.ca.crl()))[:2] == ("indeterminate", "REVOKED_CA_NO_POE")


def stamped(pki: Pki, time: datetime, *, end: datetime = NOW + YEAR) -> tuple[bytes, object]:
    bob = pki.ca.issue("Bob", start=NOW - 3 * YEAR, end=end)
    stamper = stamper_of(pki.tsa, time, pki.ca.holder)
    return sign(blank_pdf(), bob, pki.ca.holder, stamper=stamper), bob


def test_timestamp_before_revocation_saves_the_signature(pki: Pki) -> None:
    data, bob = stamped(pki, NOW - 20 * DAY)
    listed = pki.ca.crl(revoked=[(bob, NOW - 10 * DAY)])  # type: ignore[list-item]
    report = judge(data, pki, pki.root.crl(), listed)
    assert summary(report) == ("valid", None, "trusted", "clear")
    one = only(report)
    assert (one.time, one.time_source.value, one.level.value) == (NOW - 20 * DAY, "timestamp", "B-T")
    assert any("revoked on" in str(reason) for reason in one.reasons)


def test_timestamp_after_revocation_does_not(pki: Pki) -> None:
    data, bob = stamped(pki, NOW - 5 * DAY)
    listed = pki.ca.crl(revoked=[(bob, NOW - 10 * DAY)])  # type: ignore[list-item]
    assert summary(judge(data, pki, pki.root.crl(), listed))[:2] == ("indeterminate", "REVOKED_NO_POE")


def test_untrusted_timestamp_proves_nothing(pki: Pki) -> None:
    other = Authority.root("Other")
    tsa = other.issue("Other TSA", usages=[ExtendedKeyUsageOID.TIME_STAMPING])
    data = sign(blank_pdf(), pki.alice, pki.ca.holder, stamper=stamper_of(tsa, NOW - 20 * DAY))
    listed = pki.ca.crl(revoked=[(pki.alice, NOW - 10 * DAY)])
    report = judge(data, pki, pki.root.crl(), listed)
    assert summary(report)[:2] == ("indeterminate", "REVOKED_NO_POE")
    assert only(report).time_source.value == "claimed"


def test_timestamp_by_a_certificate_for_documents_proves_nothing(pki: Pki) -> None:
    wrong = pki.ca.issue("No TSA", key=STAMPING_KEY)
    data = sign(
        blank_pdf(), pki.alice, pki.ca.holder, stamper=stamper_of(wrong, NOW - 20 * DAY, pki.ca.holder)
    )
    assert only(judge(data, pki, *pki.crls())).time_source.value == "claimed"


def test_expired_without_proof(pki: Pki) -> None:
    bob = pki.ca.issue("Bob", start=NOW - 3 * YEAR, end=NOW - YEAR)
    report = judge(sign(blank_pdf(), bob, pki.ca.holder), pki, *pki.crls())
    assert summary(report)[:2] == ("indeterminate", "OUT_OF_BOUNDS_NO_POE")


def test_expired_with_timestamp_and_the_list_of_then(pki: Pki) -> None:
    data, _ = stamped(pki, NOW - 2 * YEAR, end=NOW - YEAR)
    then = pki.ca.crl(at=NOW - 2 * YEAR + DAY)
    report = judge(data, pki, pki.root.crl(), pki.ca.crl(), then)
    assert summary(report) == ("valid", None, "trusted", "clear")


def test_list_made_after_expiry_says_nothing_about_the_expired(pki: Pki) -> None:
    data, _ = stamped(pki, NOW - 2 * YEAR, end=NOW - YEAR)
    report = judge(data, pki, *pki.crls())
    assert summary(report)[:2] == ("indeterminate", "TRY_LATER")


def test_archive_outlives_its_first_timestamp_service(pki: Pki) -> None:
    old_tsa = pki.ca.issue(
        "Old TSA", usages=[ExtendedKeyUsageOID.TIME_STAMPING], start=NOW - 4 * YEAR, end=NOW - YEAR
    )
    bob = pki.ca.issue("Bob", start=NOW - 4 * YEAR, end=NOW - 2 * YEAR)
    first = stamper_of(old_tsa, NOW - 3 * YEAR, pki.ca.holder)
    data = sign(blank_pdf(), bob, pki.ca.holder, stamper=first)
    lists = [pki.root.crl(at=NOW - 3 * YEAR + DAY), pki.ca.crl(at=NOW - 3 * YEAR + DAY)]
    data = add_store(data, [pki.root.holder.der, pki.ca.holder.der], lists)
    assert summary(judge(data, pki, *pki.crls()))[0] == "indeterminate", "no service vouches for it today"
    renewed = stamp(data, stamper_of(pki.tsa, NOW - 2 * YEAR, pki.ca.holder))
    assert summary(judge(renewed, pki, *pki.crls()))[0] == "indeterminate", (
        "the old service's status is stale"
    )
    at_renewal = [pki.root.crl(at=NOW - 2 * YEAR - DAY), pki.ca.crl(at=NOW - 2 * YEAR - DAY)]
    data = add_store(data, crls=at_renewal)
    renewed = stamp(data, stamper_of(pki.tsa, NOW - 2 * YEAR, pki.ca.holder))
    report = judge(renewed, pki, *pki.crls())
    assert summary(report) == ("valid", None, "trusted", "clear")
    assert report.signatures[0].level.value == "B-LTA"
    assert report.signatures[0].time == NOW - 3 * YEAR
    assert report.signatures[1].kind.value == "timestamp"


def test_level_lt(pki: Pki) -> None:
    data, _ = stamped(pki, NOW - 20 * DAY)
    data = add_store(data, [pki.root.holder.der, pki.ca.holder.der], pki.crls())
    assert only(judge(data, pki)).level.value == "B-LT"


def test_timestamps_alone_are_unsigned(pki: Pki) -> None:
    report = judge(stamp(blank_pdf(), stamper_of(pki.tsa, NOW - DAY, pki.ca.holder)), pki, *pki.crls())
    assert (report.verdict.value, report.unaltered) == ("unsigned", True)


def test_document_timestamp_of_a_stranger_states_a_time_and_proves_none(pki: Pki, signed: bytes) -> None:
    """Anybody can put one behind a file that stays valid; reports must not call its time a proved one."""
    stranger = Authority.root("Other").issue("Other TSA", usages=[ExtendedKeyUsageOID.TIME_STAMPING])
    report = judge(stamp(signed, stamper_of(stranger, NOW - 3 * YEAR)), pki, *pki.crls())
    assert report.verdict.value == "valid"
    late = report.signatures[1]
    assert (late.time, late.time_source.value, late.trust.value) == (NOW - 3 * YEAR, "claimed", "untrusted")
    trusted = judge(stamp(signed, stamper_of(pki.tsa, NOW - DAY, pki.ca.holder)), pki, *pki.crls())
    assert trusted.signatures[1].time_source.value == "timestamp"


def test_past_moment_needs_a_timestamp_no_later(pki: Pki, signed: bytes) -> None:
    report = judge(signed, pki, *pki.crls(), at=NOW - 5 * DAY)
    assert summary(report)[:2] == ("indeterminate", "NO_POE")
    data, _ = stamped(pki, NOW - 20 * DAY)
    lists = [*pki.crls(), pki.ca.crl(at=NOW - 20 * DAY)]
    assert judge(data, pki, *lists, at=NOW - 5 * DAY).verdict.value == "valid"
    assert summary(judge(data, pki, *lists, at=NOW - 30 * DAY))[:2] == ("indeterminate", "NO_POE")
    bob = pki.ca.issue("Bob", start=NOW - 3 * YEAR, end=NOW - YEAR)
    expired = judge(sign(blank_pdf(), bob, pki.ca.holder), pki, *lists, at=NOW - 2 * YEAR)
    assert summary(expired)[:2] == ("indeterminate", "NO_POE")


def test_future_moment_asks_for_evidence_of_then(pki: Pki, signed: bytes) -> None:
    assert judge(signed, pki, *pki.crls(), at=NOW + 10 * DAY).verdict.value == "valid"
    assert summary(judge(signed, pki, *pki.crls(), at=NOW + 90 * DAY))[1] == "TRY_LATER"
    assert summary(judge(signed, pki, *pki.crls(), at=NOW + 2 * YEAR))[1] == "OUT_OF_BOUNDS_NO_POE"


def test_signing_after_revocation_is_final_where_proved(pki: Pki) -> None:
    data = stamp(blank_pdf(), stamper_of(pki.tsa, NOW - 5 * DAY, pki.ca.holder))
    data = sign(data, pki.alice, pki.ca.holder)
    listed = pki.ca.crl(revoked=[(pki.alice, NOW - 10 * DAY)])
    report = judge(data, pki, pki.root.crl(), listed)
    assert summary(report, 1)[:2] == ("invalid", "REVOKED")


def test_signing_after_expiry_is_final_where_proved(pki: Pki) -> None:
    bob = pki.ca.issue("Bob", start=NOW - 3 * YEAR, end=NOW - 30 * DAY)
    data = stamp(blank_pdf(), stamper_of(pki.tsa, NOW - 5 * DAY, pki.ca.holder))
    report = judge(sign(data, bob, pki.ca.holder), pki, *pki.crls())
    assert summary(report, 1)[:2] == ("invalid", "EXPIRED")


@pytest.mark.parametrize(
    "usage",
    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING],
    ids=["tls", "ocsp", "tsa"],
)
def test_certificates_for_other_purposes_sign_no_documents(pki: Pki, usage: object) -> None:
    bob = pki.ca.issue("Bob", usages=[usage])  # type: ignore[list-item]
    report = judge(sign(blank_pdf(), bob, pki.ca.holder), pki, *pki.crls())
    assert summary(report)[:2] == ("indeterminate", "CHAIN_CONSTRAINTS_FAILURE")


def test_leaf_cannot_issue(pki: Pki) -> None:
    rogue = Authority(pki.alice)
    mallory = rogue.issue("Mallory")
    data = sign(blank_pdf(), mallory, pki.alice, pki.ca.holder)
    report = judge(data, pki, *pki.crls(), rogue.crl())
    assert report.verdict.value == "indeterminate"
    assert only(report).trust.value == "untrusted"


def test_weak_digest_is_policy_and_not_alteration(pki: Pki) -> None:
    report = judge(sign(blank_pdf(), pki.alice, pki.ca.holder, digest="sha1"), pki, *pki.crls())
    assert summary(report)[:2] == ("indeterminate", "CRYPTO_CONSTRAINTS_FAILURE")
    assert report.unaltered is True


def test_brazilian_name_of_cades(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """PBAD.PAdES (DOC-ICP-15.03) is CAdES under another name."""
    monkeypatch.setattr(SigSeedSubFilter.PADES, "_value_", NameObject("/PBAD.PAdES"))
    data = sign(blank_pdf(), pki.alice, pki.ca.holder)
    assert b"/PBAD.PAdES" in data
    report = judge(data, pki, *pki.crls())
    assert report.verdict.value == "valid", report


def supplemented(data: bytes, crls: Sequence[bytes]) -> bytes:
    """Put revocation lists beside the token of the last document timestamp, where no signature looks."""
    hole = list(re.finditer(rb"/Contents <([0-9a-fA-F]+)>", data))[-1]
    container = bytes.fromhex(hole[1].decode())
    token = supplement_token(container[: parser.peek(container)], (), crls)
    return data[: hole.start(1)] + token.hex().encode().ljust(len(hole[1]), b"0") + data[hole.end(1) :]


def test_timestamp_proves_nothing_of_what_was_put_beside_its_token() -> None:
    """An expired authority's key is somebody's by now, and makes lists of any date."""
    then = NOW - 2 * YEAR
    root = Authority.root()
    old = Authority(root.issue("Old CA", authority=True, start=NOW - 5 * YEAR, end=NOW - YEAR))
    alice = old.issue("Alice", start=NOW - 4 * YEAR, end=NOW - YEAR)
    tsa = root.issue("TSA", usages=[ExtendedKeyUsageOID.TIME_STAMPING], start=NOW - 5 * YEAR)
    stamper = stamper_of(tsa, then)
    bare = stamp(sign(blank_pdf(), alice, old.holder), stamper, reserved=20_000)
    data = supplemented(bare, [old.crl(at=then + DAY)])
    options = Options(now=NOW, anchors_der=(root.holder.der,), crls_der=(root.crl(), root.crl(at=then + DAY)))
    assert summary(verify_bytes("x.pdf", bare, options))[:2] == ("indeterminate", "TRY_LATER")
    assert summary(verify_bytes("x.pdf", data, options))[:2] == ("indeterminate", "TRY_LATER")
    renewed = stamp(data, stamper_of(tsa, then + 2 * DAY), "Stamp2")
    assert summary(verify_bytes("x.pdf", renewed, options))[:2] == ("valid", None)
