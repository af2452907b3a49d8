"""What a certificate may be used for: by its own usages, and by those of the authorities above it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import ObjectIdentifier

from agreegen.model.report import Integrity
from agreegen.pki.cms.signature_facts import TimestampFacts
from agreegen.pki.trust.evidence import Item
from agreegen.pki.trust.judge import CertificateJudge
from agreegen.pki.trust.material import material_for
from agreegen.pki.trust.policy import BUILT_IN, ValidationPolicy, load_policy
from tests.unit.pki.trust.certificate_maker import Plan, ca, issue, make_list, parsed
from tests.unit.verification.authority import DAY, NOW, YEAR, Holder

DOCUMENTS = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
STAMPS = Plan("TSA", usages=(Usage.TIME_STAMPING,), critical_usages=True)
LAX = replace(BUILT_IN, authorities_limit_usages=False)


def chain_of(leaf: Plan, authority: Plan, policy: ValidationPolicy) -> tuple[CertificateJudge, Holder]:
    root = issue(ca("Root"))
    between = issue(authority, root)
    crls = [Item(make_list(holder), NOW) for holder in (root, between)]
    material = material_for((root.der,), [between.der], crls, (), NOW, policy)
    return CertificateJudge(material, NOW), issue(leaf, between)


@pytest.mark.parametrize(
    ("own", "above", "signs"),
    [
        ((), (), True),
        ((DOCUMENTS,), (), True),
        ((DOCUMENTS,), (DOCUMENTS, Usage.EMAIL_PROTECTION), True),
        ((Usage.EMAIL_PROTECTION,), (Usage.EMAIL_PROTECTION, Usage.CLIENT_AUTH), True),
        ((Usage.ANY_EXTENDED_KEY_USAGE,), (Usage.EMAIL_PROTECTION,), True),
        ((), (Usage.ANY_EXTENDED_KEY_USAGE,), True),
        ((), (Usage.SERVER_AUTH,), False),
        ((Usage.ANY_EXTENDED_KEY_USAGE,), (Usage.SERVER_AUTH, Usage.CLIENT_AUTH), False),
        ((DOCUMENTS,), (Usage.SERVER_AUTH,), False),
        ((DOCUMENTS,), (Usage.TIME_STAMPING,), False),
    ],
)
def test_authorities_limit_what_they_issue(
    own: tuple[ObjectIdentifier, ...], above: tuple[ObjectIdentifier, ...], signs: bool
) -> None:
    for policy, right in ((BUILT_IN, signs), (LAX, True)):
        judge, alice = chain_of(Plan("Alice", usages=own), ca("CA", usages=above), policy)
        result = judge.judge_signer(parsed(alice)[0], NOW, uses=())
        assert result.subindication == (None if right else "CHAIN_CONSTRAINTS_FAILURE")


def test_policy_file_relaxes_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("authorities_limit_usages: false\n", "utf-8")
    assert load_policy(path).authorities_limit_usages is False
    assert BUILT_IN.authorities_limit_usages is True


def stamp(service: asn1_x509.Certificate, time: datetime) -> TimestampFacts:
    return TimestampFacts("document", time, Integrity.INTACT, certificate=service)


@pytest.mark.parametrize(
    ("plan", "counts"),
    [
        (STAMPS, True),
        (replace(STAMPS, key_usage=None), True),
        (replace(STAMPS, key_usage=frozenset({"content_commitment"})), True),
        (replace(STAMPS, key_usage=frozenset({"key_encipherment"})), False),
        (replace(STAMPS, critical_usages=False), False),
        (replace(STAMPS, usages=(Usage.TIME_STAMPING, Usage.EMAIL_PROTECTION)), False),
        (replace(STAMPS, usages=(Usage.ANY_EXTENDED_KEY_USAGE,)), False),
        (replace(STAMPS, usages=(Usage.TIME_STAMPING, Usage.ANY_EXTENDED_KEY_USAGE)), False),
        (replace(STAMPS, usages=()), False),
    ],
)
def test_timestamp_services(plan: Plan, counts: bool) -> None:
    judge, service = chain_of(plan, ca("CA"), BUILT_IN)
    result = judge.judge_stamp(stamp(parsed(service)[0], NOW - DAY), NOW)
    assert result.subindication == (None if counts else "CHAIN_CONSTRAINTS_FAILURE")


@pytest.mark.parametrize(("time", "counts"), [(NOW - DAY, True), (NOW - 2 * YEAR, False)])
def test_time_before_the_certificate_of_the_service(time: datetime, counts: bool) -> None:
    judge, service = chain_of(STAMPS, ca("CA"), BUILT_IN)
    result = judge.judge_stamp(stamp(parsed(service)[0], time), NOW)
    assert (result.subindication is None) is counts


def test_time_after_the_certificate_of_the_service() -> None:
    """The token is proved to be older than the end of the certificate, but states a time after it."""
    judge, service = chain_of(
        replace(STAMPS, end=NOW - 10 * DAY), ca("CA"), replace(BUILT_IN, hard_fail=False)
    )
    result = judge.judge_stamp(stamp(parsed(service)[0], NOW - DAY), NOW - 11 * DAY)
    assert result.subindication == "CHAIN_CONSTRAINTS_FAILURE"


def test_authority_that_may_not_issue_for_timestamps() -> None:
    judge, service = chain_of(STAMPS, ca("CA", usages=(Usage.EMAIL_PROTECTION,)), BUILT_IN)
    result = judge.judge_stamp(stamp(parsed(service)[0], NOW - DAY), NOW)
    assert result.subindication == "CHAIN_CONSTRAINTS_FAILURE"
