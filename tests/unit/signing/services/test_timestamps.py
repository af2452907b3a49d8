"""Timestamps: several services, failures, and answers that must not be believed."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asn1crypto import core, tsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreegen.errors import ExitCode, SigningError, TimestampError
from agreegen.example_pki.responder import Responder
from agreegen.model.report import PadesLevel
from agreegen.signing.interface import Credential, SigningRequest, TimestampServer, Trust
from agreegen.signing.pades import sign_pdf
from agreegen.signing.services.timestamps import TimestampClient, require_token
from tests.unit.signing.conftest import MiniCa, make_pdf

DEAD = TimestampServer("http://127.0.0.1:1/", timeout_s=1.0)
Answer = Callable[[bytes], tuple[int, bytes]]


class Stranger:
    """A service on loopback that answers whatever a test wants."""

    def __init__(self) -> None:
        self.answer: Answer = lambda _: (404, b"")
        self.headers: dict[str, str] = {}
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, data = outer.answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.server = TimestampServer(f"http://127.0.0.1:{self._server.server_port}/", timeout_s=2.0)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    made = Stranger()
    yield made
    made.close()


@pytest.fixture
def tsa(services: Responder) -> TimestampServer:
    return TimestampServer(services.tsa_url)


def client(*servers: TimestampServer, trust: Trust | None = None) -> TimestampClient:
    return TimestampClient(servers, trust=trust, attempts=2, pause_s=0.01)


def test_a_token_is_over_the_data(tsa: TimestampServer, trust: Trust) -> None:
    with client(tsa, trust=trust) as asking:
        token = asking.timestamp(b"data")
        content = require_token(token, hashlib.sha256(b"data").digest())
        assert content.time is not None
        assert abs((content.time - datetime.now(UTC)).total_seconds()) < 60
        assert len(token) <= asking.token_bytes()
    with pytest.raises(SigningError, match="imprint"):
        require_token(token, hashlib.sha256(b"other").digest())


def test_the_next_service_is_asked(tsa: TimestampServer, trust: Trust) -> None:
    with client(DEAD, tsa, trust=trust) as asking:
        assert asking.timestamp(b"data")
    with client(DEAD) as asking, pytest.raises(TimestampError, match="no connection") as caught:
        asking.timestamp(b"data")
    assert caught.value.exit_code is ExitCode.SIGNING
    with pytest.raises(TimestampError, match="no timestamp service"):
        client()


def test_a_busy_service_is_asked_again(services: Responder, tsa: TimestampServer) -> None:
    services.fail_next(1)
    with client(tsa) as asking:
        assert asking.timestamp(b"data")


def test_a_refusal_is_not_asked_again(stranger: Stranger) -> None:
    with client(stranger.server) as asking, pytest.raises(TimestampError, match="HTTP status 404"):
        asking.timestamp(b"data")
    assert stranger.asked == 1


@pytest.mark.parametrize(
    ("fail_info", "words", "shown"),
    [
        ({"bad_alg"}, ["请求过多", "quota exceeded"], "failInfo bad_alg, text “请求过多 quota exceeded”"),
        (None, ["no\x1b[2J"], "failInfo none, text “no\ufffd[2J”"),
        (None, [], "status rejection, failInfo none"),
    ],
)
def test_a_refusal_says_all_that_the_service_said(
    stranger: Stranger, fail_info: set[str] | None, words: list[str], shown: str
) -> None:
    status: dict[str, object] = {"status": "rejection"}
    if words:
        status["status_string"] = words
    if fail_info:
        status["fail_info"] = fail_info
    # A refusal carries no token.
    answer = core.Asn1Value(contents=tsp.PKIStatusInfo(status).dump(), method=1, tag=16, class_=0).dump()
    stranger.answer = lambda _: (200, answer)
    with client(stranger.server) as asking, pytest.raises(TimestampError) as caught:
        asking.timestamp(b"data")
    assert "status rejection" in caught.value.message
    assert shown in caught.value.message


def test_basic_authentication(services: Responder) -> None:
    services.basic_auth = ("office", "word")
    try:
        allowed = TimestampServer(services.tsa_url, username="office", password="word")
        with client(allowed) as asking:
            assert asking.timestamp(b"data")
        with client(TimestampServer(services.tsa_url)) as asking, pytest.raises(TimestampError, match="401"):
            asking.timestamp(b"data")
    finally:
        services.basic_auth = None
    assert "word" not in repr(allowed)


def test_untrusted_services_are_refused(tsa: TimestampServer, mini_ca: MiniCa) -> None:
    with client(tsa, trust=mini_ca.trust) as asking, pytest.raises(TimestampError, match="not trusted"):
        asking.timestamp(b"data")


def test_many_at_once(services: Responder, tsa: TimestampServer) -> None:
    services.delay_s = 0.05
    try:
        with client(tsa) as asking:
            begin = time.monotonic()
            tokens = asking.timestamp_many([b"%d" % number for number in range(24)])
            seconds = time.monotonic() - begin
    finally:
        services.delay_s = 0.0
    for number, token in enumerate(tokens):
        assert isinstance(token, bytes)
        require_token(token, hashlib.sha256(b"%d" % number).digest())
    assert seconds < 24 * 0.05
    with client(DEAD) as asking:
        (failure,) = asking.timestamp_many([b"data"])
    assert isinstance(failure, TimestampError)


def test_the_rate_is_limited(tsa: TimestampServer) -> None:
    slow = TimestampServer(tsa.url, requests_per_minute=600)
    with client(slow) as asking:
        begin = time.monotonic()
        asking.timestamp_many([b"a", b"b", b"c", b"d"])
        assert time.monotonic() - begin >= 0.3


def test_answers_for_other_requests_are_refused(
    stranger: Stranger, tsa: TimestampServer, services: Responder
) -> None:
    def replay(body: bytes) -> tuple[int, bytes]:
        request = tsp.TimeStampReq.load(body)
        request["nonce"] = 4711
        return 200, services.answer("POST", "/tsa", request.dump(force=True), "")[2]

    stranger.answer = replay
    with client(stranger.server) as asking, pytest.raises(TimestampError, match="nonce"):
        asking.timestamp(b"data")

    def swap(body: bytes) -> tuple[int, bytes]:
        request = tsp.TimeStampReq.load(body)
        request["message_imprint"]["hashed_message"] = bytes(32)
        return 200, services.answer("POST", "/tsa", request.dump(force=True), "")[2]

    stranger.answer = swap
    with client(stranger.server) as asking, pytest.raises(TimestampError, match="imprint"):
        asking.timestamp(b"data")
    policy = TimestampServer(tsa.url, policy="1.3.6.1.4.1.99999.7.7")
    with client(policy) as asking, pytest.raises(TimestampError, match=r"policy|refused"):
        asking.timestamp(b"data")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 100_000), change=st.integers(1, 255), cut=st.booleans())
def test_damaged_answers_end_in_a_clear_error(
    stranger: Stranger, services: Responder, trust: Trust, position: int, change: int, cut: bool
) -> None:
    def damage(body: bytes) -> tuple[int, bytes]:
        whole = services.answer("POST", "/tsa", body, "")[2]
        damaged = bytearray(whole)
        damaged[position % len(whole)] ^= change
        return 200, bytes(damaged[: position % len(whole)] if cut else damaged)

    stranger.answer = damage
    with client(stranger.server, trust=trust) as asking:
        try:
            token = asking.timestamp(b"data")
        except TimestampError as exc:
            token, message = None, exc.message
        if token is None:
            assert stranger.server.url in message
        else:
            require_token(token, hashlib.sha256(b"data").digest())


def test_a_service_that_sends_on_is_not_followed(stranger: Stranger, tsa: TimestampServer) -> None:
    """A redirection could lead anywhere, and with the password."""
    stranger.headers = {"Location": tsa.url}
    for status in (301, 302, 303, 307, 308):
        stranger.answer = lambda _, status=status: (status, b"")  # type: ignore[misc]
        with client(stranger.server) as asking, pytest.raises(TimestampError, match="not followed"):
            asking.timestamp(b"data")


def test_a_service_that_answers_too_much(stranger: Stranger) -> None:
    stranger.answer = lambda _: (200, bytes(3 << 20))
    with client(stranger.server) as asking, pytest.raises(TimestampError, match="too large"):
        asking.timestamp(b"data")


def test_a_service_that_hangs_or_drips(tsa: TimestampServer, trust: Trust) -> None:
    """One that accepts and says nothing, and one whose answer never ends; then the next one is asked."""
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as slow:
        threading.Thread(target=_drip, args=(slow,), daemon=True).start()
        for listener in (silent, slow):
            port = listener.getsockname()[1]
            bad = TimestampServer(f"http://127.0.0.1:{port}/", timeout_s=0.5)
            with TimestampClient([bad, tsa], trust=trust, attempts=1) as asking:
                begin = time.monotonic()
                assert asking.timestamp(b"data")
                assert time.monotonic() - begin < 10
            with TimestampClient([bad], attempts=1) as asking, pytest.raises(TimestampError):
                asking.timestamp(b"data")


def _drip(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            for _ in range(600):
                connection.sendall(b"0")
                time.sleep(0.05)


def test_pauses_grow_between_attempts(monkeypatch: pytest.MonkeyPatch, stranger: Stranger) -> None:
    stranger.answer = lambda _: (503, b"")
    pauses: list[float] = []
    monkeypatch.setattr("agreegen.signing.services.timestamps.time.sleep", pauses.append)
    with (
        TimestampClient([stranger.server], attempts=4, pause_s=1.0) as asking,
        pytest.raises(TimestampError, match="503"),
    ):
        asking.timestamp(b"data")
    waits = [pause for pause in pauses if pause > 0]
    assert stranger.asked == 4
    assert [round(pause / expected, 1) for pause, expected in zip(waits, (1, 2, 4), strict=True)] == [
        pytest.approx(1.0, abs=0.21)
    ] * 3


def test_no_timestamp_leaves_it_pending(seal: Credential, now: datetime) -> None:
    request = SigningRequest("unit", PadesLevel.B_T, now, tsa=(DEAD,))
    signed = sign_pdf(make_pdf(), seal, request, checked=True)
    assert signed.level is PadesLevel.B_B
    assert signed.timestamp_pending
    with pytest.raises(SigningError, match="needs a timestamp service"):
        sign_pdf(make_pdf(), seal, SigningRequest("unit", PadesLevel.B_T, now), checked=True)
