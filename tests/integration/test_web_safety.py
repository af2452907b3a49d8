"""The server against whoever wants what is not theirs: every route by every role, tokens, origins, limits."""

from __future__ import annotations

import io
import re
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from agreegen.errors import UsageError
from agreegen.web.endpoint import Page
from agreegen.web.routes.table import PAGES
from agreegen.web.serving import Address
from agreegen.web.store.users import Role
from tests.web_office import PASSWORD, Visit, WebOffice, free_port, serving

NAMELESS = {
    "batch": "20260101-nobody",
    "agreement": "20260101-nobody",
    "user": "nobody",
    "document": "0" * 32,
    "delivery": "r20260101-00000000",
    "place": "20260101-nobody",
}
NAMELESS |= {"form": "no-such-form", "page": "1", "sample": "0"}
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")
HIGH = 64 << 20
"""Kilobytes of memory that the server may take, in this process with the tests' own."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebOffice]:
    """Serve one office for the whole module."""
    with serving(tmp_path_factory.mktemp("office") / "home") as office:
        yield office


@pytest.fixture(scope="module")
def visits(web: WebOffice) -> dict[Role | None, Visit]:
    """Log in once with every role; None is a stranger."""
    return {None: web.stranger(), **{role: web.visit(role) for role in Role}}


def path_of(page: Page) -> str:
    """Fill a route with names of what is not there."""
    return _PART.sub(lambda part: NAMELESS.get(part[1], "nothing"), page.path)


def name_of(page: Page) -> str:
    """Name a route in test names."""
    return f"{page.method} {page.path}"


PUBLIC = [page for page in PAGES if page.roles is None]
CLOSED = [page for page in PAGES if page.roles is not None]


def test_only_these_routes_are_open_to_everybody() -> None:
    """A route that somebody adds without roles must be meant for everybody."""
    assert {name_of(page) for page in PUBLIC} == {
        "GET /",
        "POST /verify",
        "POST /verify/report",
        "GET /verify/pictures/{name}",
        "POST /api/verify",
        "GET /healthz",
        "GET /login",
        "POST /login",
        "POST /language",
        "GET /tls",
        "GET /tls/office-root.crt",
    } | {name_of(page) for page in PUBLIC if page.path.startswith("/s/")}


@pytest.mark.parametrize("page", CLOSED, ids=name_of)
def test_every_route_answers_every_role(page: Page, visits: dict[Role | None, Visit]) -> None:
    """Who may not go there gets the login or 403; who may gets an answer, and 404 for what is not there."""
    path = path_of(page)
    named = _PART.search(page.path) is not None
    for role, visit in visits.items():
        if page.path == "/logout":
            continue
        answer = visit.get(path) if page.method == "GET" else visit.post(path)
        if role is None:
            assert answer.status_code == (303 if page.method == "GET" else 403), role
            if page.method == "GET":
                assert answer.headers["location"].startswith("/login?next=/")
        elif role not in (page.roles or ()):
            assert answer.status_code == 403, role
        elif named:
            assert answer.status_code == 404, (role, answer.status_code)
        else:
            # What a form would name is not there, nor is the ledger that nobody has begun.
            absent = page.method == "POST" or page.path in {"/ledger/acts", "/ledger/export.xlsx"}
            there = {200, 303, 422} | ({404} if absent else set())
            assert answer.status_code in there, (role, answer.status_code)


@pytest.mark.parametrize("page", [p for p in PAGES if p.method == "POST"], ids=name_of)
def test_no_post_without_its_token_and_none_from_a_foreign_page(
    page: Page, visits: dict[Role | None, Visit]
) -> None:
    """A forged request carries the cookie, but neither token nor our origin."""
    path = path_of(page)
    role = None if page.roles is None else Role.OFFICER
    visit = visits[role]
    if page.path != "/api/verify":
        assert visit.post(path, token=False).status_code == 403
        assert visit.post(path, {"csrf": "0" * 64}, token=False).status_code == 403
        other = visits[Role.READER].token()
        assert visit.post(path, {"csrf": other}, token=False).status_code == 403
    for origin in ("http://evil.example", "null", visit.url.replace("http:", "https:"), f"{visit.url}0"):
        assert visit.post(path, headers={"Origin": origin}).status_code == 403, origin
    assert visit.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


FORMS = [page for page in PAGES if page.method == "POST"]
ASKED = {page.path for page in PAGES if page.method == "GET"}


@pytest.mark.parametrize("page", [each for each in FORMS if each.path not in ASKED], ids=name_of)
def test_the_address_of_a_form_leads_back_to_its_page(page: Page, visits: dict[Role | None, Visit]) -> None:
    """Asked for by a reload, from the history, or in the other language, for whoever may send the form."""
    path = path_of(page)
    for role, visit in visits.items():
        answer = visit.get(path)
        if page.path.startswith("/api/"):
            assert answer.status_code == 405
        elif page.roles is not None and role is None:
            assert answer.headers["location"] == f"/login?next={path}"
        elif page.roles is not None and role not in page.roles:
            assert answer.status_code == 403
        else:
            assert answer.status_code == 303
            there = answer.headers["location"]
            assert path.startswith(there)
            assert visit.get(there).status_code in {200, 403, 404, 429}, there


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", ""])
def test_a_wrong_host_is_400_everywhere(web: WebOffice, host: str) -> None:
    """DNS rebinding: another's name that leads to our address."""
    for path in ("/", "/healthz", "/login", "/static/office.css", "/batches"):
        assert requests.get(web.url + path, headers={"Host": host}, timeout=30).status_code == 400
    assert requests.post(f"{web.url}/api/verify", headers={"Host": host}, timeout=30).status_code == 400


