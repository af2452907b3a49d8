"""How people reach the server: HTTPS by its own word, client certificates by its proxy, no silent callers."""

from __future__ import annotations

import hashlib
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from click.testing import CliRunner

from agreegen.cli.main import cli
from agreegen.web.store.users import Role
from tests.integration.test_web_safety import make_certificate, served_by_command
from tests.web_office import WebOffice, serving

HEADER = "X-Client-Certificate-SHA256"


def test_the_office_certifies_its_own_server(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with served_by_command(home, "--tls-office") as url:
        root = home / "authority" / "tls-root.pem"
        page = requests.get(f"{url}/tls", verify=str(root), timeout=30)
        given = requests.get(f"{url}/tls/office-root.crt", verify=str(root), timeout=30)
    assert page.status_code == 200
    assert given.headers["content-type"] == "application/x-x509-ca-cert"
    assert ssl.DER_cert_to_PEM_cert(given.content) == root.read_text()
    fingerprint = hashlib.sha256(given.content).hexdigest().upper()
    assert ":".join(fingerprint[n : n + 2] for n in range(0, 64, 2)) in page.text


def test_an_office_without_a_root_has_none_to_give(tmp_path: Path) -> None:
    with serving(tmp_path / "home", roles=()) as web:
        assert web.stranger().get("/tls").status_code == 404
        assert web.stranger().get("/tls/office-root.crt").status_code == 404


def test_the_two_ways_to_https_are_told_apart(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make_certificate(key, certificate)
    arguments = ["web", "--home", str(tmp_path / "home"), "--tls-office", "--tls-cert", str(certificate)]
    done = CliRunner().invoke(cli, [*arguments, "--tls-key", str(key)])
    assert done.exit_code != 0
    everywhere = ["web", "--home", str(tmp_path / "home"), "--tls-office", "--host", "0.0.0.0"]
    assert CliRunner().invoke(cli, everywhere).exit_code != 0


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
def test_a_caller_who_says_nothing_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("agreegen.web.security.punctual_protocol.HEAD_S", 1.0)
    with serving(tmp_path / "home", roles=()) as web:
        parts = urlsplit(web.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
            line.sendall(sent)
            started = time.monotonic()
            assert line.recv(100) == b""
            assert 0.5 < time.monotonic() - started < 15


def test_a_request_that_takes_its_time_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only heads are awaited: a second request on the same line comes later than that."""
    monkeypatch.setattr("agreegen.web.security.punctual_protocol.HEAD_S", 1.0)
    with serving(tmp_path / "home", roles=()) as web, requests.Session() as session:
        for _ in range(2):
            assert session.get(f"{web.url}/healthz", timeout=20).status_code == 200
            time.sleep(0.7)


def _settings(folder: Path, *proxies: str) -> None:
    folder.mkdir()
    settings = {"proxies": list(proxies), "certificate_header": HEADER}
    (folder / "office.yaml").write_text(yaml.safe_dump(settings))


def _certificate_login(web: WebOffice, fingerprint: str) -> int:
    """Log in as the proxy of an office would hand the visit on."""
    visit = web.stranger()
    visit.session.headers[HEADER] = fingerprint
    return visit.post("/login", {"by": "certificate", "name": "", "password": ""}).status_code


def test_a_client_certificate_logs_in_through_the_offices_proxy_only(tmp_path: Path) -> None:
    mine, other = (hashlib.sha256(name).hexdigest() for name in (b"mine", b"other"))
    for proxies, answers in ((("127.0.0.1",), (303, 401)), (("192.0.2.1",), (401, 401))):
        home = tmp_path / proxies[0]
        _settings(home, *proxies)
        with serving(home, roles=(Role.OFFICER, Role.DESK)) as web:
            officer = web.office.users.find_name(Role.OFFICER.value)
            assert officer is not None
            web.office.users.set_certificate(officer.id, mine)
            assert (_certificate_login(web, mine), _certificate_login(web, other)) == answers


def test_only_an_office_is_backed_up(tmp_path: Path) -> None:
    """A mistyped path gives no empty backup."""
    line = ["web", "backup", "--home", str(tmp_path / "typo"), "-o", str(tmp_path / "office.tar.gz")]
    assert CliRunner().invoke(cli, line).exit_code != 0
    assert list(tmp_path.iterdir()) == []
