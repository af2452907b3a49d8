"""`/desk`: who signs here and now on the tablet, and the links and QR codes for those who sign elsewhere."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from agreegen.api.devices import Occasion, qr_code_svg
from agreegen.errors import AgreegenError
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.office import Office
from agreegen.web.pages.areas import DESK, OFFICER
from agreegen.web.pages.rendering import page
from agreegen.web.store.batches import Batch
from agreegen.web.store.signings import Stage
from agreegen.web.work.signing_act import settle
from agreegen.web.work.signing_desk import (
    DeskState,
    agreed_numbers,
    desk_state,
    look_up,
    register_asks,
    search_waiting,
    subject_of,
)

_SEE_OTHER, _CONFLICT = 303, 409
_MOST_SHOWN, _MOST_LINKS = 50, 50
_DESK_TIME, _LINK_TIME = timedelta(minutes=30), timedelta(days=7)
_SMALL = Intake(max_bytes=16 << 10, max_fields=_MOST_LINKS + 8)


def show_desk(call: Call) -> Response:
    """Show who has yet to sign, and how acts of signing have gone."""
    office, query = call.office, call.request.query_params
    _settle(call)
    batches = office.batches.all()
    batch = _chosen(batches, query.get("batch", ""))
    wanted = query.get("q", "").strip()[:80]
    found = [] if batch is None else search_waiting(office, batch, wanted, _MOST_SHOWN + 1)
    return page(
        "desk.html",
        office,
        call.visitor,
        state=_state(office, batch),
        batches=batches,
        batch=batch,
        wanted=wanted,
        found=found[:_MOST_SHOWN],
        agreed=agreed_numbers(office),
        more=len(found) > _MOST_SHOWN,
        recent=office.signings.recent(),
        now=office.clock(),
        links=call.user.role in OFFICER,
    )


def _state(office: Office, batch: Batch | None) -> DeskState:
    asks = batch is not None and register_asks(office, batch)
    return DeskState("register-asks") if asks else desk_state(office)


def _settle(call: Call) -> None:
    """Go on with what a server that ended in the middle left."""
    for signing in call.office.signings.recent():
        if signing.stage is Stage.PREPARED:
            with contextlib.suppress(AgreegenError):
                settle(call.office, signing)


def _chosen(batches: tuple[Batch, ...], batch_id: str) -> Batch | None:
    known = {batch.id: batch for batch in batches}
    return known.get(batch_id) or next(iter(batches), None)


def begin_here(call: Call) -> Response:
    """Begin an act on this tablet; who is logged in is recorded as witness."""
    if not call.text("document"):
        return RedirectResponse("/desk", _SEE_OTHER)
    begun = _issue(call, call.text("batch"), call.text("document"), Occasion.DESK)
    return RedirectResponse(begun[1], _SEE_OTHER)


def make_links(call: Call) -> Response:
    """Make links for people who sign elsewhere, to be printed or handed over; they are shown this once."""
    batch = call.text("batch")
    chosen = [str(value) for value in call.form.getlist("document")][:_MOST_LINKS]
    made = [_issue(call, batch, document, Occasion.LINK) for document in dict.fromkeys(chosen)]
    base = f"{call.request.url.scheme}://{call.request.url.netloc}"
    slips = [
        {"name": name, "link": base + path, "picture": Markup(qr_code_svg(base + path))}  # noqa: S704 - ours
        for name, path in made
    ]
    until = call.office.clock() + _LINK_TIME
    return page("desk_links.html", call.office, call.visitor, slips=slips, until=until)


def _issue(call: Call, batch: str, document: str, occasion: Occasion) -> tuple[str, str]:
    """Begin an act; return whose it is, and its path.

    Raises:
        HTTPException: No such document waits for its person (404), its file is not the register's, or the
            register could not be signed unasked (409).
    """
    office, now = call.office, call.office.clock()
    waiting = look_up(office, batch, document)
    if waiting is None:
        raise HTTPException(NOT_FOUND)
    subject = subject_of(office, batch, waiting)
    known = office.batches.find(batch)
    if known is None or register_asks(office, known):
        raise HTTPException(_CONFLICT)
    if subject is None or (occasion is Occasion.LINK and not waiting.can_be_checked):
        raise HTTPException(_CONFLICT)
    here = occasion is Occasion.DESK
    expires = now + (_DESK_TIME if here else _LINK_TIME)
    witness = call.user.display if here else None
    signing, token = office.signings.issue(subject, occasion.value, witness, now=now, expires=expires)
    call.record("sign-issue", signing.id, occasion.value)
    return subject.name, f"/s/{token}"


def cancel(call: Call) -> Response:
    """End an act that is still open."""
    signing = call.office.signings.by_id(call.part("signing"))
    if signing is None:
        raise HTTPException(NOT_FOUND)
    with contextlib.suppress(AgreegenError):
        settle(call.office, signing)  # what is signed already cannot be taken back
    ended = call.office.signings.cancel(signing.id)
    call.record("sign-cancel", signing.id, "done" if ended else "refused")
    return RedirectResponse("/desk", _SEE_OTHER)


PAGES = (
    Page("GET", "/desk", show_desk, DESK),
    Page("POST", "/desk/here", begin_here, DESK, _SMALL),
    Page("POST", "/desk/links", make_links, OFFICER, _SMALL),
    Page("POST", "/desk/{signing}/cancel", cancel, DESK, _SMALL),
)