def test_every_answer_is_hardened_and_cookies_are_ours_alone(web: WebOffice) -> None:
    """Errors and refusals, too."""
    visit = web.visit(Role.OFFICER)
    for answer in (
        visit.get("/"),
        visit.get("/nothing"),
        visit.post("/users", token=False),
        visit.get("/audit"),
    ):
        assert answer.headers["content-security-policy"].startswith("default-src 'self'; ")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
    fresh = web.stranger().post("/login", {"name": "officer", "password": PASSWORD})
    cookie = fresh.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie  # on loopback without TLS


def test_cookies_are_secure_and_bound_to_the_host_behind_tls(tmp_path: Path) -> None:
    """`__Host-` cookies cannot be set by a neighbour's subdomain or over plain HTTP."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make_certificate(key, certificate)
    with served_by_command(tmp_path / "home", "--tls-cert", certificate, "--tls-key", key) as url:
        answer = requests.get(f"{url}/login", verify=str(certificate), timeout=30)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-agreegen-visitor=")
        assert "Secure" in cookie


def make_certificate(key: Path, certificate: Path) -> None:
    """Make a certificate for localhost, as an administrator may."""
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
    places = ["-keyout", str(key), "-out", str(certificate), "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*command.split(), *places], check=True, capture_output=True)


@contextmanager
def served_by_command(folder: Path, *arguments: object) -> Iterator[str]:
    """Serve by the command line, as a process of its own; give its address."""
    port = free_port()
    command = [sys.executable, "-m", "agreegen", "web", "--home", str(folder), "--port", str(port)]
    process = subprocess.Popen([*command, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        while line and "http" not in line:
            line = process.stderr.readline()
        yield line.split()[-1].rstrip("/").replace("127.0.0.1", "localhost")
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "office.example"])
def test_other_machines_are_served_by_https_only(host: str) -> None:
    """Passwords and documents never cross the network in the open."""
    with pytest.raises(UsageError, match="HTTPS"):
        Address(host, 8443)


def test_five_wrong_passwords_lock_the_account_and_say_the_same_of_unknown_ones(web: WebOffice) -> None:
    """The sixth try is refused even with the right password; nobody learns which accounts there are."""
    visit = web.stranger()
    web.office.attempts.clear("address:127.0.0.1")
    answers = [visit.post("/login", {"name": "desk", "password": f"wrong {n}"}) for n in range(5)]
    unknown = visit.post("/login", {"name": "nobody", "password": "wrong"})
    assert {answer.status_code for answer in answers} == {401}
    plain = [re.sub(r"[0-9a-f]{64}|value=\"\w*\"", "", answer.text) for answer in (answers[0], unknown)]
    assert plain[0] == plain[1]
    assert visit.post("/login", {"name": "desk", "password": PASSWORD}).status_code == 429
    web.office.attempts.clear("login:desk")
    web.office.attempts.clear("address:127.0.0.1")


def test_a_disabled_account_is_out_at_once_and_a_new_password_ends_other_sessions(web: WebOffice) -> None:
    """Whoever leaves the office takes no session along."""
    officer, reader = web.visit(Role.OFFICER), web.visit(Role.READER)
    user = web.office.users.find_name("reader")
    assert user is not None
    assert reader.get("/coverage").status_code == 200
    officer.post(f"/users/{user.id}/disable")
    assert reader.get("/coverage").status_code == 303
    officer.post(f"/users/{user.id}/enable")
    first, second = web.visit(Role.READER), web.visit(Role.READER)
    fresh = "another long passphrase"
    assert second.post("/account", {"password": PASSWORD, "fresh": fresh}).status_code == 200
    assert first.get("/account").status_code == 303
    assert second.get("/account").status_code == 200
    assert second.post("/account", {"password": fresh, "fresh": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1"]
)
def test_the_login_leads_to_our_own_pages_only(web: WebOffice, target: str) -> None:
    """An open redirect would lend our name to another's page."""
    answer = web.stranger().post("/login", {"name": "officer", "password": PASSWORD, "next": target})
    assert answer.headers["location"] == "/batches"


