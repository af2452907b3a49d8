"""The example PKI: complete, ready for use, refused elsewhere, and judged by openssl."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import NameOID
from PIL import Image

from agreegen.errors import InputError, UsageError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.pictures import draw_seal, draw_signature
from agreegen.example_pki.subjects import PARTY_A, PARTY_B, PARTY_B_REPRESENTATIVE, PEOPLE
from agreegen.packaged_data import samples_folder
from agreegen.signing.certificate_checks import check_credential, try_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.trust import load_trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIXED = {
    "unit-seal": PARTY_A,
    "archive-seal": PARTY_A,
    "party-a-seal": PARTY_A,
    "party-a-representative": None,
    "party-b-seal": PARTY_B,
    "party-b-representative": PARTY_B_REPRESENTATIVE,
}
PICTURED = 40_000
"""Pixels that a seal's ink covers at least, out of 246,016."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    return make_example_pki(tmp_path_factory.mktemp("pki") / "ca", now=NOW, key_bits=2048)


def open_bundle(credential: Path) -> tuple[rsa.RSAPrivateKey, x509.Certificate, list[x509.Certificate]]:
    settings = yaml.safe_load(credential.read_text(encoding="utf-8"))
    assert settings["kind"] == "pkcs12"
    passphrase = (credential.parent / settings["passphrase"]["file"]).read_bytes().strip()
    bundle = (credential.parent / settings["file"]).read_bytes()
    key, certificate, others = pkcs12.load_key_and_certificates(bundle, passphrase)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate is not None
    assert (credential.parent / settings["appearance"]["seal"]).is_file()
    return key, certificate, others


@pytest.mark.parametrize("name", [*FIXED, *(f"people/{number}" for number, _ in PEOPLE)])
def test_each_credential_opens_and_names_its_holder(pki: ExamplePki, name: str) -> None:
    key, certificate, others = open_bundle(pki.credential(name))
    assert key.public_key() == certificate.public_key()
    common_name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    expected = FIXED.get(name) or dict(PEOPLE).get(name.removeprefix("people/"))
    if expected:
        assert common_name == expected
    assert "EXAMPLE" in certificate.subject.rfc4514_string()
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert [other.subject for other in others] == [certificate.issuer]


def test_secrets_are_for_the_owner_only(pki: ExamplePki) -> None:
    secret = [p for p in pki.folder.rglob("*") if p.suffix in {".p12", ".pass", ".key"}]
    assert len(secret) == 2 * 18 + 4 + 3 + 2  # bundles, passphrases; RSA or P-256 keys; SM2 keys; recipients
    assert {p.stat().st_mode & 0o777 for p in secret} == {0o600}
    assert pki.keys.stat().st_mode & 0o777 == 0o700


def test_trust_holds_the_roots_and_the_lists_only(pki: ExamplePki) -> None:
    sm2 = {"sm2-root.pem", "sm2-root.crl", "sm2-ca.crl"}
    assert {p.name for p in pki.trust.iterdir()} == {"root.pem", "root.crl", "ca.crl", *sm2}
    root = x509.load_pem_x509_certificate((pki.trust / "root.pem").read_bytes())
    assert root.issuer == root.subject
    assert b"PRIVATE" not in b"".join(p.read_bytes() for p in pki.trust.iterdir())


def test_every_credential_loads_and_passes_its_checks(pki: ExamplePki) -> None:
    trust = load_trust([pki.trust])
    assert trust.example
    for path in sorted(pki.credentials.rglob("*.yaml")):
        credential = load_credential(path)
        findings = check_credential(credential, trust, NOW)
        try_credential(credential)
        assert [finding.code for finding in findings] == ["example-trust"], path


