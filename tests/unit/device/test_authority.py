"""The office's authority: its files, and what it certifies."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agreegen.device.authority import Authority, Person
from agreegen.device.authority_files import (
    ROOT_KEY,
    AuthorityPlan,
    key_still_here,
    make_authority,
)
from agreegen.errors import CredentialError, InputError, UsageError
from agreegen.pki.device_certificates import EVIDENCE_DIGEST
from tests.unit.device.conftest import OFFICE, Device, DeviceOffice
from tests.unit.verification.own_files import OwnFiles

DIGEST = "ab" * 32


def plan_for(folder: Path, credential: Path | None = None) -> AuthorityPlan:
    return AuthorityPlan(OFFICE, folder / ROOT_KEY, credential, clock=False, trust=folder)


def issued(authority: Authority, office: DeviceOffice, *, timestamped: bool = True) -> x509.Certificate:
    device, person = Device(), office.person
    proof = device.sign(authority.request_info(person, device.public))
    der = authority.issue(person, device.public, proof, DIGEST, now=office.now, timestamped=timestamped)
    return x509.load_der_x509_certificate(der)


def test_a_certificate_lasts_ten_minutes(authority: Authority, office: DeviceOffice) -> None:
    certificate = issued(authority, office)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(minutes=10)
    assert certificate.subject.rfc4514_string().count(office.person.name) == 1
    extension = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(EVIDENCE_DIGEST))
    assert isinstance(extension.value, x509.UnrecognizedExtension)
    assert extension.value.value == b"\x0c\x40" + DIGEST.encode()
    issuer = x509.load_der_x509_certificate(authority.issuing_der)
    certificate.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(x509.load_der_x509_certificate(authority.root_der))


def test_without_timestamps_it_lasts_as_long_as_its_issuer(
    authority: Authority, office: DeviceOffice
) -> None:
    assert issued(authority, office, timestamped=False).not_valid_after_utc == authority.ends


def test_the_roots_key_is_written_apart_and_for_its_owner_only(tmp_path: Path, own_files: OwnFiles) -> None:
    folder, stick = tmp_path / "authority", tmp_path / "stick"
    stick.mkdir()
    files = make_authority(folder, plan_for(stick), now=own_files.now)
    assert files[0] == stick / ROOT_KEY
    assert not key_still_here(folder)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


def test_a_key_that_nobody_took_away_is_told(tmp_path: Path, own_files: OwnFiles) -> None:
    folder = tmp_path / "authority"
    make_authority(
        folder, AuthorityPlan(OFFICE, folder / ROOT_KEY, None, clock=False, trust=tmp_path), now=own_files.now
    )
    assert list(key_still_here(folder)) == [folder / ROOT_KEY]


def test_an_authority_is_never_replaced(tmp_path: Path, own_files: OwnFiles) -> None:
    make_authority(tmp_path / "authority", plan_for(tmp_path), now=own_files.now)
    (tmp_path / ROOT_KEY).unlink()
    with pytest.raises(UsageError, match="already"):
        make_authority(tmp_path / "authority", plan_for(tmp_path), now=own_files.now)


@pytest.mark.parametrize("name", ["unit-seal", "archive-seal"])
def test_the_issuing_key_lies_in_a_credential_of_any_kind(
    tmp_path: Path, office: DeviceOffice, name: str
) -> None:
    plan = plan_for(tmp_path, office.files.pki.credential(name))
    make_authority(tmp_path / "authority", plan, now=office.now)
    with Authority.load(tmp_path / "authority") as authority:
        issued(authority, office).verify_directly_issued_by(
            x509.load_der_x509_certificate(authority.issuing_der)
        )


def test_another_key_than_the_authoritys_is_refused(tmp_path: Path, office: DeviceOffice) -> None:
    folder = tmp_path / "authority"
    make_authority(folder, plan_for(tmp_path), now=office.now)
    seal = office.files.pki.credential("unit-seal")
    (folder / "authority.yaml").write_text(f"office: {OFFICE}\ncredential: {seal}\n")
    with pytest.raises(CredentialError, match="does not hold"):
        Authority.load(folder)


def test_an_office_without_authority_is_told_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CredentialError) as caught:
        Authority.load(tmp_path)
    assert "web authority init" in str(caught.value.hint)


OTHER_KEYS = {
    "P-384": ec.generate_private_key(ec.SECP384R1()).public_key(),
    "Ed25519": ed25519.Ed25519PrivateKey.generate().public_key(),
}


@pytest.mark.parametrize("name", OTHER_KEYS)
def test_other_keys_are_refused(authority: Authority, name: str) -> None:
    key = OTHER_KEYS[name].public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="P-256"):
        authority.request_info(Person("张伟"), key)


@pytest.mark.parametrize("key", [b"", b"\x30\x00", b"key"])
def test_what_is_no_key_is_refused(authority: Authority, key: bytes) -> None:
    with pytest.raises(InputError):
        authority.request_info(Person("张伟"), key)


@pytest.mark.parametrize("name", ["", "x" * 41, "a\nb"])
def test_a_name_that_certificates_cannot_show_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        AuthorityPlan(name, tmp_path / ROOT_KEY, None, clock=False, trust=tmp_path)
