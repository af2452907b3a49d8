"""A loopback HTTP server over an example PKI: timestamps, OCSP, revocation lists, issuer certificates."""

from __future__ import annotations

import base64
import binascii
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import Self
from urllib.parse import unquote, urlsplit

from cryptography import x509

from agreegen.errors import InputError
from agreegen.example_pki.certificates import Addresses
from agreegen.example_pki.layout import ExamplePki
from agreegen.example_pki.services import Services
from agreegen.messages import message

_MAX_REQUEST_BYTES = 1 << 20
_LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a TCP port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Responder:
    """The services of an example PKI on the loopback interface, while the context lasts.

    Args:
        folder: Folder of the example PKI.
        port: Port to listen on; None for the one that its certificates name, 0 for any free one (then only
            the timestamp service is found, since the certificates point elsewhere).
        clock: Gives the aware time of each answer.

    Attributes:
        delay_s: Seconds to wait before each answer, as a distant service would.
        basic_auth: User name and password that the timestamp service asks for, None for nobody.
        requests: `METHOD path` of each request, in order.
        out_of_service: Services that answer 503: `tsa`, `ocsp`, `crl`, `cert`.

    Raises:
        MissingProgramError: The optional package certomancer is not installed.
        InputError: The folder holds no usable example PKI, or the port is taken.
    """

    def __init__(
        self, folder: Path, port: int | None = None, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.pki = ExamplePki.from_folder(folder)
        self.delay_s = 0.0
        self.basic_auth: tuple[str, str] | None = None
        self.requests: list[str] = []
        self.out_of_service: set[str] = set()
        self._clock = clock or (lambda: datetime.now(UTC))
        self._services = Services(self.pki, self._clock)
        self._failing = 0
        wanted = self.pki.port if port is None else port
        try:
            self._server = _Server((_LOOPBACK, wanted), _Handler, self)
        except OSError as exc:
            raise InputError(
                message("example_pki.port-taken", wanted=wanted),
                hint=message("example_pki.end-program-uses-or-choose-another"),
            ) from exc
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def addresses(self) -> Addresses:
        """Where the services answer now."""
        return Addresses(int(self._server.server_address[1]))

    @property
    def tsa_url(self) -> str:
        """Address of the timestamp service."""
        return self.addresses.tsa

    @property
    def ocsp_url(self) -> str:
        """Address of the OCSP responder."""
        return self.addresses.ocsp

    def crl_url(self, issuer: str = "ca") -> str:
        """Address of the revocation list of `root` or `ca`."""
        return self.addresses.crl(issuer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def revoke(self, certificate_der: bytes, *, since: datetime | None = None) -> None:
        """Revoke a certificate, from now on or since a moment; OCSP and revocation lists say so at once."""
        serial = x509.load_der_x509_certificate(certificate_der).serial_number
        self._services.revoke(serial, since or self._clock())

    def forget(self, certificate_der: bytes) -> None:
        """Let OCSP answer `unknown` for a certificate."""
        self._services.forget(x509.load_der_x509_certificate(certificate_der).serial_number)

    def publish_crls(self, *, valid_for: timedelta = timedelta(days=365)) -> None:
        """Write fresh revocation lists into the PKI's trust folder."""
        self._services.publish(valid_for)

    def fail_next(self, count: int) -> None:
        """Answer the next `count` requests with 503; a negative count means all from now on."""
        self._failing = count

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str, bytes]:
        """Answer one request with status, media type and body."""
        self.requests.append(f"{method} {path}")
        if self.delay_s:
            time.sleep(self.delay_s)
        if self._failing or path.lstrip("/").partition("/")[0] in self.out_of_service:
            self._failing -= self._failing > 0
            return HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"out of service"
        try:
            return self._route(method, path, body, authorization)
        except (ValueError, TypeError, KeyError, binascii.Error):
            return HTTPStatus.BAD_REQUEST, "text/plain", b"the request cannot be read"

    def _route(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, str, bytes]:
        first, _, rest = path.lstrip("/").partition("/")
        if first == "tsa" and method == "POST":
            if not self._may_stamp(authorization):
                return HTTPStatus.UNAUTHORIZED, "text/plain", b"who is asking?"
            return HTTPStatus.OK, "application/timestamp-reply", self._services.timestamp(body)
        if first == "ocsp":
            # RFC 6960, appendix A.1: GET carries the request in the path, base64 and then URL-encoded.
            query = body if method == "POST" else base64.b64decode(unquote(rest), validate=True)
            return HTTPStatus.OK, "application/ocsp-response", self._services.status(query)
        files = {
            "crl": ("application/pkix-crl", self._services.crl),
            "cert": ("application/pkix-cert", self._services.certificate),
        }
        kind, find = files.get(first, ("", lambda _: None)) if method == "GET" else ("", lambda _: None)
        found = find(rest.removesuffix(".crl").removesuffix(".cer"))
        if found is None:
            return HTTPStatus.NOT_FOUND, "text/plain", b"nothing here"
        return HTTPStatus.OK, kind, found

    def _may_stamp(self, authorization: str) -> bool:
        if self.basic_auth is None:
            return True
        expected = base64.b64encode(":".join(self.basic_auth).encode()).decode()
        return authorization == f"Basic {expected}"


class _Server(ThreadingTCPServer):  # HTTPServer would look up its own name, which may hang offline
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], responder: Responder
    ) -> None:
        self.responder = responder
        super().__init__(address, handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    timeout = 60

    def do_GET(self) -> None:
        self._reply(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_REQUEST_BYTES:
            self.close_connection = True
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", b"no length, or too long")
            return
        self._reply(self.rfile.read(int(length)))

    def _reply(self, body: bytes) -> None:
        assert isinstance(self.server, _Server)
        authorization = self.headers.get("Authorization", "")
        path = urlsplit(self.path).path
        self._send(*self.server.responder.answer(self.command, path, body, authorization))

    def _send(self, status: int, media_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="EXAMPLE"')
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        """Stay silent: the library never prints."""
