"""The server as an ASGI application: its routes, its layers, its ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from importlib.resources import as_file, files

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from agreegen.web.endpoint import Endpoint, Page
from agreegen.web.office import Office
from agreegen.web.pages.rendering import page as render_page
from agreegen.web.pages.visitor import Visitor, find_visitor
from agreegen.web.routes.table import PAGES, lane_sizes
from agreegen.web.routes.ways_back import way_back
from agreegen.web.security.guard import Frontier, Guard
from agreegen.web.store.audit import Act

_HEAD_EVERY = timedelta(days=1)
_LOOK_S = 1.0
_LOG = logging.getLogger(__name__)
_API = "/api/"
_STRANGERS_AT_ONCE = 64


def create_app(office: Office, frontier: Frontier, pages: Iterable[Page] = PAGES) -> ASGIApp:
    """Build the server of an office.

    Args:
        office: The office.
        frontier: Who may be believed what.
        pages: The routes.
    """
    lanes = {name: anyio.CapacityLimiter(size) for name, size in lane_sizes().items()}
    with as_file(files("agreegen.web").joinpath("static")) as static:
        routes = [*_routes(pages, office, lanes), Mount("/static", _KeptFiles(directory=static))]
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _answer_refusal(office), 500: _answer_bug(office)},
        lifespan=_lifespan(office),
    )
    return Guard(app, frontier)  # outside of everything, so that a failure has its headers, too


def _routes(
    pages: Iterable[Page], office: Office, lanes: dict[str, anyio.CapacityLimiter]
) -> Iterable[Route]:
    by_path: dict[str, dict[str, Page]] = {}
    for page in pages:
        by_path.setdefault(page.path, {})[page.method] = page
    ways_back = [way_back(found["POST"], by_path) for found in by_path.values() if "GET" not in found]
    for back in filter(None, ways_back):
        by_path[back.path]["GET"] = back
    strangers = anyio.CapacityLimiter(_STRANGERS_AT_ONCE)
    return [Route(path, Endpoint(found, office, lanes, strangers)) for path, found in by_path.items()]


class _KeptFiles(StaticFiles):
    """Static files; their address changes with them, so browsers may keep them."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """Answer with a file that may be kept for a day."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def _lifespan(office: Office) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def run(_app: Starlette) -> AsyncIterator[None]:
        """Tell start and stop, and sign the audit then and daily; judge the first upload without waiting."""
        await asyncio.to_thread(_tell_and_sign, office, "server-start")
        signing = asyncio.create_task(_sign_daily(office))
        looking = asyncio.create_task(_look_for_ends(office))
        warming = asyncio.create_task(asyncio.to_thread(office.verifier.warm_up))
        try:
            yield
        finally:
            signing.cancel()
            looking.cancel()
            # First of all: whoever ends a service waits for a while only.
            office.long_acts.settle()
            _tell_and_sign(office, "server-stop")
            await asyncio.gather(signing, looking, warming, return_exceptions=True)
            office.verifier.close()

    return run


def _tell_and_sign(office: Office, act: str) -> None:
    """Put on the audit what the server itself does, so that there is always a new end to be signed."""
    office.record(Act("", "", act))
    office.sign_audit()


async def _sign_daily(office: Office) -> None:
    while True:
        await asyncio.sleep(_HEAD_EVERY.total_seconds())
        await asyncio.to_thread(office.sign_audit)


async def _look_for_ends(office: Office) -> None:
    """Put the ends of long acts on the audit; what cannot be noted now is noted later."""
    while True:
        try:
            await asyncio.to_thread(office.long_acts.settle)
        except (OSError, ValueError, sqlite3.Error):
            _LOG.exception("the ends of long acts could not be noted")
        await asyncio.sleep(_LOOK_S)


def _answer_refusal(office: Office) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)
        return _say_refusal(request, office, exc.status_code, dict(exc.headers or {}))

    return answer


def _answer_bug(office: Office) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, _exc: Exception) -> Response:
        return _say_refusal(request, office, 500, {})

    return answer


def _say_refusal(request: Request, office: Office, status: int, headers: dict[str, str]) -> Response:
    if request.url.path.startswith(_API):
        return JSONResponse({"error": status}, status, headers)
    visitor: Visitor = getattr(request.state, "visitor", None) or find_visitor(request, office)
    response = render_page("refusal.html", office, visitor, status, code=status)
    response.headers.update(headers)
    return response
