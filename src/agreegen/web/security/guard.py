"""What holds for every request: hosts, the proxy's word, origins, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    # Not `no-referrer`: under it browsers send forms with `Origin: null`.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_SAFE_METHODS = {"GET", "HEAD"}
_BAD_HOST, _FOREIGN = 400, 403


@dataclass(frozen=True, slots=True)
class Frontier:
    """Who may be believed what.

    Attributes:
        hosts: Names under which the server is reached, lower case, without port.
        proxies: Addresses whose forwarding headers are believed; none for nobody's.
        certificate_header: Header in which such a proxy tells the SHA-256 of a client certificate.
    """

    hosts: frozenset[str]
    proxies: frozenset[str] = field(default_factory=frozenset)
    certificate_header: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """The outermost layer of the server.

    Attributes:
        app: What answers.
        frontier: Who may be believed what.
    """

    app: ASGIApp
    frontier: Frontier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a wrong host (DNS rebinding) or a foreign origin (forged requests), else let it in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {})
        if _peer(scope) in self.frontier.proxies:
            _believe(scope, headers, self.frontier)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refusal(scope, headers)
        await (refusal or self.app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or host_name(hosts[0]) not in self.frontier.hosts:
            return PlainTextResponse("wrong host", _BAD_HOST)
        if scope["method"] not in _SAFE_METHODS and not _same_origin(headers, scope["scheme"], hosts[0]):
            return PlainTextResponse("foreign origin", _FOREIGN)
        return None


def host_name(host: str) -> str:
    """Return the name in a `Host` header, lower case, without port; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "") if "@" not in host and "/" not in host else ""
    except ValueError:
        return ""


def _same_origin(headers: Headers, scheme: str, host: str) -> bool:
    """Whether a request that changes something comes from our own pages, as far as the browser tells."""
    origins = headers.getlist("origin")
    if origins:
        return origins == [f"{scheme}://{host}"]
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _believe(scope: Scope, headers: Headers, frontier: Frontier) -> None:
    """Take the client's address, the scheme and the certificate from a proxy that was configured."""
    forwarded = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    # The last address that no proxy of ours has: everything before it the client may have written itself.
    address = next((part for part in reversed(forwarded) if part not in frontier.proxies), None)
    if address is not None:
        scope["client"] = (address, 0)
    if headers.get("x-forwarded-proto") in {"http", "https"}:
        scope["scheme"] = headers["x-forwarded-proto"]
    if frontier.certificate_header is not None:
        told = _only(headers.getlist(frontier.certificate_header))
        scope["state"]["certificate"] = told.replace(":", "").lower() or None


def _only(values: Iterable[str]) -> str:
    found = list(values)
    return found[0] if len(found) == 1 else ""


def _harden(headers: MutableHeaders) -> None:
    for name, value in _HEADERS:
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")
