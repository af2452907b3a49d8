"""The office's own certificate for HTTPS: good for its network, for nothing else, and renewed in time."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from agreegen.device.office_tls import ROOT_KEY, OfficeTls, office_tls, read_tls_root

NOW = datetime.now(UTC)
HOSTS = ("10.1.2.3", "office.lan", "census.example")


def make(folder: Path, hosts: tuple[str, ...] = HOSTS, now: datetime = NOW) -> OfficeTls:
    return office_tls(folder, "豫州市普查办公室", hosts, now=now)


def judged(tls: OfficeTls, leaf: Path, *names: str) -> bool:
    """Ask openssl, as a browser would ask: chain, purpose, name, constraints."""
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", str(tls.root)]
    done = subprocess.run([*command, *names, str(leaf)], capture_output=True, text=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("name", [("-verify_ip", "10.1.2.3"), ("-verify_hostname", "census.example")])
def test_openssl_takes_it_for_each_host(tmp_path: Path, name: tuple[str, str]) -> None:
    tls = make(tmp_path)
    assert judged(tls, tls.certificate, *name)
    assert not judged(tls, tls.certificate, name[0], "10.9.9.9" if "ip" in name[0] else "bank.example")
    assert tls.key.stat().st_mode & 0o77 == 0
    assert (tmp_path / ROOT_KEY).stat().st_mode & 0o77 == 0


def test_the_root_can_stand_for_no_site_of_the_internet(tmp_path: Path) -> None:
    tls = make(tmp_path)
    root = x509.load_pem_x509_certificate(tls.root.read_bytes())
    root_key = load_pem_private_key((tmp_path / ROOT_KEY).read_bytes(), None)
    assert isinstance(root_key, ec.EllipticCurvePrivateKey)
    for name, good in (("bank.example", False), ("www.census.example", True), ("printer.lan", True)):
        key = ec.generate_private_key(ec.SECP256R1())
        builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(root.subject)
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=2))
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
        forged = tmp_path / "forged.pem"
        forged.write_bytes(builder.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))
        chained = ["openssl", "verify", "-purpose", "sslserver", "-CAfile", str(tls.root), str(forged)]
        assert (subprocess.run(chained, capture_output=True, check=False).returncode == 0) is good, name


def test_it_stays_until_it_must_change(tmp_path: Path) -> None:
    first = make(tmp_path)
    certificate = first.certificate.read_bytes()
    assert make(tmp_path, now=NOW + timedelta(days=300)) == first
    assert first.certificate.read_bytes() == certificate
    # A name that the constraints permit needs a new certificate, but devices keep the root.
    assert make(tmp_path, (*HOSTS, "tablet.lan", "192.168.1.7")).fingerprint == first.fingerprint
    assert first.certificate.read_bytes() != certificate
    renewed = first.certificate.read_bytes()
    assert make(tmp_path, (*HOSTS, "tablet.lan", "192.168.1.7"), NOW + timedelta(days=380)) == first
    assert first.certificate.read_bytes() != renewed
    # Another name of the internet is one that the root does not permit.
    assert make(tmp_path, (*HOSTS, "other.example")).fingerprint != first.fingerprint


def test_the_root_is_given_out_with_its_fingerprint(tmp_path: Path) -> None:
    assert read_tls_root(tmp_path) is None
    tls = make(tmp_path)
    found = read_tls_root(tmp_path)
    assert found is not None
    der, fingerprint = found
    assert fingerprint == tls.fingerprint
    (tmp_path / "root.der").write_bytes(der)
    shown = subprocess.run(
        [
            "openssl",
            "x509",
            "-inform",
            "DER",
            "-in",
            tmp_path / "root.der",
            "-noout",
            "-fingerprint",
            "-sha256",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip().endswith(fingerprint)
