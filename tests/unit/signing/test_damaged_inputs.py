"""Damaged credentials, certificates, revocation lists and timestamp answers: a clear error each time, never a
raw exception, and nothing written."""

from __future__ import annotations

import base64
import hashlib
import random
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from agreegen.cli.main import run
from agreegen.errors import AgreegenError, CredentialError, ExitCode, TimestampError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.responder import Responder
from agreegen.model.report import PadesLevel
from agreegen.signing.certificate_checks import check_credential, try_credential
from agreegen.signing.credentials.csc_client import CscClient
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.services.timestamps import TimestampClient, require_token
from agreegen.signing.trust import load_trust
from tests.soak.containers import damage_der
from tests.unit.signing.conftest import make_pdf

ROUNDS = 60
CLEAR = {ExitCode.SIGNING, ExitCode.BAD_INPUT}
_PEM = re.compile(rb"(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END)", re.DOTALL)


def damage(chance: random.Random, data: bytes) -> bytes:
    """Damage a file: the DER within, where there is some, else its bytes."""
    if chance.random() < 0.6:
        armoured = list(_PEM.finditer(data))
        if armoured:
            block = chance.choice(armoured)
            inner = damage_der(chance, base64.b64decode(block[2]))
            return data[: block.start(2)] + b"\n" + base64.encodebytes(inner) + data[block.end(2) :]
        if data[:1] == b"\x30":
            return damage_der(chance, data)
    place = chance.randrange(len(data))
    end = min(len(data), place + 1 + chance.randrange(30))
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: data[:place],
        lambda: data[:place] + data[end:],
        lambda: data[:place] + bytes((data[place] ^ (1 << chance.randrange(8)),)) + data[place + 1 :],
        lambda: data[:place] + chance.randbytes(8) + data[place:],
        lambda: data[:end] + data[place:],
        lambda: b"",
    )
    return chance.choice(ways)()


def damage_copies(pki: ExamplePki, folder: Path, name: str, seed: str) -> Iterator[Path]:
    """Give a damaged file of a credential's folder again and again; the others are whole."""
    copy = folder / "pki"
    shutil.copytree(pki.folder, copy)
    target = copy / "credentials" / name
    whole = target.read_bytes()
    chance = random.Random(f"{seed}:{name}")
    for _ in range(ROUNDS):
        target.write_bytes(damage(chance, whole))
        yield target


def related_files(pki: ExamplePki, credential: str) -> list[str]:
    """Name the files that a credential consists of."""
    path = pki.credential(credential)
    names = re.findall(r"[\w.-]+\.(?:p12|pem|key|pass|png)", path.read_text("utf-8"))
    parent = path.parent.relative_to(pki.credentials)
    found = [parent / path.name, *(parent / name for name in dict.fromkeys(names))]
    return [str(name) for name in found if (pki.credentials / name).is_file()]


def use(path: Path, trust: Trust, now: datetime) -> None:
    """Use a credential as far as it goes: load, check, one trial signature, one document."""
    credential = load_credential(path)
    try:
        check_credential(credential, trust, now)
        try_credential(credential)
        sign_pdf(make_pdf(), credential, SigningRequest("unit", PadesLevel.B_B, now, trust), checked=True)
    finally:
        credential.close()


@pytest.mark.parametrize("credential", ["unit-seal", "people/HN0001", "sm2-seal"])
def test_damaged_credentials(
    pki: ExamplePki, trust: Trust, now: datetime, tmp_path: Path, credential: str
) -> None:
    if not pki.credential(credential).is_file():
        pytest.skip("there is no library for SM2 here")
    names = related_files(pki, credential)
    assert len(names) >= 2, "the credential file and what it names"
    problems: list[AgreegenError] = []
    for number, name in enumerate(names):
        folder = tmp_path / str(number)
        for _ in damage_copies(pki, folder, name, "credential"):
            try:
                use(folder / "pki" / "credentials" / f"{credential}.yaml", trust, now)
            except AgreegenError as exc:
                problems.append(exc)
    assert {problem.exit_code for problem in problems} <= CLEAR
    assert all(problem.message for problem in problems)
    assert len(problems) > len(names) * ROUNDS // 4, "most damage is noticed"


