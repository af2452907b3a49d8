"""The accounts of the office, for officers."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from agreegen.errors import UsageError
from agreegen.web.accounts import add_user
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.pages.rendering import page
from agreegen.web.routes.login import LANE
from agreegen.web.store.users import Role, User

_SEE_OTHER = 303
_SMALL = Intake(max_bytes=16 << 10, max_fields=10)


def show_users(call: Call) -> Response:
    """List the accounts, with the form for a new one."""
    return _show(call)


def _show(call: Call, problem: str = "") -> Response:
    values = {"users": call.office.users.all(), "roles": tuple(Role), "problem": problem}
    typed = {name: call.text(name) for name in ("name", "display", "role")}
    status = 422 if problem else 200
    return page("users.html", call.office, call.visitor, status, typed=typed, **values)


def create_user(call: Call) -> Response:
    """Add an account."""
    name, role = call.text("name"), call.text("role")
    try:
        add_user(call.office, name, call.text("display"), role, str(call.form.get("password", "")))
    except UsageError:
        call.record("user-add", name, "refused")
        return _show(call, "web.users.refused")
    call.record("user-add", name)
    return RedirectResponse("/users", _SEE_OTHER)


def disable_user(call: Call) -> Response:
    """Disable an account; nobody disables the own one."""
    return _set(call, disabled=True)


def enable_user(call: Call) -> Response:
    """Let a disabled account log in again."""
    return _set(call, disabled=False)


def _set(call: Call, *, disabled: bool) -> Response:
    user = _found(call)
    if user.id == call.user.id:
        return _show(call, "web.users.own")
    call.office.users.set_disabled(user.id, disabled=disabled)
    call.record("user-disable" if disabled else "user-enable", user.name)
    return RedirectResponse("/users", _SEE_OTHER)


def _found(call: Call) -> User:
    user = call.office.users.find(call.part("user"))
    if user is None:
        raise HTTPException(NOT_FOUND)
    return user


PAGES = (
    Page("GET", "/users", show_users, OFFICER),
    Page("POST", "/users", create_user, OFFICER, _SMALL, LANE),
    Page("POST", "/users/{user}/disable", disable_user, OFFICER, _SMALL),
    Page("POST", "/users/{user}/enable", enable_user, OFFICER, _SMALL),
)
