"""The validation policy: what it accepts, and that a wrong file is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import InputError
from agreegen.messages import foreign_text
from agreegen.pki.algorithms import AlgorithmUse, KeyFacts
from agreegen.pki.trust.policy import BUILT_IN, load_policy
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import NOW, blank_pdf, sign
from tests.unit.verification.conftest import Pki

SIGNATURE = foreign_text("s")
TODAY = datetime(2026, 6, 1, tzinfo=UTC)


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("use", "at", "accepted"),
    [
        (AlgorithmUse(SIGNATURE, "rsa", "sha256", KeyFacts("rsa", 3072)), TODAY, True),
        (AlgorithmUse(SIGNATURE, "rsa", "sha256", KeyFacts("rsa", 2048)), TODAY, True),
        (
            AlgorithmUse(SIGNATURE, "rsa", "sha256", KeyFacts("rsa", 2048)),
            datetime(2029, 6, 1, tzinfo=UTC),
            False,
        ),
        (AlgorithmUse(SIGNATURE, "rsa", "sha256", KeyFacts("rsa", 1024)), TODAY, False),
        (AlgorithmUse(SIGNATURE, "rsa", "sha256", KeyFacts("rsa", 512)), TODAY, False),
        (AlgorithmUse(SIGNATURE, "rsa", "sha1", KeyFacts("rsa", 3072)), TODAY, False),
        (
            AlgorithmUse(SIGNATURE, "rsa", "sha1", KeyFacts("rsa", 2048)),
            datetime(2010, 1, 1, tzinfo=UTC),
            True,
        ),
        (AlgorithmUse(SIGNATURE, "rsa", "md5", KeyFacts("rsa", 3072)), TODAY, False),
        (AlgorithmUse(SIGNATURE, "ecdsa", "sha256", KeyFacts("ec", 256)), TODAY, True),
        (AlgorithmUse(SIGNATURE, "ecdsa", "sha256", KeyFacts("ec", 192)), TODAY, False),
        (AlgorithmUse(SIGNATURE, "ed25519", "", KeyFacts("ed25519", 256)), TODAY, True),
        (AlgorithmUse(SIGNATURE, "sm2", "sm3", KeyFacts("sm2", 256)), TODAY, True),
        (AlgorithmUse(SIGNATURE, "x", "unheard", KeyFacts("unheard", 0)), TODAY, False),
    ],
)
def test_built_in_policy(use: AlgorithmUse, at: datetime, accepted: bool) -> None:
    assert (BUILT_IN.weakness(use, at) is None) is accepted


def test_policy_file(tmp_path: Path) -> None:
    policy = load_policy(
        written(
            tmp_path,
            "name: archive\ndigests: {sha256: none, sha1: 2030-01-01}\nkeys: {rsa: {1024: 2030-01-01}}\n"
            "revocation: {hard_fail: false, allow_not_offered: true, max_age_hours: 24}\n"
            'allowed_roles: [pledger]\nsm2_signer_ids: ["1234567812345678", "office"]\n',
        )
    )
    assert policy.weakness(AlgorithmUse(SIGNATURE, "rsa", "sha1", KeyFacts("rsa", 1024)), TODAY) is None
    assert policy.weakness(AlgorithmUse(SIGNATURE, "", "sha512"), TODAY) is not None
    assert (policy.hard_fail, policy.allow_not_offered, policy.max_revocation_age_hours) == (False, True, 24)
    assert policy.sm2_signer_ids[1] == "office"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- list",
        "unknown: 1",
        "digests: {whirlpool: none}",
        "digests: {sha256: soon}",
        "keys: {rsa: 2048}",
        "keys: {rsa: {many: none}}",
        "revocation: {hard_fail: maybe}",
        "revocation: {max_age_hours: -1}",
        "revocation: {hardfail: true}",
        "sm2_signer_ids: [1234567812345678]",
        "name: [",
    ],
)
def test_wrong_policy_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError) as caught:
        load_policy(written(tmp_path, text))
    assert "policy.yaml" in caught.value.message


def test_missing_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_policy(tmp_path / "none.yaml")


def test_policy_decides_what_revocation_may_lack(pki: Pki, tmp_path: Path) -> None:
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=(pki.root.crl(),))
    soft = written(tmp_path, "revocation: {hard_fail: false}")
    data = sign(blank_pdf(), pki.alice, pki.ca.holder)
    assert verify_bytes("x", data, options).verdict.value == "indeterminate"
    assert verify_bytes("x", data, replace(options, policy_file=soft)).verdict.value == "valid"
    offered = tmp_path / "offered.yaml"
    offered.write_text("revocation: {allow_not_offered: true}")
    silent = sign(blank_pdf(), pki.ca.issue("Bob", crl_url=None), pki.ca.holder)
    report = verify_bytes("x", silent, replace(options, policy_file=offered))
    assert (report.verdict.value, report.signatures[0].revocation.value) == ("valid", "not-offered")


def test_device_authorities_are_pem_or_files_beside_the_policy(pki: Pki, tmp_path: Path) -> None:
    der = pki.root.holder.certificate.public_bytes(Encoding.DER)
    pem = pki.root.holder.certificate.public_bytes(Encoding.PEM).decode()
    (tmp_path / "root.pem").write_text(pem)
    beside = load_policy(written(tmp_path, "device_authorities: [root.pem]"))
    inline = load_policy(written(tmp_path, json.dumps({"device_authorities": [pem]})))
    assert beside.device_authorities == inline.device_authorities == (der,)
    assert BUILT_IN.device_authorities == ()


@pytest.mark.parametrize("named", ["nothing.pem", "policy.yaml", "-----BEGIN CERTIFICATE-----"])
def test_a_device_authority_that_is_no_certificate_is_refused(tmp_path: Path, named: str) -> None:
    with pytest.raises(InputError, match="device_authorities"):
        load_policy(written(tmp_path, json.dumps({"device_authorities": [named]})))