def test_damaged_trust(pki: ExamplePki, seal: Credential, now: datetime, tmp_path: Path) -> None:
    names = [path.name for path in sorted(pki.trust.iterdir())]
    assert any(name.endswith(".crl") for name in names)
    problems: list[AgreegenError] = []
    for name in names:
        folder = tmp_path / name
        shutil.copytree(pki.trust, folder)
        chance = random.Random(name)
        for _ in range(ROUNDS):
            (folder / name).write_bytes(damage(chance, (pki.trust / name).read_bytes()))
            try:
                check_credential(seal, load_trust([folder]), now)
            except AgreegenError as exc:
                problems.append(exc)
    assert problems
    assert {problem.exit_code for problem in problems} <= CLEAR


class Answerer:
    """Speaks whatever bytes a test wants on a loopback port, HTTP or not."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.server = TimestampServer(f"http://127.0.0.1:{self._socket.getsockname()[1]}/", timeout_s=1.0)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2.0)
                try:
                    connection.sendall(self._answer(_read_request(connection)))
                except OSError:
                    continue

    def close(self) -> None:
        self._socket.close()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(4096)
    head, body = data.split(b"\r\n\r\n", 1)
    found = re.search(rb"(?i)content-length: (\d+)", head)
    while found and len(body) < int(found[1]):
        body += connection.recv(4096)
    return body


@contextmanager
def answering(answer: Callable[[bytes], bytes]) -> Iterator[TimestampServer]:
    answerer = Answerer(answer)
    try:
        yield answerer.server
    finally:
        answerer.close()


def as_http(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)


def test_damaged_tokens(services: Responder, trust: Trust) -> None:
    chance = random.Random(4)

    def answer(request: bytes) -> bytes:
        whole = services.answer("POST", "/tsa", request, "")[2]
        for _ in range(chance.choice((1, 1, 3))):
            whole = damage(chance, whole) or b"\x30"
        return as_http(whole)

    problems: list[AgreegenError] = []
    with answering(answer) as server:
        for _ in range(2 * ROUNDS):
            with TimestampClient([server], trust=trust, attempts=1) as client:
                try:
                    token = client.timestamp(b"data")
                except AgreegenError as exc:
                    problems.append(exc)
                else:
                    require_token(token, hashlib.sha256(b"data").digest())
    assert len(problems) > ROUNDS
    assert all(type(problem) is TimestampError for problem in problems)


ODD_ANSWERS = [
    b"",
    b"\x00" * 100,
    b"HTTP/1.1",
    b"HTTP/1.1 999999 ?\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffff\r\nx",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 301 Moved\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    as_http(b"\x30\x80" * 2000),
    as_http(b"\x30\x03\x02\x01\x00"),
    as_http(b"<html>no</html>"),
]
"""What a service may send instead of an answer, or break off in."""
ODD_SERVICES = (*ODD_ANSWERS, as_http(b"[]"), as_http(b"[" * 5000), as_http(b'{"key": 7, "cert": [1]}'))


@pytest.mark.parametrize("raw", ODD_ANSWERS, ids=range(len(ODD_ANSWERS)))
def test_answers_that_are_no_http(raw: bytes) -> None:
    with answering(lambda _: raw) as server, TimestampClient([server], attempts=1) as client:
        with pytest.raises(TimestampError) as caught:
            client.timestamp(b"data")
        assert caught.value.exit_code is ExitCode.SIGNING


@pytest.mark.parametrize("raw", ODD_SERVICES, ids=range(len(ODD_SERVICES)))
def test_a_signing_service_that_makes_no_sense(raw: bytes) -> None:
    with answering(lambda _: raw) as server:
        client = CscClient(server.url, "token", "credential", timeout_s=1.0)
        with pytest.raises(CredentialError):
            client.fetch_info()


def test_nothing_is_written(pki: ExamplePki, tmp_path: Path) -> None:
    source, target = tmp_path / "in.pdf", tmp_path / "out" / "signed.pdf"
    source.write_bytes(make_pdf())
    credentials = tmp_path / "pki" / "credentials"
    codes: list[int] = []
    for _ in damage_copies(pki, tmp_path, "unit-seal.p12", "cli"):
        code = run(
            ["sign", str(source), "-o", str(target), "--role", "unit", "--credential",
             str(credentials / "unit-seal.yaml")]
        )  # fmt: skip
        codes.append(code)
        # Damage outside of what the passphrase protects may leave the credential usable.
        assert target.exists() is (code == ExitCode.DONE)
        assert not list(tmp_path.rglob(".agreegen-*"))
        target.unlink(missing_ok=True)
    assert set(codes) <= {ExitCode.DONE, *CLEAR}
    assert codes.count(ExitCode.SIGNING) > ROUNDS // 2
