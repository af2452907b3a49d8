"""Which token is logged in to, and with whose PIN: equal labels, no token, sources of a PIN, PIN flags."""

from __future__ import annotations

import os
import pty
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pkcs11
import pytest

from agreegen.errors import AgreegenError, CredentialError
from agreegen.signing.credentials.pkcs11 import _log_in
from agreegen.signing.credentials.secrets import BackendConfig
from tests.integration.softhsm_support import PIN, Hsm, agreegen, in_process, run, sign_some, write_credential

pytestmark = [
    pytest.mark.softhsm,
    pytest.mark.skipif(shutil.which("softhsm2-util") is None, reason="softhsm2 is not installed"),
]


def say(config: BackendConfig) -> str:
    try:
        sign_some(config, 1)
    except AgreegenError as exc:
        return f"{exc.message} {exc.hint}"
    return "signed"


def test_tokens_with_equal_labels_are_told_apart_by_serial(hsm: Hsm) -> None:
    run("softhsm2-util", "--init-token", "--free", "--label", "seal", "--pin", PIN, "--so-pin", "11111111")
    said = in_process(say, hsm.config())
    assert "2 tokens fit seal" in said
    assert "serial:" in said
    listed = agreegen("credentials", "list", "--module", "libsofthsm2.so", "--json").stdout
    assert listed.count('"kind": "token"') == 3
    owner = next(line for line in listed.split("{") if '"label": "rsa"' in line)
    serial = owner.split('"serial": "')[1].split('"')[0]
    assert in_process(say, hsm.config(serial=serial)) == "signed"


def test_without_any_token(hsm: Hsm) -> None:
    shutil.rmtree(hsm.folder / "tokens")
    (hsm.folder / "tokens").mkdir()
    said = in_process(say, hsm.config())
    assert "no token seal is plugged in" in said
    assert "none" in said
    listed = agreegen("credentials", "list", "--module", "libsofthsm2.so", "--json")
    assert (listed.returncode, listed.stdout.strip()) == (0, "[]")


def test_a_pin_from_the_environment(hsm: Hsm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAL_PIN", PIN)
    credential = write_credential(hsm, pin={"env": "SEAL_PIN"})
    assert agreegen("credentials", "check", credential).returncode == 0
    monkeypatch.setenv("SEAL_PIN", "00000")
    refused = agreegen("-vv", "credentials", "check", credential)
    assert refused.returncode == 6
    assert "is wrong" in refused.stderr
    assert "00000" not in refused.stderr + refused.stdout


@pytest.mark.parametrize(("typed", "code"), [(PIN, 0), ("00000", 6)], ids=["right", "wrong"])
def test_a_pin_that_is_typed(hsm: Hsm, typed: str, code: int) -> None:
    """At a real terminal: asked for once, and not shown."""
    credential = write_credential(hsm, pin={"prompt": True})
    program = Path(sys.executable).with_name("agreegen")
    child, terminal = pty.fork()
    if child == 0:
        os.execv(program, [str(program), "credentials", "check", str(credential)])
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
            if shown.count(b"pin of seal") == 1 and shown.endswith(b": "):
                os.write(terminal, typed.encode() + b"\n")
    except OSError:
        pass  # the terminal is closed by the end of the program
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == code, shown.decode()
    assert shown.count(b"pin of seal") == 1
    assert typed.encode() not in shown


@dataclass
class Token:
    """A token whose flags a test sets, as no SoftHSM does; it notes each login and refuses as told."""

    flags: int
    answer: type[Exception] | None = None
    label: str = "seal"
    logins: list[str] = field(default_factory=list)

    def open(self, *, user_pin: str) -> object:
        self.logins.append(user_pin)
        if self.answer is not None:
            raise self.answer
        return SimpleNamespace(close=lambda: None)


READY = int(pkcs11.TokenFlag.TOKEN_INITIALIZED | pkcs11.TokenFlag.USER_PIN_INITIALIZED)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        (pkcs11.TokenFlag.USER_PIN_FINAL_TRY, "one PIN try is left"),
        (pkcs11.TokenFlag.USER_PIN_LOCKED, "its PIN is locked"),
    ],
)
def test_no_login_to_a_token_near_its_end(hsm: Hsm, flag: pkcs11.TokenFlag, words: str) -> None:
    token = Token(READY | int(flag))
    with pytest.raises(CredentialError, match=words):
        _log_in(pkcs11, hsm.config(), token, ("module", f"flag {flag}"))
    assert token.logins == []


def test_a_wrong_pin_of_somebody_else_is_a_warning(hsm: Hsm) -> None:
    token, config = Token(READY | int(pkcs11.TokenFlag.USER_PIN_COUNT_LOW)), hsm.config()
    _log_in(pkcs11, config, token, ("module", "count low"))
    assert token.logins == [PIN]
    assert any("a wrong PIN was entered" in str(warning) for warning in config.warnings)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (pkcs11.PinLocked, "is locked"),
        (pkcs11.PinIncorrect, "is wrong"),
        (pkcs11.PinLenRange, "is wrong"),
        (pkcs11.PinExpired, "no PIN that can be used"),
    ],
)
def test_what_a_token_answers_to_a_login(hsm: Hsm, answer: type[Exception], words: str) -> None:
    token, place = Token(READY, answer), ("module", answer.__name__)
    with pytest.raises(CredentialError, match=words) as caught:
        _log_in(pkcs11, hsm.config(), token, place)
    assert len(token.logins) == 1
    assert PIN not in str(caught.value) + str(caught.value.hint)
