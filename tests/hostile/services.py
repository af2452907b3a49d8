"""A service that answers whatever is asked with a hundred megabytes, or drop by drop, or not at all."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
