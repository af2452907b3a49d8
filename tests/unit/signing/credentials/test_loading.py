"""Credential files: every kind of file key, every way to be wrong, and no secret in any message."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_der_x509_certificate as load_der
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreegen.errors import CredentialError, ExitCode
from agreegen.signing.certificate_checks import try_credential
from agreegen.signing.credentials.kinds import KINDS
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.credentials.secrets import BackendConfig
from agreegen.signing.interface import Mechanism
from tests.unit.signing.conftest import MiniCa, make_key, write_pem

SECRET = "geheim-4711"
P12 = "kind: pkcs12\nfile: seal.p12\npassphrase: "


@pytest.fixture
def folder(tmp_path: Path, mini_ca: MiniCa) -> Path:
    """A folder with a PKCS#12 file, a passphrase file and a credential for them."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = mini_ca.issue(key, "张伟")
    data = pkcs12.serialize_key_and_certificates(
        b"seal",
        key,
        certificate,
        [mini_ca.certificate],
        serialization.BestAvailableEncryption(SECRET.encode()),
    )
    (tmp_path / "seal.p12").write_bytes(data)
    (tmp_path / "seal.pass").write_text(SECRET + "\n", encoding="utf-8")
    for name in ("seal.p12", "seal.pass"):
        (tmp_path / name).chmod(0o600)
    write(tmp_path, "kind: pkcs12\nfile: seal.p12\npassphrase: {file: seal.pass}\n")
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "seal.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "mechanism"),
    [
        ("rsa2048", Mechanism.RSA_SHA256),
        ("p256", Mechanism.ECDSA_SHA256),
        ("p384", Mechanism.ECDSA_SHA384),
        ("ed25519", Mechanism.ED25519),
    ],
)
def test_pem_keys_sign(kind: str, mechanism: Mechanism, mini_ca: MiniCa, tmp_path: Path) -> None:
    key = make_key(kind)
    credential = load_credential(write_pem(tmp_path, key, mini_ca.issue(key, "张伟")))
    assert credential.signer.mechanism is mechanism
    assert not KINDS[credential.kind].needs_one_thread
    try_credential(credential)
    credential.close()
    with pytest.raises(CredentialError, match="closed"):
        try_credential(credential)


