"""Key files that ask for hours of work are refused before any is done."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from asn1crypto import core, keys, pem, pkcs12
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization import pkcs12 as writer

from agreegen.errors import CredentialError
from agreegen.foreign.confinement import Confinement
from agreegen.foreign.limits import Limits
from agreegen.messages import foreign_text
from agreegen.signing.credentials import secrets
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.credentials.passphrase_rounds import MOST_ROUNDS, TooSlowError, check_rounds
from agreegen.signing.credentials.secrets import BackendConfig

_MANY = 2**31 - 1


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def protected_key(rounds: int) -> bytes:
    """Return an encrypted PKCS#8 key, DER, that states so many rounds."""
    plain = _key().private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    info = keys.EncryptedPrivateKeyInfo.load(plain)
    derivation = info["encryption_algorithm"]["parameters"]["key_derivation_func"]["parameters"]
    derivation["iteration_count"] = rounds
    return bytes(info.dump(force=True))


def protected_store(*, mac: int | None = None, bag: int | None = None) -> bytes:
    """Return a PKCS#12 file whose digest and whose key state so many rounds."""
    data = writer.serialize_key_and_certificates(b"k", _key(), None, None, BestAvailableEncryption(b"x"))
    pfx = pkcs12.Pfx.load(data)
    if mac is not None:
        pfx["mac_data"]["iterations"] = mac
    if bag is not None:
        safes = pkcs12.AuthenticatedSafe.load(pfx["auth_safe"]["content"].native)
        contents = pkcs12.SafeContents.load(safes[0]["content"].native)
        contents[0]["bag_value"]["encryption_algorithm"]["parameters"]["key_derivation_func"]["parameters"][
            "iteration_count"
        ] = bag
        safes[0]["content"] = core.OctetString(contents.dump(force=True))
        pfx["auth_safe"]["content"] = core.OctetString(safes.dump(force=True))
    return bytes(pfx.dump(force=True))


def _scrypt(cost: int) -> bytes:
    info = keys.EncryptedPrivateKeyInfo.load(protected_key(1000))
    body = core.Sequence(contents=b"".join(core.Integer(n).dump() for n in (cost, 8, 1)))
    kdf = core.ObjectIdentifier("1.3.6.1.4.1.11591.4.11").dump() + body.dump()
    cipher = info["encryption_algorithm"]["parameters"]["encryption_scheme"].dump()
    outer = core.Sequence(contents=core.Sequence(contents=kdf).dump() + cipher).dump()
    algorithm = core.Sequence(contents=core.ObjectIdentifier("1.2.840.113549.1.5.13").dump() + outer).dump()
    return bytes(core.Sequence(contents=algorithm + info["encrypted_data"].dump()).dump())


@pytest.mark.parametrize(
    "data",
    [
        protected_key(_MANY),
        pem.armor("ENCRYPTED PRIVATE KEY", protected_key(_MANY)),
        protected_store(mac=_MANY),
        protected_store(bag=_MANY),
        protected_store(mac=MOST_ROUNDS // 2 + 1, bag=MOST_ROUNDS // 2 + 1),
        _scrypt(1 << 30),
    ],
    ids=["pkcs8", "pem", "mac", "bag", "sum", "scrypt"],
)
def test_more_work_than_the_limit_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(TooSlowError, match="asks for"):
        check_rounds(data)
    (tmp_path / "k").write_bytes(data)
    (tmp_path / "pass").write_text("x")
    for kind in (
        "kind: pkcs12\nfile: k\npassphrase: {file: pass}\n",
        "kind: pem\nkey: k\ncertificate: k\npassphrase: {file: pass}\n",
        "kind: sm2\nfile: k\npassphrase: {file: pass}\n",
    ):
        (tmp_path / "c.yaml").write_text(kind)
        begun = time.monotonic()
        with pytest.raises(CredentialError, match="asks for"):
            load_credential(tmp_path / "c.yaml")
        assert time.monotonic() - begun < 5


def test_ordinary_protection_is_seen_and_passes() -> None:
    assert check_rounds(protected_key(600_000))
    assert check_rounds(protected_store(mac=600_000, bag=600_000))
    assert check_rounds(_scrypt(1 << 14))
    assert not check_rounds(b"")
    assert not check_rounds(b"\x30\x80\x02\x01\x03")


def _endless(_data: bytes, _passphrase: str | None) -> None:
    while True:
        pass


def test_work_that_cannot_be_seen_is_tried_in_a_confined_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Confinement(Limits(cpu_s=1))
    monkeypatch.setattr(secrets, "shared", lambda _limits: room)
    (tmp_path / "k").write_bytes(b"\x30\x80\x02\x01\x03")
    config = BackendConfig(tmp_path / "c.yaml", "pkcs12", {})
    with pytest.raises(CredentialError, match="more time"):
        config.read_key(tmp_path / "k", foreign_text("key file"), _endless)
    room.close()