def test_an_upload_that_is_too_large_gets_an_answer_and_no_memory(web: WebOffice) -> None:
    """300 MB, announced or not, are dropped as they come."""
    before = memory_kb()
    body = Stream(300 << 20)
    answer = requests.post(
        f"{web.url}/api/verify",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        timeout=120,
    )
    assert answer.status_code == 413
    assert answer.json() == {"error": 413}
    assert memory_kb() - before < HIGH // 1024


class Stream:
    """A long body of one part, made as it is read."""

    def __init__(self, size: int) -> None:
        self._left = size

    def __iter__(self) -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        while self._left > 0:
            yield bytes(1 << 20)
            self._left -= 1 << 20
        yield b"\r\n--b--\r\n"


def memory_kb() -> int:
    """Return how much memory this process, with the server in it, has taken at most."""
    text = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1])  # type: ignore[index]  # Linux always tells


@pytest.mark.parametrize("kind", ["files", "fields"])
def test_ten_thousand_parts_get_an_answer(web: WebOffice, kind: str) -> None:
    """Each part costs the server an object: there is a bound."""
    name = '; filename="a.pdf"' if kind == "files" else ""
    part = f'--b\r\nContent-Disposition: form-data; name="x"{name}\r\n\r\n1\r\n'.encode()
    answer = requests.post(
        f"{web.url}/api/verify",
        data=part * 10_000 + b"--b--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=b"},
        timeout=60,
    )
    assert answer.status_code == 400


