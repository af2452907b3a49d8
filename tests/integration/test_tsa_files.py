"""A timestamp service that asks for a password, named by a file: on the command line and in a job."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from agreegen.cli.main import run
from agreegen.cli.options import read_tsa
from agreegen.errors import CredentialError, TimestampError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.signing.services.timestamp_files import load_tsa
from agreegen.signing.services.timestamps import TimestampClient
from tests.unit.signing.conftest import MiniCa, make_key, make_pdf


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> ExamplePki:
    folder = tmp_path_factory.mktemp("tsa") / "pki"
    return make_example_pki(folder, now=datetime.now(UTC), key_bits=2048, people=(), port=free_port())


def describe(folder: Path, url: str, password: str) -> Path:
    (folder / "tsa.pass").write_text(password)
    (folder / "tsa.pass").chmod(0o600)
    path = folder / "tsa.yaml"
    path.write_text(f"url: {url}\nusername: office\npassword: {{file: tsa.pass}}\n")
    return path


@pytest.mark.parametrize(("password", "code"), [("k7right", 0), ("k7wrong", 6)])
def test_signing_asks_with_the_password_of_the_file(
    pki: ExamplePki, tmp_path: Path, password: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.yaml").write_text("pledger_name: 王芳\nstaff_no: A1\n")
    unsigned, signed = tmp_path / "a.pdf", tmp_path / "b.pdf"
    assert (
        run(["generate", "personal-pledge", "--params", str(tmp_path / "p.yaml"), "-o", str(unsigned)]) == 0
    )
    with Responder(pki.folder) as services:
        services.basic_auth = ("office", "k7right")
        tsa = describe(tmp_path, services.tsa_url, password)
        sign = ["sign", str(unsigned), "-o", str(signed), "--role", "unit", "--level", "B-T"]
        sign += [
            "--credential",
            str(pki.credential("unit-seal")),
            "--tsa",
            str(tsa),
            "--trust",
            str(pki.trust),
        ]
        assert run(sign) == code
    assert signed.exists() is (code == 0)
    said = capsys.readouterr().err
    assert password not in said
    assert ("username and password" in said) is (code != 0)


def test_a_job_names_the_service_by_a_file(
    pki: ExamplePki, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.csv").write_text("编号,姓名\nA1,王芳\nA2,李娜\n")
    with Responder(pki.folder) as services:
        services.basic_auth = ("office", "k7right")
        describe(tmp_path, services.tsa_url, "k7right")
        (tmp_path / "job.yaml").write_text(
            "form: personal-pledge\nroster: {file: r.csv}\noutput: out\ntsa: tsa.yaml\n"
            f"trust: [{pki.trust}]\nsignatures:\n"
            f"  - {{role: unit, credential: {pki.credential('unit-seal')}, level: B-T}}\n"
        )
        assert run(["batch", "run", str(tmp_path / "job.yaml"), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["done"], summary["timestamp_pending"]) == (2, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("url: ftp://x/", "no address"),
        ("url: https://office:k7hunter@x/", "never stands in an address"),
        ("username: a", "url"),
        ("url: http://x/\npassword: k7hunter", "password"),
        ("url: http://x/\ncolour: red", "unknown setting colour"),
        ("url: http://x/\ntimeout_s: soon", "timeout_s"),
        ("url: https://x/\nclient_certificate: none.pem", "client certificate .*none.pem cannot be read"),
        ("url: https://x/\nclient_certificate: tsa.yaml", "must hold a certificate and its key"),
        ("url: https://x/\nca_file: tsa.yaml", "holds no certificate"),
        ("- a", "not"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tsa.yaml"
    path.write_text(text)
    with pytest.raises(CredentialError, match=message) as caught:
        load_tsa(str(path))
    assert "k7hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "mode", "warned"),
    [
        ("https://tsa.example/", 0o600, None),
        ("https://tsa.example/", 0o644, "can be read by others"),
        ("http://tsa.example/", 0o600, "travels unencrypted"),
        ("http://127.0.0.1:9/", 0o600, None),
    ],
)
def test_what_is_loose_about_a_password_is_told(
    tmp_path: Path, url: str, mode: int, warned: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = describe(tmp_path, url, "k7right")
    (tmp_path / "tsa.pass").chmod(mode)
    read_tsa([str(path)])
    said = capsys.readouterr().err
    assert (warned in said) if warned else said == ""


@pytest.mark.parametrize("command", ["sign", "batch"])
def test_a_password_in_an_address_is_refused_unspoken(
    command: str, pki: ExamplePki, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In arguments everybody on the machine could read it, and messages name addresses."""
    address = "http://office:k7hunter@127.0.0.1:1/tsa"
    (tmp_path / "a.pdf").write_bytes(make_pdf())
    (tmp_path / "r.csv").write_text("编号,姓名\nA1,王芳\n")
    (tmp_path / "job.yaml").write_text(
        f"form: personal-pledge\nroster: {{file: r.csv}}\noutput: out\ntsa: {address}\ntrust: [{pki.trust}]\n"
        f"signatures:\n  - {{role: unit, credential: {pki.credential('unit-seal')}, level: B-T}}\n"
    )
    lines = {
        "sign": [
            "sign",
            str(tmp_path / "a.pdf"),
            "-o",
            str(tmp_path / "b.pdf"),
            "--role",
            "unit",
            "--tsa",
            address,
            "--credential",
            str(pki.credential("unit-seal")),
            "--level",
            "B-T",
        ],
        "batch": ["batch", "run", str(tmp_path / "job.yaml")],
    }
    assert run(lines[command]) in (3, 6)
    said = "".join(capsys.readouterr())
    assert "k7hunter" not in said
    assert "never stands in an address" in said
    assert not list(tmp_path.glob("**/*.pdf"))[1:]