def test_the_files_of_a_key_are_beside_its_credential_wherever_one_stands(
    mini_ca: MiniCa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seals").mkdir()
    key = make_key("p256")
    path = write_pem(tmp_path / "seals", key, mini_ca.issue(key, "张伟"))
    monkeypatch.chdir(tmp_path)
    load_credential(path.relative_to(tmp_path)).close()


def test_pkcs12_with_chain(folder: Path, mini_ca: MiniCa) -> None:
    credential = load_credential(folder / "seal.yaml")
    assert credential.kind == "pkcs12"
    assert credential.chain_der == (mini_ca.certificate.public_bytes(serialization.Encoding.DER),)
    assert credential.warnings == ()
    assert SECRET not in repr(credential)
    try_credential(credential)


def test_secrets_from_environment_and_prompt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAL_PASSPHRASE", SECRET)
    load_credential(write(folder, "kind: pkcs12\nfile: seal.p12\npassphrase: {env: SEAL_PASSPHRASE}\n"))
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return SECRET

    prompting = write(folder, "kind: pkcs12\nfile: seal.p12\npassphrase: {prompt: true}\n")
    load_credential(prompting, prompt=answer)
    assert asked == ["passphrase of seal"]
    with pytest.raises(CredentialError, match="nobody is there"):
        load_credential(prompting)


def test_secrets_with_a_nul_are_refused_unspoken(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The library below would break down over it and print what the file holds."""
    (folder / "seal.pass").write_bytes(b"half of\0a secret")
    with pytest.raises(CredentialError, match="passphrase holds a NUL character"):
        load_credential(write(folder, P12 + "{file: seal.pass}\n"))
    assert "half of" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("reader", ["load_pkcs12", "load_pem"])
def test_a_breakdown_of_the_library_is_a_clear_error_and_prints_nothing(
    reader: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real panic, provoked by what `read_secret` would refuse."""
    monkeypatch.setattr(BackendConfig, "read_secret_or_none", lambda *_: "half of\0a secret")
    if reader == "load_pem":
        (folder / "cert.pem").write_bytes(b"")
        monkeypatch.setattr(serialization, "load_der_private_key", pkcs12.load_pkcs12)
        config = write(folder, "kind: pem\nkey: seal.p12\ncertificate: cert.pem\n")
    else:
        config = write(folder, P12 + "{file: seal.pass}\n")
    with pytest.raises(CredentialError, match="breaks the library") as caught:
        load_credential(config)
    assert "half of" not in "".join(traceback.format_exception(caught.value))
    assert "".join(capfd.readouterr()) == ""


def test_loose_permissions_are_a_warning(folder: Path) -> None:
    (folder / "seal.p12").chmod(0o644)
    (folder / "seal.pass").chmod(0o640)
    assert len(load_credential(folder / "seal.yaml").warnings) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{P12}{SECRET}\n", "secrets never do"),
        (
            "kind: pkcs12\nfile: seal.p12\npassphrase: {env: NO_SUCH_VARIABLE}\n",
            "NO_SUCH_VARIABLE is not set",
        ),
        (P12 + "{file: none.pass}\n", "cannot be read"),
        (P12 + "{env: A, file: b}\n", "one source"),
        (P12 + "{file: seal.yaml}\n", "wrong passphrase"),
        ("kind: pkcs12\nfile: seal.p12\n", "needs a passphrase"),
        ("kind: pkcs12\nfile: seal.yaml\n", "not a PKCS#12 file"),
        ("kind: pkcs12\nfile: none.p12\n", "cannot be read"),
        ("kind: pkcs12\n", "file is missing"),
        ("kind: pkcs12\nfile: seal.p12\npasphrase: {env: A}\n", "unknown setting pasphrase"),
        ("kind: magic\n", "unknown kind 'magic'"),
        ("file: seal.p12\n", "no kind"),
        ("kind: pkcs12\nkind: pem\n", "not a YAML file"),
        ("- a\n- b\n", "not a credential file"),
        (f"passphrase: [{SECRET}\n", "not a YAML file"),
        (
            "kind: pkcs12\nfile: seal.p12\npassphrase: {file: seal.pass}\nappearance: {seal: no.png}\n",
            "no.png",
        ),
        (P12 + "{file: seal.pass}\nappearance: seal.png\n", "appearance"),
        (
            "kind: pkcs12\nfile: seal.p12\npassphrase: {file: seal.pass}\nchain: [seal.pass]\n",
            "no certificate",
        ),
    ],
)
def test_what_is_wrong_is_said(folder: Path, text: str, message: str) -> None:
    with pytest.raises(CredentialError, match=message) as caught:
        load_credential(write(folder, text))
    assert caught.value.exit_code is ExitCode.SIGNING
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_pem_failures(mini_ca: MiniCa, tmp_path: Path) -> None:
    key, other = make_key("p256"), make_key("p256")
    path = write_pem(tmp_path, key, mini_ca.issue(other, "别人"))
    with pytest.raises(CredentialError, match="no certificate"):
        load_credential(path)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(SECRET.encode()),
    )
    (tmp_path / "key.pem").write_bytes(encrypted)
    (tmp_path / "cert.pem").write_bytes(mini_ca.issue(key, "张伟").public_bytes(serialization.Encoding.PEM))
    with pytest.raises(CredentialError, match="encrypted"):
        load_credential(path)
    (tmp_path / "key.pass").write_text("wrong", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + "passphrase: {file: key.pass}\n", encoding="utf-8")
    with pytest.raises(CredentialError, match="wrong passphrase"):
        load_credential(path)
    (tmp_path / "key.pass").write_text(SECRET, encoding="utf-8")
    try_credential(load_credential(path))


@pytest.mark.parametrize("kind", ["short-rsa", "other-curve"])
def test_unsupported_keys(kind: str, mini_ca: MiniCa, tmp_path: Path) -> None:
    key = (
        rsa.generate_private_key(65537, 1024)
        if kind == "short-rsa"
        else ec.generate_private_key(ec.SECP521R1())
    )
    with pytest.raises(CredentialError, match=r"1024 bits|secp521r1"):
        load_credential(write_pem(tmp_path, key, mini_ca.issue(key, "张伟")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), change=st.integers(1, 255), cut=st.booleans())
def test_damaged_files_end_in_a_clear_error(folder: Path, position: int, change: int, cut: bool) -> None:
    whole = (folder / "seal.p12").read_bytes()
    damaged = bytearray(whole)
    damaged[position % len(whole)] ^= change
    target = folder / "damaged.p12"
    target.write_bytes(bytes(damaged[: position % len(whole)] if cut else damaged))
    path = folder / "damaged.yaml"
    path.write_text("kind: pkcs12\nfile: damaged.p12\npassphrase: {file: seal.pass}\n", encoding="utf-8")
    try:
        loaded = load_credential(path)
    except CredentialError as exc:
        loaded, message = None, exc.message
    assert (loaded is not None and load_der(loaded.certificate_der)) or str(path) in message


def test_tokens_lock_themselves_and_like_services_stay_with_one_thread() -> None:
    """What a batch does with a key follows from this table alone, never from words in the file."""
    assert [kind.name for kind in KINDS.values() if kind.locks_itself] == ["pkcs11"]
    assert [kind.name for kind in KINDS.values() if kind.needs_one_thread] == ["pkcs11", "csc"]
