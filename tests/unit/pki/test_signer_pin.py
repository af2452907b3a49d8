"""A signer is pinned by a certificate file or its fingerprint, and by nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from asn1crypto import pem

from agreegen.errors import InputError
from agreegen.pki.signer_pin import SignerPin
from tests.unit.verification.conftest import Pki


def test_fingerprint_file_and_colons_name_the_same(tmp_path: Path, pki: Pki) -> None:
    der = pki.alice.der
    sha256 = hashlib.sha256(der).hexdigest()
    (tmp_path / "a.pem").write_bytes(pem.armor("CERTIFICATE", der))
    (tmp_path / "a.der").write_bytes(der)
    colons = ":".join(sha256[i : i + 2] for i in range(0, 64, 2)).upper()
    for text in (sha256, colons, str(tmp_path / "a.pem"), str(tmp_path / "a.der")):
        pin = SignerPin.parse(text)
        assert pin.matches(der)
        assert not pin.matches(pki.tsa.der)
        assert not pin.matches(None)


@pytest.mark.parametrize("content", [b"", b"junk", b"two", b"-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_anything_else_is_refused(tmp_path: Path, pki: Pki, content: bytes) -> None:
    if content == b"two":
        content = pem.armor("CERTIFICATE", pki.alice.der) + pem.armor("CERTIFICATE", pki.tsa.der)
    (tmp_path / "x.pem").write_bytes(content)
    with pytest.raises(InputError):
        SignerPin.parse(str(tmp_path / "x.pem"))


@pytest.mark.parametrize("text", ["", "nowhere.pem", "ab" * 31, "ab" * 33, "\0"])
def test_what_is_neither_file_nor_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        SignerPin.parse(text)
