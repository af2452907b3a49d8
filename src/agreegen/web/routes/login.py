"""Logging in and out, with a lock after wrong passwords."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.responses import RedirectResponse, Response

from agreegen.web.endpoint import Call, Intake, Page
from agreegen.web.pages.areas import EVERY_ROLE, areas_of
from agreegen.web.pages.rendering import page
from agreegen.web.pages.visitor import LANGUAGES, drop_session, set_language, set_session
from agreegen.web.security.passwords import matches
from agreegen.web.store.attempts import AttemptRule
from agreegen.web.store.audit import Act
from agreegen.web.store.users import User

LANE = "login"
_CERTIFICATE = "certificate"
_SEE_OTHER, _UNAUTHORISED, _TOO_MANY = 303, 401, 429
_OF_NAME = AttemptRule(failures=5, within=timedelta(minutes=15), locked=timedelta(minutes=15))
_OF_ADDRESS = AttemptRule(failures=40, within=timedelta(minutes=15), locked=timedelta(minutes=15))
_MOST_CHARACTERS = 256


def show_login(call: Call) -> Response:
    """Show the form, or go on where somebody is logged in."""
    if call.visitor.user is not None:
        return RedirectResponse(
            _next(call.request.query_params.get("next", ""), call.visitor.user), _SEE_OTHER
        )
    return _form(call)


def _form(call: Call, *, problem: str = "", status: int = 200) -> Response:
    known = _certified(call) is not None
    values = {"problem": problem, "name": call.text("name"), "next": _wanted(call), "certified": known}
    return page("login.html", call.office, call.visitor, status, **values)


def _wanted(call: Call) -> str:
    return call.text("next") or call.request.query_params.get("next", "")


def log_in(call: Call) -> Response:
    """Check name and password; count every try before its password is looked at."""
    office, now = call.office, call.office.clock()
    name = call.text("name")[:_MOST_CHARACTERS]
    password = str(call.form.get("password", ""))
    if _locked(call, name, now):
        return _form(call, problem="web.login.locked", status=_TOO_MANY)
    if call.text("by") == _CERTIFICATE:
        return _log_in_certified(call)
    user = office.users.find_name(name)
    stored = office.users.password_hash(user.id) if user is not None and not user.disabled else None
    if not matches(password[: _MOST_CHARACTERS + 1], stored) or user is None:
        call.record("login", name, "refused")
        return _form(call, problem="web.login.wrong", status=_UNAUTHORISED)
    office.attempts.clear(_key(name))
    return _enter(call, user)


def _enter(call: Call, user: User) -> Response:
    """Begin a session and lead on."""
    office = call.office
    office.attempts.forgive(_place(call))
    response = RedirectResponse(_next(call.text("next"), user), _SEE_OTHER)
    set_session(response, office.sessions.begin(user.id, call.visitor.address, now=office.clock()), office)
    office.record(Act(user.name, call.visitor.address, "login", user.name))
    return response


def _certified(call: Call) -> User | None:
    """Return the account whose client certificate the office's proxy has seen."""
    told = call.visitor.certificate
    user = None if told is None else call.office.users.find_certificate(told)
    return None if user is None or user.disabled else user


def _log_in_certified(call: Call) -> Response:
    user = _certified(call)
    if user is None:
        call.record("login", "certificate", "refused")
        return _form(call, problem="web.login.wrong", status=_UNAUTHORISED)
    return _enter(call, user)


def _key(name: str) -> str:
    return f"login:{name.casefold()}"


def _place(call: Call) -> str:
    return f"address:{call.visitor.address}"


def _locked(call: Call, name: str, now: datetime) -> bool:
    """Count this try; whether the name or the address has had too many."""
    # What is locked already is not noted again: else a stranger could fill the audit.
    attempts = call.office.attempts
    tries = ((_key(name), _OF_NAME), (_place(call), _OF_ADDRESS))
    if any(attempts.locked_until(what, now=now) is not None for what, _ in tries):
        return True
    locked = [attempts.fail(what, rule, now=now) for what, rule in tries]  # each is counted
    if any(locked):
        call.record("login", name, "locked")
    return any(locked)


def _next(path: str, user: User) -> str:
    """Return where to go on: a path of our own that was asked for, else the first area of the account."""
    if _is_own(path) and path != "/":
        return path
    return next((area.path for area in areas_of(user) if area.path != "/"), "/")


def _is_own(path: str) -> bool:
    """Whether a path leads to a page of ours: an open redirect would lend our name to another's page."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def log_out(call: Call) -> Response:
    """End the session."""
    call.office.sessions.end(call.visitor.cookie)
    call.record("logout")
    response = RedirectResponse("/", _SEE_OTHER)
    drop_session(response, call.office)
    return response


def choose_language(call: Call) -> Response:
    """Remember the language and go back."""
    path = call.text("next")
    response = RedirectResponse(path if _is_own(path) else "/", _SEE_OTHER)
    language = call.text("lang")
    if language in LANGUAGES:
        set_language(response, language, call.office)
    return response


PAGES = (
    Page("GET", "/login", show_login, None),
    Page("POST", "/login", log_in, None, Intake(max_bytes=16 << 10, max_fields=8), LANE),
    Page("POST", "/logout", log_out, EVERY_ROLE, Intake(max_bytes=16 << 10, max_fields=8)),
    Page("POST", "/language", choose_language, None, Intake(max_bytes=16 << 10, max_fields=8)),
)
