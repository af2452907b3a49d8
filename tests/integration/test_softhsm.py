"""Keys on a real SoftHSM2; each test has processes of its own, since a module is loaded once a process."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from agreegen.errors import AgreegenError, CredentialError
from agreegen.packaged_data import samples_folder
from agreegen.signing.credentials.pkcs11_tokens import login_problem, token_state
from agreegen.signing.credentials.secrets import BackendConfig
from tests.integration.softhsm_support import (
    MODULE,
    PIN,
    Hsm,
    agreegen,
    in_process,
    new_certificate,
    sign_some,
    verifies,
    write_credential,
)
from tests.unit.signing.conftest import make_pdf

pytestmark = [
    pytest.mark.softhsm,
    pytest.mark.skipif(shutil.which("softhsm2-util") is None, reason="softhsm2 is not installed"),
]


@pytest.mark.parametrize(
    ("choice", "mechanism"),
    [
        ({"label": "rsa"}, "rsa-sha256"),
        ({"label": None, "id": "a1"}, "rsa-sha256"),
        ({"label": "p256"}, "ecdsa-sha256"),
        ({"label": "p384", "id": "a3"}, "ecdsa-sha384"),
        ({"label": None, "id": "A4"}, "ed25519"),
    ],
)
def test_keys_by_label_or_id_sign(hsm: Hsm, choice: dict[str, object], mechanism: str) -> None:
    certificate, signatures, found = in_process(sign_some, hsm.config(**choice), 5)
    assert found == mechanism
    assert len(signatures) == 5
    for number, signature in enumerate(signatures):
        assert verifies(certificate, signature, f"message {number}".encode())
    assert not verifies(certificate, signatures[0], b"message 1")


def sign_digest_info(config: BackendConfig) -> tuple[bytes, bytes]:
    from agreegen.signing.credentials.pkcs11 import Pkcs11Signer, load_pkcs11  # noqa: PLC0415 - in the child only

    loaded = load_pkcs11(config)
    assert isinstance(loaded.signer, Pkcs11Signer)
    loaded.signer._raw_rsa = True  # as after CKR_MECHANISM_INVALID from a token without CKM_SHA256_RSA_PKCS
    return loaded.certificate_der, loaded.signer.sign(b"message")


def test_rsa_by_the_raw_mechanism_is_the_same_signature(hsm: Hsm) -> None:
    certificate, signature = in_process(sign_digest_info, hsm.config())
    assert verifies(certificate, signature, b"message")


def list_labels() -> list[tuple[str, str, str, str]]:
    from agreegen.signing.credentials.pkcs11_tokens import list_module  # noqa: PLC0415 - in the child only

    entries = list_module(Path(MODULE))
    return [(entry.token, entry.kind, entry.label or entry.serial, str(entry.state)) for entry in entries]


def test_listing_shows_tokens_and_certificates_without_a_pin(hsm: Hsm) -> None:
    entries = in_process(list_labels)
    assert {token for token, *_ in entries} == {"seal", "empty"}
    assert {state for _, kind, _, state in entries if kind == "token"} == {"ok"}
    names = {label for token, kind, label, _ in entries if kind == "certificate" and token == "seal"}
    assert names == {"rsa", "p256", "p384", "ed25519"}


def test_a_token_by_serial(hsm: Hsm) -> None:
    serial = next(
        name for token, kind, name, _ in in_process(list_labels) if (token, kind) == ("seal", "token")
    )
    certificate, signatures, _ = in_process(sign_some, hsm.config(token=None, serial=serial), 1)
    assert verifies(certificate, signatures[0], b"message 0")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": "lost"}, "no token lost is plugged in"),
        ({"label": "other"}, "no private key on token seal"),
        ({"label": None}, "4 private keys on token seal"),
        ({"id": "xyz"}, "hexadecimal"),
        ({"module": "libnowhere.so"}, "is not there"),
        ({"module": "pin"}, "cannot be loaded"),
        ({"token": "empty"}, "no private key on token empty"),
        ({"pin": {"env": "AGREEGEN_NO_SUCH_PIN"}}, "is not set"),
    ],
)
def test_what_is_wrong_is_said(hsm: Hsm, settings: dict[str, object], words: str) -> None:
    config = hsm.config(**settings)
    if settings.get("module") == "pin":
        config = hsm.config(module=str(hsm.folder / "pin"))
    with pytest.raises(CredentialError, match=words) as caught:
        in_process(sign_some_or_say, config)
    assert PIN not in str(caught.value)


def sign_some_or_say(config: BackendConfig) -> None:
    try:
        sign_some(config, 1)
    except AgreegenError as exc:
        raise type(exc)(exc.sentence) from None  # travels between processes without its hint


def try_wrong_pin_twice(config: BackendConfig) -> list[str]:
    from agreegen.signing.credentials.pkcs11 import load_pkcs11  # noqa: PLC0415 - in the child only

    said = []
    for _ in range(2):
        try:
            load_pkcs11(config)
        except CredentialError as exc:
            said.append(str(exc))
    return said


def warnings_of(config: BackendConfig) -> list[str]:
    from agreegen.signing.credentials.pkcs11 import load_pkcs11  # noqa: PLC0415 - in the child only

    load_pkcs11(config).signer.close()
    return list(map(str, config.warnings))


def test_a_wrong_pin_is_tried_once(hsm: Hsm) -> None:
    config = hsm.config(pin={"file": "wrong"})
    (hsm.folder / "wrong").write_text("00000")
    (hsm.folder / "wrong").chmod(0o600)
    first, second = in_process(try_wrong_pin_twice, config)
    assert "is wrong" in first
    assert "not tried again" in second
    assert "00000" not in first + second
    assert any("wrong PIN was entered" in warning for warning in in_process(warnings_of, hsm.config()))


def remove_in_the_middle(config: BackendConfig) -> tuple[int, str, float]:
    from agreegen.signing.credentials.pkcs11 import load_pkcs11  # noqa: PLC0415 - in the child only

    signer = load_pkcs11(config).signer
    began, done = datetime.now(UTC), 0
    try:
        for done in range(200):
            signer.sign(b"message")
            if done == 20:
                shutil.rmtree(config.folder / "tokens")
    except CredentialError as exc:
        return done, str(exc), (datetime.now(UTC) - began).total_seconds()
    return done, "", 0.0


@pytest.mark.parametrize("label", ["rsa", "p256", "ed25519"])
def test_a_removed_token_ends_the_signing(hsm: Hsm, label: str) -> None:
    done, said, seconds = in_process(remove_in_the_middle, hsm.config(label=label))
    assert done == 21
    assert "token seal does not sign" in said
    assert seconds < 10


def two_on_one_token(first: BackendConfig, second: BackendConfig) -> list[bool]:
    from agreegen.signing.credentials.pkcs11 import load_pkcs11  # noqa: PLC0415 - in the child only

    one, two = load_pkcs11(first), load_pkcs11(second)
    good = [verifies(key.certificate_der, key.signer.sign(b"m"), b"m") for key in (one, two, one)]
    one.signer.close()
    good.append(verifies(two.certificate_der, two.signer.sign(b"m"), b"m"))
    two.signer.close()
    again = load_pkcs11(first)
    good.append(verifies(again.certificate_der, again.signer.sign(b"m"), b"m"))
    return good


def test_two_credentials_share_a_session(hsm: Hsm) -> None:
    assert in_process(two_on_one_token, hsm.config(), hsm.config(label="p256")) == [True] * 5


def test_two_processes_sign_at_once(hsm: Hsm) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = [pool.submit(sign_some, hsm.config(label="rsa"), 100) for _ in range(2)]
        results = [task.result(timeout=60) for task in runs]
    for certificate, signatures, _ in results:
        assert all(verifies(certificate, s, f"message {n}".encode()) for n, s in enumerate(signatures))


def log_in_again_and_again(ended: Event) -> None:
    from agreegen.signing.credentials.pkcs11_tokens import open_module  # noqa: PLC0415 - in the child only

    while not ended.is_set():
        for slot in open_module(Path(MODULE)).get_slots(token_present=True):
            if slot.get_token().label.strip() == "seal":
                slot.get_token().open(user_pin=PIN).close()
        time.sleep(0.005)


def find_the_seal() -> list[str]:
    from agreegen.signing.credentials.pkcs11_tokens import look_for_tokens, open_module  # noqa: PLC0415 - the same

    found, _ = look_for_tokens(
        open_module(Path(MODULE)), lambda token: token.label.strip() == "seal", restart=True
    )
    return [token.label.strip() for token in found]


def test_a_token_that_others_write_to_is_found(hsm: Hsm) -> None:
    context = multiprocessing.get_context("spawn")
    ended = context.Event()
    writers = [context.Process(target=log_in_again_and_again, args=(ended,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        time.sleep(2)
        for _ in range(20):
            assert in_process(find_the_seal) == ["seal"]
    finally:
        ended.set()
        for writer in writers:
            writer.join()


def sign_after_fork(config: BackendConfig) -> str:
    import os  # noqa: PLC0415 - in the child only

    from agreegen.signing.credentials.pkcs11 import load_pkcs11  # noqa: PLC0415 - in the child only

    signer = load_pkcs11(config).signer
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            signer.sign(b"m")
        except CredentialError as exc:
            os.write(writer, str(exc).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def test_a_forked_process_is_refused(hsm: Hsm) -> None:
    assert "another process" in in_process(sign_after_fork, hsm.config())


def test_a_certificate_file_of_another_key_is_refused(hsm: Hsm) -> None:
    other = new_certificate(rsa.generate_private_key(65537, 2048), "EXAMPLE other")
    (hsm.folder / "other.pem").write_bytes(other.public_bytes(Encoding.PEM))
    with pytest.raises(CredentialError, match="does not belong"):
        in_process(sign_some_or_say, hsm.config(certificate="other.pem"))


@pytest.mark.parametrize(
    ("flags", "state", "allowed"),
    [
        (0x408, "ok", True),
        (0x10408, "PIN was wrong lately", True),
        (0x30408, "one PIN try left", False),
        (0x40408, "PIN locked", False),
        (0x400, "no PIN set", True),
    ],
)
def test_flags_decide_about_the_login(flags: int, state: str, allowed: bool) -> None:
    assert str(token_state(flags)) == state
    assert (login_problem(flags) is None) is allowed


@pytest.mark.parametrize("label", ["rsa", "p256", "p384", "ed25519"])
def test_the_command_signs_many_files_with_one_login(hsm: Hsm, tmp_path: Path, label: str) -> None:
    credential = write_credential(hsm, label=label)
    names = [f"{number}.pdf" for number in range(3)]
    for name in names:
        (tmp_path / name).write_bytes(make_pdf(attachment=False))
    inputs = [tmp_path / name for name in names]
    done = agreegen("sign", *inputs, "-o", f"{tmp_path}/out/", "--role", "unit", "--credential", credential)
    assert done.returncode == 0, done.stderr
    judged = agreegen("verify", tmp_path / "out", "--json")
    files = json.loads(judged.stdout)["files"]
    assert [file["unaltered"] for file in files] == [True] * 3
    assert {file["signatures"][0]["signer"] for file in files} == {f"EXAMPLE {label}"}
    checked = agreegen("credentials", "check", credential)
    assert checked.returncode == 0, checked.stderr


def test_the_command_stops_at_a_wrong_pin(hsm: Hsm, tmp_path: Path) -> None:
    (hsm.folder / "wrong").write_text("00000")
    credential = write_credential(hsm, pin={"file": "wrong"})
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(make_pdf(attachment=False))
    inputs = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    done = agreegen("sign", *inputs, "-o", f"{tmp_path}/out/", "--role", "unit", "--credential", credential)
    assert done.returncode == 6
    assert done.stderr.count("tried once") == 1
    assert "00000" not in done.stderr + done.stdout
    assert not list(tmp_path.glob("out/*"))


def test_the_command_lists_a_module(hsm: Hsm) -> None:
    done = agreegen("credentials", "list", "--module", "libsofthsm2.so", "--json")
    assert done.returncode == 0, done.stderr
    found = {(entry["kind"], entry["token"], entry["label"]) for entry in json.loads(done.stdout)}
    assert ("certificate", "seal", "p256") in found
    assert ("token", "empty", "") in found
    table = agreegen("--lang", "zh", "credentials", "list", "--module", "libsofthsm2.so").stdout
    assert "标签" in table
    assert "，北京时间" in table, "when a certificate ends is told in the reader's zone"


def write_job(hsm: Hsm) -> Path:
    write_credential(hsm)
    shutil.copy(samples_folder() / "enumerators.xlsx", hsm.folder)
    job = hsm.folder / "job.yaml"
    job.write_text(
        "form: personal-pledge\nroster: {file: enumerators.xlsx}\noutput: out\n"
        "signatures: [{role: unit, credential: seal.yaml, level: B-B}]\n",
        encoding="utf-8",
    )
    return job


@pytest.mark.libreoffice
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_batch_ends_when_the_token_goes_and_goes_on_when_it_is_back(hsm: Hsm) -> None:
    job = write_job(hsm)
    tokens, hidden = hsm.folder / "tokens", hsm.folder / "hidden"
    command = [Path(sys.executable).with_name("agreegen"), "batch", "run", job, "--limit", "6", "--workers"]
    running = subprocess.Popen([*map(str, command), "2"], stderr=subprocess.PIPE, text=True)
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    deadline = time.monotonic() + 60
    while len(children.read_text().split()) < 2:  # the workers start after the login
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    tokens.rename(hidden)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 6, said
    assert "token seal does not sign" in said
    assert len(list((hsm.folder / "out").rglob("*.pdf"))) < 6
    hidden.rename(tokens)
    again = agreegen("batch", "run", job, "--limit", "6", "--workers", "2", "--json")
    assert again.returncode == 0, again.stderr
    summary = json.loads(again.stdout.splitlines()[-1])
    assert summary["done"] + summary["already_done"] == 6
    files = json.loads(agreegen("verify", hsm.folder / "out", "--json").stdout)["files"]
    assert [file["unaltered"] for file in files] == [True] * 6


def test_a_batch_tries_a_wrong_pin_once(hsm: Hsm) -> None:
    job = write_job(hsm)
    (hsm.folder / "pin").write_text("00000")
    done = agreegen("batch", "run", job, "--limit", "6", "--workers", "2")
    assert done.returncode == 6
    assert done.stderr.count("is wrong") == 1
    assert not list((hsm.folder / "out").rglob("*.pdf"))
