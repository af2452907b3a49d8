"""Who asks: the account, the language, and the cookie that request tokens belong to."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from agreegen.web.office import Office
from agreegen.web.security.tokens import is_token, token_for
from agreegen.web.store.audit import Act
from agreegen.web.store.users import User

_SESSION, _STRANGER, _LANGUAGE = "agreegen-session", "agreegen-visitor", "agreegen-language"
_HOST_ONLY = "__Host-"
"""Browsers take such a cookie over HTTPS only, for this host and the whole of it (RFC 6265bis, 4.1.3.2)."""

_COOKIE_BYTES = 32
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        user: The account that is logged in; None for nobody.
        cookie: Value of the cookie that tokens belong to: of the session, else of the stranger.
        fresh: Whether the cookie has yet to be set.
        language: `zh` or `en`.
        address: Where the request came from.
        path: The path that was asked for.
        certificate: Lower-case hex SHA-256 of a client certificate, where a trusted proxy tells it.
    """

    user: User | None
    cookie: str
    fresh: bool
    language: str
    address: str
    path: str = "/"
    certificate: str | None = None

    def act(self, name: str, subject: str = "", result: str = "done") -> Act:
        """Return an act of this visitor for the audit."""
        return Act(self.user.name if self.user else "", self.address, name, subject, result)

    def token(self, office: Office) -> str:
        """Return the request token for this visitor's forms."""
        return token_for(office.secret, self.cookie)

    def has_token(self, office: Office, token: str) -> bool:
        """Tell whether a request token is this visitor's."""
        return not self.fresh and is_token(office.secret, self.cookie, token)


def cookie_name(name: str, office: Office) -> str:
    """Return a cookie's name as browsers know it."""
    return (_HOST_ONLY if office.secure else "") + name


def find_visitor(request: Request, office: Office) -> Visitor:
    """Find out who asks; a session that is over or an account that is disabled is nobody."""
    address = request.client.host if request.client else ""
    language, path = _language(request, office), request.url.path
    key = request.cookies.get(cookie_name(_SESSION, office), "")
    user = _logged_in(key, office) if key else None
    if user is not None:
        return Visitor(user, key, False, language, address, path)
    stranger = request.cookies.get(cookie_name(_STRANGER, office), "")
    cookie = stranger or secrets.token_urlsafe(_COOKIE_BYTES)
    certificate = getattr(request.state, "certificate", None)
    return Visitor(None, cookie, not stranger, language, address, path, certificate)


def _logged_in(key: str, office: Office) -> User | None:
    user_id = office.sessions.user_of(key, now=office.clock())
    user = office.users.find(user_id) if user_id is not None else None
    return user if user is not None and not user.disabled else None


def _language(request: Request, office: Office) -> str:
    chosen = request.query_params.get("lang") or request.cookies.get(cookie_name(_LANGUAGE, office), "")
    if chosen in LANGUAGES:
        return chosen
    accepted = (
        part.split(";")[0].strip()[:2] for part in request.headers.get("accept-language", "").split(",")
    )
    return next((language for language in accepted if language in LANGUAGES), office.settings.language)


def set_stranger(response: Response, visitor: Visitor, office: Office) -> None:
    """Give a stranger the cookie that the tokens of the page belong to."""
    _set(response, _STRANGER, visitor.cookie, office)


def set_session(response: Response, key: str, office: Office) -> None:
    """Give the session's cookie to who has just logged in."""
    _set(response, _SESSION, key, office)


def set_language(response: Response, language: str, office: Office) -> None:
    """Remember the language for a year."""
    _set(response, _LANGUAGE, language, office, max_age_s=365 * 24 * 3600)


def drop_session(response: Response, office: Office) -> None:
    """Take the session's cookie back."""
    _set(response, _SESSION, "", office, max_age_s=0)


def _set(response: Response, name: str, value: str, office: Office, *, max_age_s: int | None = None) -> None:
    response.set_cookie(
        cookie_name(name, office),
        value,
        max_age=max_age_s,
        path="/",
        secure=office.secure,
        httponly=True,
        samesite="strict",
    )
