"""A service that answers whatever is asked with a hundred megabytes, or drop by drop, or not at all."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from agreegen.example_pki.responder import Responder

_BLOCK = 1 << 20

Body = Callable[[], Iterator[bytes]]


def _hundred_megabytes(start: bytes) -> Body:
    def body() -> Iterator[bytes]:
        yield start
        for _ in range(100):
            yield bytes(_BLOCK)

    return body


def _drops() -> Iterator[bytes]:
    for _ in range(600):
        yield b"\x30"
        time.sleep(0.5)


def _nested() -> Iterator[bytes]:
    yield b"\x30\x80" * 500_000


ANSWERS: dict[str, Body] = {
    "zeros": _hundred_megabytes(b""),
    "der": _hundred_megabytes(b"\x30\x84\x06\x40\x00\x00"),
    "nested": _nested,
    "drops": _drops,
    "nothing": lambda: iter(()),
}


class Flooding(Responder):
    """A sound responder, some services of which answer a hundred megabytes.

    Args:
        folder: Folder of the example PKI.
        services: Which: `tsa`, `ocsp`, `crl`.
    """

    def __init__(self, folder: Path, services: tuple[str, ...]) -> None:
        super().__init__(folder)
        self._flooding = services

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str, bytes]:
        """Answer one request."""
        status, media, data = super().answer(method, path, body, authorization)
        if path.split("/")[1] in self._flooding:
            data = b"\x30\x84\x06\x40\x00\x00" + bytes(100 << 20)
        return status, media, data


@contextlib.contextmanager
def hostile_service(port: int, answer: str) -> Iterator[str]:
    """Serve one kind of answer on a port of the loopback and give its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            kind = "application/timestamp-reply" if "tsa" in self.path else "application/ocsp-response"
            with contextlib.suppress(OSError):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                for block in ANSWERS[answer]():
                    self.wfile.write(block)

        do_GET = do_POST = _answer  # noqa: N815 - the base class's names

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
