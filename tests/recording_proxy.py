"""A proxy for plain HTTP that keeps every byte a browser sends through it."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_BLOCK = 65_536
_PATIENCE_S = 30.0
_TARGET = re.compile(rb"\A([A-Z]+) (http://[^ ]+) (HTTP/1\.[01])\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\n(?:proxy-)?connection:[^\r\n]*", re.IGNORECASE)


@dataclass(slots=True)
class Recording:
    """What went through.

    Attributes:
        address: Of the proxy, for a browser's settings.
        requests: Every request as it was sent, head and body.
    """

    address: str
    requests: list[bytes] = field(default_factory=list)


class _Exchange(socketserver.BaseRequestHandler):
    """One request and its answer; then the line is closed."""

    def handle(self) -> None:
        self.request.settimeout(_PATIENCE_S)
        whole = self._read_request()
        head = _TARGET.match(whole)
        if head is None:
            return
        self.server.recording.requests.append(whole)  # type: ignore[attr-defined]  # of the server below
        target = urlsplit(head[2].decode())
        path = target.path + (f"?{target.query}" if target.query else "")
        rest = _CLOSE.sub(b"", whole[head.end() - 2 :], count=2)
        sent = b" ".join((head[1], path.encode(), head[3])) + b"\r\nConnection: close" + rest
        with socket.create_connection((target.hostname or "", target.port or 80), _PATIENCE_S) as line:
            line.sendall(sent)
            while block := line.recv(_BLOCK):
                self.request.sendall(block)

    def _read_request(self) -> bytes:
        read = b""
        while b"\r\n\r\n" not in read:
            block = self.request.recv(_BLOCK)
            if not block:
                return read
            read += block
        found = _LENGTH.search(read)
        whole = read.index(b"\r\n\r\n") + 4 + (int(found[1]) if found else 0)
        while len(read) < whole:
            read += self.request.recv(_BLOCK)
        return read


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    recording: Recording


@contextmanager
def recording_proxy() -> Iterator[Recording]:
    """Serve as a proxy on loopback and record."""
    with _Server(("127.0.0.1", 0), _Exchange) as server:
        server.recording = Recording(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.recording
        finally:
            server.shutdown()
            thread.join(_PATIENCE_S)
