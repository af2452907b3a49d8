"""Fetching revocation data: only when asked, from a real server on loopback, with limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from agreegen.verification import fetching
from agreegen.verification.fetching import FetchError, check_address, fetch
from agreegen.verification.interface import Options
from agreegen.verification.one_file import verify_bytes
from tests.unit.verification.authority import NOW, blank_pdf, sign
from tests.unit.verification.conftest import Pki

ANSWERS: dict[str, bytes] = {}
ASKED: list[str] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ASKED.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/ca.crl")
            self.end_headers()
            return
        body = ANSWERS.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.shutdown()
    httpd.server_close()


def test_lists_are_fetched_only_when_asked(pki: Pki, server: str) -> None:
    ANSWERS["/ca.crl"] = pki.ca.crl()
    bob = pki.ca.issue("Bob", crl_url=f"{server}/ca.crl")
    data = sign(blank_pdf(), bob, pki.ca.holder)
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=(pki.root.crl(),))
    ASKED.clear()
    assert verify_bytes("x", data, options).verdict.value == "indeterminate"
    assert ASKED == []
    assert verify_bytes("x", data, replace(options, fetch=True)).verdict.value == "valid"
    assert ASKED == ["/ca.crl"]


def test_silent_address_is_an_alarm(pki: Pki, server: str) -> None:
    bob = pki.ca.issue("Bob", crl_url=f"{server}/missing.crl")
    data = sign(blank_pdf(), bob, pki.ca.holder)
    options = Options(now=NOW, anchors_der=(pki.root.holder.der,), crls_der=(pki.root.crl(),), fetch=True)
    report = verify_bytes("x", data, options)
    assert report.verdict.value == "indeterminate"
    assert "fetch-failed" in [alarm.code for alarm in report.alarms]


def test_limits(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ANSWERS["/large"] = bytes(200_000)
    monkeypatch.setattr(fetching, "MAX_ANSWER_BYTES", 100_000)
    with pytest.raises(FetchError, match="too much"):
        fetch(f"{server}/large")
    with pytest.raises(FetchError, match="status 302"):
        fetch(f"{server}/away")


@pytest.mark.parametrize(
    "url",
    [
        "ldap://host/x",
        "file:///etc/passwd",
        "http://",
        "http://10.0.0.1/x.crl",
        "http://192.168.1.1/",
        "http://[::",
        "ftp://a/b",
    ],
)
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises(FetchError):
        check_address(url)
