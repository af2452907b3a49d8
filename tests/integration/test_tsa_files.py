"""A timestamp service that asks for a password, named by a file: on the command line and in a job."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreegen.cli.main import run
from agreegen.errors import CredentialError
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.maker import make_example_pki
from agreegen.example_pki.responder import Responder, free_port
from agreegen.signing.tsa_files import load_tsa


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
    assert password not in capsys.readouterr().err


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
        ("username: a", "url"),
        ("url: http://x/\npassword: k7hunter", "password"),
        ("url: http://x/\ncolour: red", "unknown setting colour"),
        ("url: http://x/\ntimeout_s: soon", "timeout_s"),
        ("- a", "not"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "tsa.yaml"
    path.write_text(text)
    with pytest.raises(CredentialError, match=message) as caught:
        load_tsa(str(path))
    assert "k7hunter" not in str(caught.value)
