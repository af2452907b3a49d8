"""Detached CAdES signatures, judged by openssl."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.detached import sign_detached, timestamp_data
from agreegen.signing.interface import Credential, TimestampServer, Trust
from tests.unit.signing.conftest import MiniCa, make_key, write_pem

DATA = b"8a1c  bag-info.txt\n"


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)


def verify(folder: Path, signature: bytes, anchor: Path, data: bytes = DATA) -> bool:
    (folder / "data").write_bytes(data)
    (folder / "data.p7s").write_bytes(signature)
    arguments = ("-in", folder / "data.p7s", "-content", folder / "data", "-CAfile", anchor)
    done = openssl(
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        *arguments,
        "-purpose",
        "any",
        "-cades",
        "-out",
        "/dev/null",
    )
    return done.returncode == 0


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
def test_openssl_accepts_every_key_type(kind: str, mini_ca: MiniCa, now: datetime, tmp_path: Path) -> None:
    key = make_key(kind)
    credential = load_credential(write_pem(tmp_path / "key", key, mini_ca.issue(key, "档案")))
    anchor = tmp_path / "root.pem"
    write_pem(tmp_path / "root", mini_ca.key, mini_ca.certificate)
    anchor.write_bytes((tmp_path / "root" / "cert.pem").read_bytes())
    signature = sign_detached(DATA, credential, now)
    assert verify(tmp_path, signature, anchor)
    assert not verify(tmp_path, signature, anchor, DATA + b" ")


def test_timestamps_are_good_for_openssl(
    seal: Credential, pki: ExamplePki, trust: Trust, now: datetime, services: Responder, tmp_path: Path
) -> None:
    server = TimestampServer(services.tsa_url)
    anchors = tmp_path / "anchors.pem"
    anchors.write_bytes(b"".join(path.read_bytes() for path in sorted(pki.trust.glob("*.pem"))))
    signature = sign_detached(DATA, seal, now, (server,), trust=trust)
    assert verify(tmp_path, signature, anchors)
    assert len(signature) > len(sign_detached(DATA, seal, now)) + 1000
    token = tmp_path / "data.tsr"
    token.write_bytes(timestamp_data(DATA, (server,), trust=trust))
    arguments = ("-data", tmp_path / "data", "-in", token, "-token_in", "-CAfile", anchors)
    assert openssl("ts", "-verify", *arguments).returncode == 0