def test_an_encrypted_client_key_is_refused_rather_than_asked_for_in_the_run(tmp_path: Path) -> None:
    key = make_key("p256")
    certificate = MiniCa(datetime.now(UTC)).issue(key, "office")
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"k7secret"))
    (tmp_path / "client.pem").write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    (tmp_path / "tsa.yaml").write_text("url: https://x/\nclient_certificate: client.pem\n")
    with pytest.raises(CredentialError, match="is encrypted"):
        load_tsa(str(tmp_path / "tsa.yaml"))


@pytest.fixture
def guarded(pki: ExamplePki, tmp_path: Path) -> Iterator[tuple[str, Responder]]:
    """A door with TLS before the timestamp service, which opens to holders of one client certificate only."""
    authority = MiniCa(datetime.now(UTC))
    pem = Encoding.PEM
    for name in ("server", "client", "stranger"):
        issuer = authority if name != "stranger" else MiniCa(datetime.now(UTC))
        key = make_key("p256")
        certificate = issuer.issue(key, name, alternative="127.0.0.1")
        private = key.private_bytes(pem, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(pem) + private)
        (tmp_path / f"{name}.pem").chmod(0o600)
    (tmp_path / "tls.pem").write_bytes(authority.certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(tmp_path / "tls.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with Responder(pki.folder, 0) as services:

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, _, answer = services.answer("POST", "/tsa", body, "")
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/", services
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("lines", "opens"),
    [
        ("ca_file: tls.pem\nclient_certificate: client.pem", True),
        ("ca_file: tls.pem\nclient_certificate: stranger.pem", False),
        ("ca_file: tls.pem", False),
        ("client_certificate: client.pem", False),
    ],
)
def test_a_client_certificate_opens_the_door(
    guarded: tuple[str, Responder], tmp_path: Path, lines: str, opens: bool
) -> None:
    (tmp_path / "tsa.yaml").write_text(f"url: {guarded[0]}\n{lines}\ntimeout_s: 5\n")
    server = load_tsa(str(tmp_path / "tsa.yaml"))
    with TimestampClient([server], attempts=1) as client:
        if opens:
            assert client.timestamp(b"data")
        else:
            # The server may have hung up before it says that it wants another certificate.
            why = "no (TLS )?connection" if "ca_file" in lines else "no TLS connection: .*ca_file"
            with pytest.raises(TimestampError, match=why):
                client.timestamp(b"data")
