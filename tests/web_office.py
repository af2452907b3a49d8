"""An office's server in this process, on a real socket, with an account of every role."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import uvicorn
from argon2 import PasswordHasher

from agreegen.web.application import create_app
from agreegen.web.office import Office
from agreegen.web.security.punctual_protocol import PunctualProtocol
from agreegen.web.serving import Address, frontier_of
from agreegen.web.store.users import Role

PASSWORD = "correct horse battery"
_QUICK_HASH = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
"""As the office keeps it, but a login takes no tenth of a second of the processor and no 64 MiB."""
_TOKEN = re.compile(r'name="csrf" content="(\w+)"')
_OBJECT = re.compile(r"(&lt;|<)[\w. -]+ at 0x[0-9a-f]+|(&lt;|<)(class|function|built-in) ")
_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class WebOffice:
    """A server at work.

    Attributes:
        office: The office behind it.
        url: Its address, without a slash at the end.
    """

    office: Office
    url: str

    def stranger(self) -> Visit:
        """Visit it without an account."""
        return Visit(self.url, requests.Session())

    def visit(self, role: Role) -> Visit:
        """Visit it, logged in with a role."""
        visit = self.stranger()
        answer = visit.post("/login", {"name": role.value, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return visit


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's worth of requests.

    Attributes:
        url: The server.
        session: Keeps the cookies.
    """

    url: str
    session: requests.Session

    def get(self, path: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Ask for a page; redirects are not followed. No page shows how Python writes an object."""
        answer = self.session.get(self.url + path, headers=headers, allow_redirects=False, timeout=60)
        assert not (_is_page(answer) and _OBJECT.search(answer.text)), path
        return answer

    def token(self) -> str:
        """Return the request token of this visit."""
        found = _TOKEN.search(self.session.get(f"{self.url}/", timeout=60).text)
        assert found is not None
        return found[1]

    def post(
        self,
        path: str,
        data: dict[str, str] | None = None,
        files: list[tuple[str, tuple[str, bytes]]] | None = None,
        *,
        token: bool = True,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send a form; redirects are not followed."""
        values = {**({"csrf": self.token()} if token else {}), **(data or {})}
        return self.session.post(
            self.url + path, data=values, files=files, headers=headers, allow_redirects=False, timeout=120
        )


def _is_page(answer: requests.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, *, roles: tuple[Role, ...] = tuple(Role)) -> Iterator[WebOffice]:
    """Serve an office of a fresh folder, with one account a role, named like the role."""
    office = Office.open(folder)
    for role in roles:
        office.users.add(role.value, f"{role.value} 张三", role, _QUICK_HASH, now=office.clock())
    address = Address("127.0.0.1", free_port())
    config = uvicorn.Config(
        create_app(office, frontier_of(office, address)),
        host=address.host,
        port=address.port,
        http=PunctualProtocol,
        log_config=None,
        proxy_headers=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + _PATIENCE_S
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield WebOffice(office, address.url.rstrip("/"))
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_S)
