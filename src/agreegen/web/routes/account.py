"""One's own account: changing the password."""

from __future__ import annotations

from starlette.responses import Response

from agreegen.errors import UsageError
from agreegen.web.endpoint import Call, Intake, Page
from agreegen.web.pages.areas import EVERY_ROLE
from agreegen.web.pages.rendering import page
from agreegen.web.pages.visitor import set_session
from agreegen.web.routes.login import LANE
from agreegen.web.security.passwords import check_rules, hash_password, matches


def show_account(call: Call) -> Response:
    """Show the account and the form for a new password."""
    return _show(call)


def _show(call: Call, problem: str = "", *, done: bool = False) -> Response:
    status = 422 if problem else 200
    return page("account.html", call.office, call.visitor, status, problem=problem, done=done)


def change_password(call: Call) -> Response:
    """Change one's own password; every other session of the account ends."""
    office, user = call.office, call.user
    fresh = str(call.form.get("fresh", ""))
    if not matches(str(call.form.get("password", "")), office.users.password_hash(user.id)):
        call.record("password", user.name, "refused")
        return _show(call, "web.account.wrong")
    try:
        check_rules(fresh, user.name)
    except UsageError:
        return _show(call, "web.account.rules")
    office.users.set_password(user.id, hash_password(fresh))
    call.record("password", user.name)
    response = _show(call, done=True)
    set_session(response, office.sessions.begin(user.id, call.visitor.address, now=office.clock()), office)
    return response


PAGES = (
    Page("GET", "/account", show_account, EVERY_ROLE),
    Page("POST", "/account", change_password, EVERY_ROLE, Intake(max_bytes=16 << 10, max_fields=8), LANE),
)