def test_a_slow_body_is_ended(web: WebOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a byte now and then holds a connection for a while only."""
    monkeypatch.setattr("agreegen.web.security.bounded_body._GRACE_S", 1.0)
    parts = urlsplit(web.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as line:
        head = b"POST /api/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
        line.sendall(head + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n")
        started = time.monotonic()
        answer = b""
        while not answer and time.monotonic() - started < 20:
            try:
                line.sendall(b"x")
            except OSError:
                break
            line.settimeout(0.3)
            try:
                answer = line.recv(100)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408")


def test_a_zip_bomb_is_refused_and_nothing_of_it_stays(
    web: WebOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Sizes in headers are not believed; what was unpacked is gone."""
    monkeypatch.setattr("agreegen.web.work.bag_upload._MOST_BYTES", 8 << 20)
    monkeypatch.setattr("agreegen.web.work.bag_upload.shared_temporary_folder", lambda: tmp_path)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bag/bagit.txt", "BagIt-Version: 1.0\n")
        archive.writestr("bag/data/zeros", bytes(64 << 20))
    answer = web.stranger().post("/verify", files=[("file", ("bomb.zip", bomb.getvalue()))])
    assert answer.status_code == 200
    assert "note bad" in answer.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/tmp/outside.txt", "a/../../outside.txt", "..\\outside.txt"]
)
def test_a_zip_never_writes_outside_of_its_folder(web: WebOffice, tmp_path: Path, name: str) -> None:
    """Zip slip."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, "x")
    answer = web.stranger().post("/verify", files=[("file", ("slip.zip", data.getvalue()))])
    assert "note bad" in answer.text
    assert not (tmp_path.parent / "outside.txt").exists()


def test_a_picture_bomb_costs_its_own_process_only(web: WebOffice) -> None:
    """A page of a billion points, and a picture of a billion pixels: an answer, and the server stays."""
    stream = b"q 1 0 0 1 0 0 cm /X Do Q"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 900000000 900000000] /Contents 4 0 R"
        b" /Resources << /XObject << /X 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /XObject /Subtype /Image /Width 60000 /Height 60000 /ColorSpace /DeviceRGB"
        b" /BitsPerComponent 8 /Length 1 >>\nstream\n0\nendstream",
    ]
    body, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    body += (
        b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            table,
            len(body),
        )
    )
    answer = web.stranger().post("/api/verify", files=[("file", ("bomb.pdf", body))], token=False)
    assert answer.json()["files"][0]["verdict"] in {"unsigned", "unreadable", "indeterminate"}
    assert requests.get(f"{web.url}/healthz", timeout=30).text == "ok\n"


def test_headers_of_a_proxy_are_believed_from_a_configured_proxy_only(tmp_path: Path) -> None:
    """Whoever writes `X-Forwarded-For` into a request does not choose the address in the audit."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "office.yaml").write_text("name: office\n")
    with serving(home) as web:
        web.stranger().post("/login", {"name": "x", "password": "y"}, headers={"X-Forwarded-For": "10.9.8.7"})
        assert next(web.office.audit.entries()).act.address == "127.0.0.1"
    proxied = tmp_path / "proxied"
    proxied.mkdir()
    (proxied / "office.yaml").write_text("proxies: [127.0.0.1]\n")
    with serving(proxied) as web:
        headers = {"X-Forwarded-For": "1.2.3.4, 10.9.8.7", "X-Forwarded-Proto": "http"}
        web.stranger().post("/login", {"name": "x", "password": "y"}, headers=headers)
        assert next(web.office.audit.entries()).act.address == "10.9.8.7"


def test_many_at_once_do_not_break_the_chain(web: WebOffice) -> None:
    """Every act is on the chain, in order, whoever acts at the same time."""
    before = web.office.audit.check().entries
    visits = [web.visit(Role.INSPECTOR) for _ in range(4)]
    threads = [threading.Thread(target=export_five_times, args=(visit,)) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = web.office.audit.check()
    assert state.broken_at is None
    assert state.entries == before + 4 + 20


def export_five_times(visit: Visit) -> None:
    """Act on and on."""
    for _ in range(5):
        visit.get("/audit/export.csv")


def test_logins_that_succeed_never_lock_an_address(web: WebOffice) -> None:
    """A whole office may come from the one address of its proxy."""
    for _ in range(45):
        assert web.stranger().post("/login", {"name": "officer", "password": PASSWORD}).status_code == 303