def test_the_sample_files_name_the_holders() -> None:
    for name in ("confidentiality-agreement", "data-use-agreement"):
        values = yaml.safe_load((samples_folder() / f"{name}.yaml").read_text("utf-8"))
        assert (values["party_a_name"], values["party_b_name"]) == (PARTY_A, PARTY_B)
        assert values.get("party_b_representative", PARTY_B_REPRESENTATIVE) == PARTY_B_REPRESENTATIVE
    sheet = openpyxl.load_workbook(samples_folder() / "enumerators.xlsx", read_only=True).worksheets[0]
    people = {str(row[0]): str(row[1]) for row in sheet.iter_rows(values_only=True)}
    for number, person in PEOPLE:
        assert people[number].replace(" ", "") == person


def test_openssl_accepts_every_chain_with_revocation(pki: ExamplePki, tmp_path: Path) -> None:
    leaves = [pki.keys / "tsa.pem", pki.keys / "ocsp.pem"]
    for name in FIXED:
        _, certificate, _ = open_bundle(pki.credential(name))
        leaves.append(tmp_path / f"{name}.pem")
        leaves[-1].write_bytes(certificate.public_bytes(Encoding.PEM))
    moment = str(int(NOW.timestamp()) + 60)
    arguments = ["openssl", "verify", "-x509_strict", "-crl_check_all", "-attime", moment]
    arguments += ["-CAfile", str(pki.trust / "root.pem"), "-untrusted", str(pki.keys / "ca.pem")]
    arguments += ["-CRLfile", str(pki.trust / "root.crl"), "-CRLfile", str(pki.trust / "ca.crl")]
    done = subprocess.run([*arguments, *map(str, leaves)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(leaves)


def test_addresses_name_the_port(tmp_path: Path) -> None:
    pki = make_example_pki(tmp_path / "ca", now=NOW, key_bits=1024, people=(("X1", "张三"),), port=9123)
    assert pki.tsa_url == "http://127.0.0.1:9123/tsa"
    _, certificate, _ = open_bundle(pki.credential("people/X1"))
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert points[0].full_name is not None
    assert points[0].full_name[0].value == "http://127.0.0.1:9123/crl/ca.crl"
    assert ExamplePki.from_folder(tmp_path / "ca") == pki


def test_a_folder_with_other_things_is_refused_even_with_force(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        make_example_pki(tmp_path, now=NOW, key_bits=1024, people=(), force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_an_example_pki_is_replaced_with_force_only(tmp_path: Path) -> None:
    make_example_pki(tmp_path / "ca", now=NOW, key_bits=1024, people=())
    root = (tmp_path / "ca/trust/root.pem").read_bytes()
    with pytest.raises(UsageError, match="already"):
        make_example_pki(tmp_path / "ca", now=NOW, key_bits=1024, people=())
    assert (tmp_path / "ca/trust/root.pem").read_bytes() == root
    make_example_pki(tmp_path / "ca", now=NOW, key_bits=1024, people=(), force=True)
    assert (tmp_path / "ca/trust/root.pem").read_bytes() != root
    assert [p.name for p in tmp_path.iterdir()] == ["ca"]


def test_no_example_pki_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no example PKI"):
        ExamplePki.from_folder(tmp_path)


def test_a_seal_is_round_red_and_transparent() -> None:
    picture = Image.open(io.BytesIO(draw_seal(PARTY_A)))
    assert picture.mode == "RGBA"
    assert picture.size == (496, 496)  # 42 mm at 300 dots an inch
    assert picture.getpixel((2, 2))[3] == 0  # type: ignore[index]
    red, green, blue, alpha = picture.getpixel((248, 200))  # type: ignore[misc]
    assert alpha == 255
    assert red > 2 * max(green, blue)
    assert sum(picture.getchannel("A").histogram()[64:]) > PICTURED


def test_two_names_make_two_signatures() -> None:
    first, second = draw_signature("李秀英"), draw_signature("阿卜杜热合曼·买买提")
    assert Image.open(io.BytesIO(first)).width < Image.open(io.BytesIO(second)).width
