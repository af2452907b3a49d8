"""Tokens of a real SoftHSM2, with keys and certificates of every kind that it has."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import yaml
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agreegen.signing.credentials.secrets import BackendConfig

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "73915"
T = TypeVar("T")
TokenKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Hsm:
    """A SoftHSM of one test module: where its tokens are, and the credential settings that fit."""

    folder: Path

    def config(self, **settings: object) -> BackendConfig:
        (self.folder / "pin").write_text(PIN)
        (self.folder / "pin").chmod(0o600)
        base: dict[str, object] = {"module": MODULE, "token": "seal", "label": "rsa", "pin": {"file": "pin"}}
        kept = {name: value for name, value in {**base, **settings}.items() if value is not None}
        return BackendConfig(self.folder / "seal.yaml", "pkcs11", kept)


def new_certificate(key: TokenKey, name: str) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    return builder.not_valid_after(now + timedelta(days=365)).sign(
        key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    )


def run(*arguments: str | Path) -> None:
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def add_key(folder: Path, token: str, label: str, identifier: str, key: TokenKey) -> None:
    key_file, certificate_file = folder / f"{label}.key", folder / f"{label}.der"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(new_certificate(key, f"EXAMPLE {label}").public_bytes(Encoding.DER))
    names = ["--token", token, "--label", label, "--id", identifier]
    run("softhsm2-util", "--import", key_file, *names, "--pin", PIN)
    tool = ["pkcs11-tool", "--module", MODULE, "--token-label", token, "--login", "--pin", PIN]
    run(*tool, "--write-object", certificate_file, "--type", "cert", "--label", label, "--id", identifier)


def make_tokens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Hsm:
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
    for token in ("seal", "empty"):
        run("softhsm2-util", "--init-token", "--free", "--label", token, "--pin", PIN, "--so-pin", "11111111")
    add_key(folder, "seal", "rsa", "a1", rsa.generate_private_key(65537, 2048))
    add_key(folder, "seal", "p256", "a2", ec.generate_private_key(ec.SECP256R1()))
    add_key(folder, "seal", "p384", "a3", ec.generate_private_key(ec.SECP384R1()))
    add_key(folder, "seal", "ed25519", "a4", ed25519.Ed25519PrivateKey.generate())
    return Hsm(folder)


def in_process(task: Callable[..., T], *arguments: object) -> T:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result(timeout=60)


def verifies(certificate_der: bytes, signature: bytes, message: bytes) -> bool:
    key = x509.load_der_x509_certificate(certificate_der).public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            assert isinstance(key, ec.EllipticCurvePublicKey)
            wide = isinstance(key.curve, ec.SECP384R1)
            key.verify(signature, message, ec.ECDSA(hashes.SHA384() if wide else hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def sign_some(config: BackendConfig, count: int) -> tuple[bytes, list[bytes], str]:
    from agreegen.signing.credentials.pkcs11 import load_pkcs11  # noqa: PLC0415 - in the child only

    loaded = load_pkcs11(config)
    signatures = loaded.signer.sign_many([f"message {number}".encode() for number in range(count)])
    loaded.signer.close()
    return loaded.certificate_der, signatures, loaded.signer.mechanism.value


def agreegen(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("agreegen")
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)


def write_credential(hsm: Hsm, **changes: object) -> Path:
    path = hsm.folder / "seal.yaml"
    config = hsm.config(**changes)
    path.write_text(yaml.safe_dump({"kind": "pkcs11", **config.settings}), encoding="utf-8")
    return path
