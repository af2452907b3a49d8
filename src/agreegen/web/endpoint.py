"""One route: where it is, who may go there, what it takes, and the order in which that is held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from agreegen.messages import speaking
from agreegen.web.office import Office
from agreegen.web.pages.visitor import Visitor, find_visitor, set_stranger
from agreegen.web.security.bounded_body import BoundedBody
from agreegen.web.store.users import Role, User
from agreegen.web.work.commands.children import Child

TOKEN_FIELD, TOKEN_HEADER = "csrf", "x-csrf-token"
FORBIDDEN, NOT_FOUND = 403, 404
_SEE_OTHER = 303
_PRIVATE = 0o700
_NO_ANSWERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Intake:
    """What a request may bring.

    Attributes:
        max_bytes: Of the whole body.
        max_files: Number of uploaded files.
        max_fields: Number of other fields.
        token: Whether a request token is needed.
    """

    max_bytes: int = 256 << 10
    max_files: int = 0
    max_fields: int = 200
    token: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it.

    Attributes:
        office: The office.
        visitor: Who asks.
        request: The request itself.
        form: What a POST brought; empty else.
    """

    office: Office
    visitor: Visitor
    request: Request
    form: FormData

    @property
    def user(self) -> User:
        """Who is logged in, on a route that needs it."""
        if self.visitor.user is None:
            raise HTTPException(FORBIDDEN)
        return self.visitor.user

    def text(self, name: str) -> str:
        """Return a field of the form, stripped; empty where it is missing or a file."""
        value = self.form.get(name)
        return value.strip() if isinstance(value, str) else ""

    def secret(self, name: str) -> str:
        """Return a PIN as it was typed; it is for one act and kept nowhere."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def record(self, act: str, subject: str = "", result: str = "done") -> None:
        """Put an act of this visitor on the audit's chain."""
        self.office.record(self.visitor.act(act, subject, result))

    def begin(
        self,
        child: Child,
        command: Sequence[str],
        act: str,
        subject: str,
        *,
        answers: Mapping[str, str] = _NO_ANSWERS,
        free: bool = True,
    ) -> bool:
        """Begin a command, and put on the audit that it was begun or refused; its end is put there, too.

        Args:
            child: The command's place.
            command: What follows `agreegen`.
            act: Name of the act on the audit.
            subject: What it is about.
            answers: PINs by question; they go to the command alone.
            free: Whether nothing forbids it.

        Returns:
            Whether it was begun.
        """
        acts, visitor = self.office.long_acts, self.visitor
        child.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        begun = free and acts.begin(
            child, command, visitor.act(act, subject), language=visitor.language, answers=answers
        )
        if not begun:
            self.record(act, subject, "refused")
        return begun


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Page:
    """One route.

    Attributes:
        method: `GET` or `POST`.
        path: As Starlette writes it.
        handler: Runs in a thread; answers.
        roles: Who may go there; None for everybody, without login.
        intake: What a POST may bring.
        lane: Which requests share the number that may run at once; empty for the server's own.
    """

    method: str
    path: str
    handler: Handler
    roles: frozenset[Role] | None
    intake: Intake = Intake()
    lane: str = ""


class Endpoint:
    """Answers the requests of one path.

    1. Who asks, and whether they may; strangers are sent to the login, others get 403.
    2. The body, within the page's limits.
    3. The request token, for whatever changes something.
    4. The handler, in a thread.

    Args:
        pages: The pages of this path by method.
        office: The office.
        lanes: Limits of what runs at once, by name.
        strangers: Limit of bodies that come at once from people without an account.
    """

    def __init__(
        self,
        pages: dict[str, Page],
        office: Office,
        lanes: dict[str, anyio.CapacityLimiter],
        strangers: anyio.CapacityLimiter,
    ) -> None:
        self._strangers = strangers
        self._pages = pages
        self._office = office
        self._lanes = lanes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        page = self._pages.get(method)
        if page is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self._pages))})
        request = Request(scope, receive)
        visitor = await run_in_threadpool(find_visitor, request, self._office)
        scope["state"]["visitor"] = visitor
        refused = _refuse(page, visitor, request)
        if refused is not None:
            await refused(scope, receive, send)
            return
        try:
            response = await self._answer_in_turn(page, request, visitor, receive)
        except ClientDisconnect:
            return
        if visitor.fresh and visitor.user is None and method == "GET":
            set_stranger(response, visitor, self._office)
        await response(scope, receive, send)

    async def _answer_in_turn(
        self, page: Page, request: Request, visitor: Visitor, receive: Receive
    ) -> Response:
        """Let only so many strangers send at once: what they send lies on the disk meanwhile."""
        if visitor.user is not None or page.method == "GET":
            return await self._answer(page, request, visitor, receive)
        async with self._strangers:
            return await self._answer(page, request, visitor, receive)

    async def _answer(self, page: Page, request: Request, visitor: Visitor, receive: Receive) -> Response:
        if page.method == "GET":
            call = Call(self._office, visitor, request, FormData())
            return await self._run(page, call)
        intake = page.intake
        bounded = Request(request.scope, BoundedBody(receive, intake.max_bytes, _declared(request)))
        if intake.token and TOKEN_HEADER in request.headers:
            # A script tells it ahead, so that a body that is not wanted is not even read.
            _require_token(visitor, self._office, request.headers[TOKEN_HEADER])
        async with bounded.form(max_files=intake.max_files, max_fields=intake.max_fields) as form:
            call = Call(self._office, visitor, bounded, form)
            if intake.token and TOKEN_HEADER not in request.headers:
                _require_token(visitor, self._office, call.text(TOKEN_FIELD))
            return await self._run(page, call)

    async def _run(self, page: Page, call: Call) -> Response:
        with speaking(call.visitor.language, on_page=True):  # threads take the context along
            return await anyio.to_thread.run_sync(page.handler, call, limiter=self._lanes.get(page.lane))


def _declared(request: Request) -> int | None:
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _require_token(visitor: Visitor, office: Office, token: str) -> None:
    if not visitor.has_token(office, token):
        raise HTTPException(FORBIDDEN)


def _refuse(page: Page, visitor: Visitor, request: Request) -> Response | None:
    if page.roles is None:
        return None
    if visitor.user is None:
        if page.method != "GET":
            raise HTTPException(FORBIDDEN)
        return RedirectResponse(f"/login?next={request.url.path}", _SEE_OTHER)
    if visitor.user.role not in page.roles:
        raise HTTPException(FORBIDDEN)
    return None
