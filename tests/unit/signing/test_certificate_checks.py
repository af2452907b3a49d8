"""What a certificate must be before it signs, and whom it names."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from agreegen.errors import CredentialError
from agreegen.signing.certificate_checks import check_credential, strength_problem
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, Trust
from agreegen.signing.names import certificate_names, names_holder, normalise_name
from agreegen.signing.trust import load_trust
from tests.unit.signing.conftest import MiniCa, make_key, write_pem

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")


def credential(folder: Path, authority: MiniCa, /, **changes: object) -> Credential:
    key = make_key("p256")
    return load_credential(write_pem(folder, key, authority.issue(key, "张伟", **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": timedelta(hours=-1)}, "expired on"),
        ({"begin": timedelta(days=2)}, "not valid before"),
        ({"usages": ("key_encipherment",)}, "key usage"),
        ({"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "TLS servers"),
        ({"purposes": (ExtendedKeyUsageOID.OCSP_SIGNING,)}, "OCSP"),
        ({"purposes": (ExtendedKeyUsageOID.TIME_STAMPING,)}, "timestamps"),
        ({"purposes": (ExtendedKeyUsageOID.CLIENT_AUTH,)}, "extended key usage"),
        ({"ca": True, "usages": ("digital_signature", "key_cert_sign")}, "CA certificate"),
    ],
)
def test_refused(
    changes: dict[str, object], message: str, mini_ca: MiniCa, now: datetime, tmp_path: Path
) -> None:
    with pytest.raises(CredentialError, match=message):
        check_credential(credential(tmp_path, mini_ca, **changes), mini_ca.trust, now)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"usages": ("content_commitment",)},
        {"usages": ()},
        {"purposes": (ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH)},
        {"purposes": (DOCUMENT_SIGNING,)},
        {"purposes": (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)},
    ],
)
def test_accepted(changes: dict[str, object], mini_ca: MiniCa, now: datetime, tmp_path: Path) -> None:
    findings = check_credential(credential(tmp_path, mini_ca, **changes), mini_ca.trust, now)
    assert findings == []


def test_dates_against_the_job(mini_ca: MiniCa, now: datetime, tmp_path: Path) -> None:
    soon = credential(tmp_path, mini_ca, end=timedelta(days=3))
    (finding,) = check_credential(soon, mini_ca.trust, now, until=now + timedelta(days=2))
    assert finding.code == "expires-soon"
    with pytest.raises(CredentialError, match="before the job ends"):
        check_credential(soon, mini_ca.trust, now, until=now + timedelta(days=4))


def test_chain_and_revocation(mini_ca: MiniCa, now: datetime, tmp_path: Path) -> None:
    own = credential(tmp_path, mini_ca)
    stranger = MiniCa(now).trust
    with pytest.raises(CredentialError, match="no valid chain"):
        check_credential(own, stranger, now)
    assert [f.code for f in check_credential(own, Trust(), now)] == ["chain-not-checked"]
    certificate = x509.load_der_x509_certificate(own.certificate_der)
    with pytest.raises(CredentialError, match="revoked"):
        check_credential(own, Trust(mini_ca.trust.anchors_der, (mini_ca.revoke(certificate),)), now)
    another = mini_ca.issue(make_key("p256"), "别人")
    assert check_credential(own, Trust(mini_ca.trust.anchors_der, (mini_ca.revoke(another),)), now) == []
    elsewhere = Trust(mini_ca.trust.anchors_der, (MiniCa(now).revoke(another),))
    assert [f.code for f in check_credential(own, elsewhere, now)] == ["revocation-unknown"]


def test_trust_files_and_folders(mini_ca: MiniCa, tmp_path: Path) -> None:
    pem = mini_ca.certificate.public_bytes(serialization.Encoding.PEM)
    der = mini_ca.certificate.public_bytes(serialization.Encoding.DER)
    (tmp_path / "a.pem").write_bytes(pem)
    (tmp_path / "b.cer").write_bytes(der)
    (tmp_path / "note.txt").write_text("no certificate", encoding="utf-8")
    (tmp_path / "c.crl").write_bytes(mini_ca.revoke(mini_ca.certificate))
    trust = load_trust([tmp_path])
    assert trust.anchors_der == (der,)
    assert len(trust.crls_der) == 1
    assert load_trust([tmp_path / "c.crl"]).anchors_der == ()
    assert trust.example
    with pytest.raises(CredentialError, match="neither"):
        load_trust([tmp_path / "note.txt"])
    with pytest.raises(CredentialError, match="cannot be read"):
        load_trust([tmp_path / "none.pem"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(CredentialError, match="holds no"):
        load_trust([tmp_path / "empty"])


@pytest.mark.parametrize(
    ("holder", "named"),
    [
        ("张伟", True),
        ("张 伟", True),
        ("张伟 ", True),
        ("张伟明", False),
        ("某市绿源（豫州）有限公司", True),
        ("某市绿源(豫州)有限公司", True),
        ("阿卜杜热合曼•买买提", True),
        ("阿卜杜热合曼・买买提", True),
        ("阿卜杜热合曼买买提", False),
        ("John Smith", True),
        ("JohnSmith", False),
        ("", False),
    ],
)
def test_holders(holder: str, named: bool, mini_ca: MiniCa) -> None:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "张伟"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "某市绿源（豫州）有限公司"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "阿卜杜热合曼·买买提"),
            x509.NameAttribute(NameOID.SURNAME, "Smith"),
            x509.NameAttribute(NameOID.GIVEN_NAME, "John"),
        ]
    )
    der = mini_ca.issue(make_key("p256"), "", subject=subject).public_bytes(serialization.Encoding.DER)
    assert names_holder(der, holder) is named


def test_names_keep_compatibility_ideographs() -> None:
    assert normalise_name("\ufa0e") != normalise_name("\uf90a")
    assert normalise_name("李\u3000四") == "李四"
    assert certificate_names(b"no certificate") == ()


def test_weak_certificates_are_refused(now: datetime, tmp_path: Path) -> None:
    arguments = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=old",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]
    subprocess.run(
        ["openssl", "req", "-x509", "-sha1", *arguments], cwd=tmp_path, check=True, capture_output=True
    )
    old = x509.load_pem_x509_certificate((tmp_path / "cert.pem").read_bytes())
    assert str(strength_problem(old)) == "the certificate is signed with SHA1, which is broken"
    short = MiniCa(now).issue(rsa.generate_private_key(65537, 1024), "short")
    assert str(strength_problem(short)) == "the RSA key has 1024 bits, fewer than 2048"
