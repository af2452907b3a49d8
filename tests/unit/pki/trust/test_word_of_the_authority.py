"""Who may say that a certificate is revoked or is not: the authority that issued it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from agreegen.model.report import Revocation
from agreegen.pki.trust.evidence import Item
from agreegen.pki.trust.judge import CertificateJudge
from agreegen.pki.trust.material import material_for
from agreegen.pki.trust.policy import BUILT_IN
from tests.unit.pki.trust.certificate_maker import (
    Entry,
    Plan,
    ca,
    issue,
    make_answer,
    make_list,
    parsed,
)
from tests.unit.verification.authority import DAY, NOW, YEAR, Holder

CLEAR, UNKNOWN, REVOKED = Revocation.CLEAR, Revocation.UNKNOWN, Revocation.REVOKED
OCSP = (ExtendedKeyUsageOID.OCSP_SIGNING,)


@dataclass
class World:
    """One root, one CA, one signer; what else comes along is added by each test."""

    root: Holder
    authority: Holder
    alice: Holder
    pool: list[Holder] = field(default_factory=list)
    anchors: list[Holder] = field(default_factory=list)

    def judge(self, crls: Sequence[bytes] = (), ocsps: Sequence[bytes] = ()) -> Revocation:
        """Judge Alice's certificate; the root's own list is always there."""
        material = material_for(
            tuple(holder.der for holder in (self.root, *self.anchors)),
            [holder.der for holder in (self.authority, *self.pool)],
            [Item(der, NOW) for der in (make_list(self.root), *crls)],
            [Item(der, NOW) for der in ocsps],
            NOW,
            BUILT_IN,
        )
        judge = CertificateJudge(material, NOW)
        return judge.judge_signer(parsed(self.alice)[0], NOW, uses=()).finding.status


@pytest.fixture
def world() -> World:
    root = issue(ca("Root"))
    authority = issue(ca("CA"), root)
    return World(root, authority, issue(Plan("Alice"), authority))


def revoke(holder: Holder, **more: object) -> Entry:
    return Entry(holder.certificate.serial_number, NOW - 2 * DAY, **more)  # type: ignore[arg-type]


def test_list_of_the_authority_itself(world: World) -> None:
    assert world.judge([make_list(world.authority)]) is CLEAR
    assert world.judge([make_list(world.authority, [revoke(world.alice)])]) is REVOKED


def test_list_by_another_anchor_of_the_same_name(world: World) -> None:
    """Two offices have an authority called CA, and both roots are trusted."""
    other = issue(ca("CA"))
    world.anchors.append(other)
    assert world.judge([make_list(other)]) is UNKNOWN
    assert world.judge([make_list(other, [revoke(world.alice)]), make_list(world.authority)]) is CLEAR


def test_list_by_a_ca_of_the_same_name_below_another_anchor(world: World) -> None:
    elsewhere = issue(ca("Other Root"))
    twin = issue(ca("CA"), elsewhere)
    world.anchors.append(elsewhere)
    world.pool.append(twin)
    assert world.judge([make_list(twin), make_list(elsewhere)]) is UNKNOWN


def test_list_by_the_new_key_of_an_authority(world: World) -> None:
    renewed = issue(ca("CA"), world.root)
    world.pool.append(renewed)
    assert world.judge([make_list(renewed)]) is CLEAR
    assert world.judge([make_list(renewed, [revoke(world.alice)])]) is REVOKED


def test_list_by_a_key_of_the_name_that_may_not_sign_lists(world: World) -> None:
    signer = issue(ca("CA", key_usage=frozenset({"key_cert_sign"})), world.root)
    world.pool.append(signer)
    assert world.judge([make_list(signer)]) is UNKNOWN


def test_list_by_an_end_entity_elsewhere_that_took_the_name(world: World) -> None:
    outsider = issue(Plan("CA", authority=None, key_usage=None), issue(ca("Elsewhere")))
    world.pool.append(outsider)
    assert world.judge([make_list(outsider)]) is UNKNOWN


def test_list_by_an_end_entity_that_took_the_name_below_the_same_root(world: World) -> None:
    """Not an authority: no key usage forbids it to sign lists, and none allows it."""
    taken = issue(Plan("CA", authority=None, key_usage=None), world.root)
    world.pool.append(taken)
    assert world.judge([make_list(taken)]) is UNKNOWN


def test_list_by_a_renewed_key_that_is_revoked(world: World) -> None:
    renewed = issue(ca("CA"), world.root)
    world.pool.append(renewed)
    root_list = make_list(world.root, [revoke(renewed)])
    assert world.judge([make_list(renewed), root_list]) is UNKNOWN


def test_list_of_the_authority_under_a_renewed_certificate(world: World) -> None:
    """The same key in two certificates: it is one authority."""
    assert isinstance(world.authority.key, ec.EllipticCurvePrivateKey)
    again = issue(ca("CA"), world.root, key=world.authority.key)
    world.pool.append(again)
    assert world.judge([make_list(again)]) is CLEAR


def test_end_entity_anchor_signs_no_list_for_others(world: World) -> None:
    trusted = issue(Plan("CA", key_usage=None, authority=None), issue(ca("Root")))
    world.anchors.append(trusted)
    assert world.judge([make_list(trusted)]) is UNKNOWN


def test_responder_of_the_authority(world: World) -> None:
    responder = issue(Plan("OCSP", usages=OCSP, crl_url=None), world.authority)
    assert world.judge(ocsps=[make_answer(world.alice, world.authority, responder)]) is CLEAR
    assert world.judge(ocsps=[make_answer(world.alice, world.authority, responder, by_key=True)]) is CLEAR


@pytest.mark.parametrize("no_check", [False, True])
def test_responder_that_the_list_of_its_authority_names(world: World, no_check: bool) -> None:
    more = ((x509.OCSPNoCheck(), False),) if no_check else ()
    responder = issue(Plan("OCSP", usages=OCSP, crl_url=None, extensions=more), world.authority)
    good = make_answer(world.alice, world.authority, responder)
    assert world.judge([make_list(world.authority, [revoke(responder)])], [good]) is CLEAR, (
        "by the list itself"
    )
    old = make_list(world.authority, [revoke(responder)], at=NOW - YEAR)
    old = make_list(world.authority, [Entry(responder.certificate.serial_number, NOW - YEAR)], at=NOW - YEAR)
    assert world.judge([old], [good]) is UNKNOWN
    bad = make_answer(world.alice, world.authority, responder, revoked=NOW - 5 * DAY)
    assert world.judge([old], [bad]) is UNKNOWN


def test_responder_named_by_another_key_of_the_authority(world: World) -> None:
    """RFC 6960, 4.2.2.2: certificate and responder are issued with the same key."""
    renewed = issue(ca("CA"), world.root)
    world.pool.append(renewed)
    responder = issue(Plan("OCSP", usages=OCSP, crl_url=None), renewed)
    assert world.judge(ocsps=[make_answer(world.alice, world.authority, responder)]) is UNKNOWN


@pytest.mark.parametrize(
    "plan",
    [
        Plan("OCSP"),
        Plan("OCSP", usages=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)),
        Plan("OCSP", usages=OCSP, key_usage=frozenset({"key_encipherment"})),
        Plan("OCSP", usages=(ExtendedKeyUsageOID.EMAIL_PROTECTION,)),
    ],
)
def test_who_was_not_named_a_responder(world: World, plan: Plan) -> None:
    responder = issue(plan, world.authority)
    assert world.judge(ocsps=[make_answer(world.alice, world.authority, responder)]) is UNKNOWN


def test_responder_of_a_sister_authority(world: World) -> None:
    sister = issue(ca("Sister"), world.root)
    responder = issue(Plan("OCSP", usages=OCSP, crl_url=None), sister)
    world.pool.append(sister)
    assert world.judge(ocsps=[make_answer(world.alice, world.authority, responder)]) is UNKNOWN


def test_invalidity_date_counts(world: World) -> None:
    """The key was lost long before the authority heard of it."""
    lost = NOW + 2 * DAY
    early = Entry(
        world.alice.certificate.serial_number, lost, (x509.InvalidityDate((NOW - DAY).replace(tzinfo=None)),)
    )
    assert world.judge([make_list(world.authority, [early])]) is REVOKED
    assert world.judge([make_list(world.authority, [replace(early, extensions=())])]) is CLEAR


def test_removal_counts_in_delta_lists_only(world: World) -> None:
    removed = revoke(world.alice, extensions=(x509.CRLReason(x509.ReasonFlags.remove_from_crl),))
    assert world.judge([make_list(world.authority, [removed])]) is REVOKED
    delta = ((x509.DeltaCRLIndicator(1), True), (x509.CRLNumber(2), False))
    taken_back = make_list(world.authority, [removed], extensions=delta)
    assert world.judge([taken_back]) is UNKNOWN, "a delta list alone clears nobody"
    assert world.judge([taken_back, make_list(world.authority)]) is CLEAR
    assert world.judge([make_list(world.authority, [revoke(world.alice)], extensions=delta)]) is REVOKED


def test_indirect_list_counts_for_nothing(world: World) -> None:
    point = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
    assert world.judge([make_list(world.authority, extensions=((point, True),))]) is UNKNOWN


def test_list_of_the_future_and_stale_list(world: World) -> None:
    assert world.judge([make_list(world.authority, at=NOW + timedelta(hours=1))]) is UNKNOWN
    assert world.judge([make_list(world.authority, at=NOW - 40 * DAY)]) is UNKNOWN


def test_many_answers_of_one_responder_cost_little(world: World) -> None:
    """Hundreds of responses, each of which asks for the status of its responder."""
    responder = issue(Plan("OCSP", usages=OCSP), world.authority)
    answers = [
        make_answer(world.alice, world.authority, responder, at=NOW - DAY - timedelta(minutes=minutes))
        for minutes in range(120)
    ]
    answers += [make_answer(responder, world.authority, responder)]
    assert world.judge(ocsps=answers) is UNKNOWN, "a responder does not vouch for itself"
    assert world.judge([make_list(world.authority)], answers) is CLEAR
