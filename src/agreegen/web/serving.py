"""Running the server: addresses, TLS, an orderly end."""

from __future__ import annotations

import fcntl
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from agreegen.api.devices import OfficeTls, office_tls
from agreegen.errors import UsageError
from agreegen.files import unguarded
from agreegen.messages import message
from agreegen.web.application import create_app
from agreegen.web.office import Office
from agreegen.web.security.guard import Frontier
from agreegen.web.security.punctual_protocol import PunctualProtocol

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104 - named in order to be told apart
_CONNECTIONS = 512
_ENDING_S = 10
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server listens.

    Attributes:
        host: Address or name.
        port: TCP port.
        certificate: Certificate chain, PEM; None for plain HTTP.
        key: Its private key, PEM.
    """

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise UsageError(message("web.tls-cert-tls-key-go-together"))
        if self.certificate is None and not is_loopback(self.host):
            raise UsageError(
                message("web.host-other-machines-served-by-https", host=self.host),
                hint=message("web.add-tls-cert-tls-key"),
            )

    @property
    def secure(self) -> bool:
        """Whether it speaks HTTPS."""
        return self.certificate is not None

    @property
    def url(self) -> str:
        """The address for a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.secure else ''}://{host}:{self.port}/"


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def certify_server(office: Office, host: str) -> OfficeTls:
    """Return the office's own certificate for the names and addresses under which it is reached.

    Args:
        office: The office; further names stand in its settings.
        host: Where the server listens.

    Raises:
        UsageError: The server listens everywhere and the settings name no address of it.
    """
    own = frozenset() if host in _ANY else frozenset({host.lower()})
    hosts = own | {name.lower() for name in office.settings.hosts}
    if not hosts:
        raise UsageError(message("web.tls.no-names", host=host), hint=message("web.tls.no-names.hint"))
    named = office.settings.name or office.home.folder.name
    return office_tls(office.home.authority, named, hosts | _LOOPBACK_NAMES, now=office.clock())


def frontier_of(office: Office, address: Address) -> Frontier:
    """Return who may be believed what: hosts of the address and of the settings, proxies of the settings."""
    own = _LOOPBACK_NAMES | (frozenset() if address.host in _ANY else {address.host.lower()})
    settings = office.settings
    return Frontier(
        own | {host.lower() for host in settings.hosts},
        frozenset(settings.proxies),
        settings.certificate_header,
    )


def serve(office: Office, address: Address, *, ready: Callable[[], None] | None = None) -> None:
    """Serve until the process is asked to end.

    Args:
        office: The office.
        address: Where to listen.
        ready: Called when connections are taken.

    Raises:
        UsageError: The certificate or its key cannot be used.
    """
    config = uvicorn.Config(
        create_app(office, frontier_of(office, address)),
        host=address.host,
        port=address.port,
        http=PunctualProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_ENDING_S,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    with held(office.home.folder / _LOCK):
        _run(_Server(config, ready, office.ending), address)


def _run(server: _Server, address: Address) -> None:
    try:
        server.config.load()
    except (OSError, ssl.SSLError) as exc:
        raise UsageError(
            message("web.not-certificate-with-this-key", certificate=address.certificate, cause=exc)
        ) from exc
    unguarded(server.run)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a home folder for one server: two would not know of each other's pictures and counts.

    Raises:
        UsageError: Another server holds it.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise UsageError(message("web.serving.twice"), hint=message("web.serving.twice.hint")) from exc
        yield


class _Server(uvicorn.Server):
    """Tells when it is ready, and when it is asked to end."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None] | None, ending: threading.Event
    ) -> None:
        super().__init__(config)
        self._ready, self._ending = ready, ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self._ending.set()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start to listen, and tell."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started and self._ready is not None:
            self._ready()
