"""`/s/<token>`: one person signs one document on a device, once."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import timedelta
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from agreegen.api.devices import Pointer
from agreegen.errors import AgreegenError, InputError, TimestampError
from agreegen.files import sha256_of_file
from agreegen.messages import message, translate
from agreegen.web.endpoint import FORBIDDEN, NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.rendering import page
from agreegen.web.store.attempts import AttemptRule
from agreegen.web.store.signings import MOST_TRIES, Signing, Stage
from agreegen.web.work.signing_act import Given, SigningAct, picture_size
from agreegen.web.work.signing_desk import desk_state, look_up

LANE = "signing"
_SEE_OTHER, _CONFLICT, _UNUSABLE, _TOO_MANY = 303, 409, 422, 429
_UNKNOWN = AttemptRule(failures=20, within=timedelta(minutes=15), locked=timedelta(minutes=15))
_REFUSED = AttemptRule(failures=60, within=timedelta(minutes=15), locked=timedelta(minutes=15))
_TAKE_ALONG = timedelta(hours=1)
_MOST_KEY_BYTES = 4096
_PROBLEMS = ("again", "changed", "clock", "drawing", "insecure", "network", "not-shown", "refused")


def _find(call: Call) -> Signing:
    """Return the act of the token in the path.

    Raises:
        HTTPException: Nobody issued it (404), or this address has guessed too often (429).
    """
    office, now = call.office, call.office.clock()
    guesses = f"signing:{call.visitor.address}"
    if office.attempts.locked_until(guesses, now=now) is not None:
        raise HTTPException(_TOO_MANY)
    signing = office.signings.find(call.part("token"))
    if signing is None:
        office.attempts.fail(guesses, _UNKNOWN, now=now)
        raise HTTPException(NOT_FOUND)
    return signing


def _trouble_of(call: Call, signing: Signing) -> str:
    """Say why this visitor may not go on with an act; empty where nothing speaks against it."""
    if signing.visitor is not None and not signing.belongs_to(call.visitor.cookie):
        return "another"
    if signing.stage in {Stage.SIGNED, Stage.LOCKED, Stage.CANCELLED}:
        return signing.stage.value
    return "" if signing.is_open(call.office.clock()) else "expired"


def _tell(call: Call, signing: Signing, trouble: str) -> None:
    """Tell the officer: on the list of the desk, and on the audit's chain, which nobody shall flood."""
    call.office.attempts.fail(f"signing:{call.visitor.address}", _REFUSED, now=call.office.clock())
    call.office.signings.trouble(signing.id, trouble)
    call.record("sign-open", signing.id, trouble)


def _usable(call: Call, *stages: Stage) -> Signing:
    """Return the act of the path, which this visitor may go on with.

    Raises:
        HTTPException: See `_find`; used, expired or another's (403); not at this stage (409).
    """
    signing = _find(call)
    trouble = _trouble_of(call, signing)
    if trouble:
        _tell(call, signing, trouble)
        raise HTTPException(FORBIDDEN)
    if signing.stage not in stages:
        raise HTTPException(_CONFLICT)
    return signing


def show(call: Call) -> Response:
    """Show where the act stands: who it is, the document, or why it ends here."""
    signing = _find(call)
    trouble = _trouble_of(call, signing)
    if trouble == Stage.SIGNED.value and signing.belongs_to(call.visitor.cookie):
        return RedirectResponse(f"/s/{call.part('token')}/done", _SEE_OTHER)
    if trouble:
        return _refused(call, signing, trouble)
    if signing.stage is Stage.ISSUED:
        return _ask_who(call, signing)
    try:
        act = SigningAct.of(call.office, signing)
        sizes = [picture_size(path) for path in act.pages()]
    except InputError:
        return _refused(call, signing, "changed")
    state = desk_state(call.office)
    return page(
        "sign.html",
        call.office,
        call.visitor,
        token=call.part("token"),
        waiting=act.waiting,
        sizes=sizes,
        agreed=signing.stage is not Stage.OPENED,
        timestamped=state.timestamped,
        problems=_problem_words(call.visitor.language),
    )


def _problem_words(language: str) -> str:
    """Return what may go wrong, for the script to say."""
    return json.dumps({code: translate(message(f"sign.problem.{code}"), language) for code in _PROBLEMS})


def _refused(call: Call, signing: Signing, trouble: str) -> Response:
    _tell(call, signing, trouble)
    return page("sign_refused.html", call.office, call.visitor, FORBIDDEN, trouble=trouble)


def _ask_who(call: Call, signing: Signing, *, problem: bool = False) -> Response:
    return page(
        "sign_who.html",
        call.office,
        call.visitor,
        FORBIDDEN if problem else 200,
        token=call.part("token"),
        signing=signing,
        problem=problem,
        left=MOST_TRIES - signing.tries,
    )


def check(call: Call) -> Response:
    """Check who it is, and give the act to this visitor."""
    office, signing = call.office, _usable(call, Stage.ISSUED)
    if signing.occasion == "link" and not _is_person(call, signing):
        locked = office.signings.fail(signing.id)
        _tell(call, signing, "locked" if locked else "wrong-person")
        return _ask_who(call, _find(call), problem=True) if not locked else _refused(call, signing, "locked")
    if not office.signings.open(signing.id, call.visitor.cookie, now=office.clock()):
        return _refused(call, signing, "another")
    call.record("sign-open", signing.id)
    return RedirectResponse(f"/s/{call.part('token')}", _SEE_OTHER)


def _is_person(call: Call, signing: Signing) -> bool:
    waiting = look_up(call.office, signing.subject.batch, signing.subject.document)
    return waiting is not None and waiting.is_person(call.text("staff_no"), call.text("last_four"))


def show_page(call: Call) -> Response:
    """Show one page of the document."""
    signing = _usable(call, Stage.OPENED, Stage.CONSENTED, Stage.PREPARED)
    try:
        data = SigningAct.of(call.office, signing).show_page(int(call.request.path_params["page"]))
    except InputError as exc:
        raise HTTPException(NOT_FOUND) from exc
    return Response(data, media_type="image/png")


def consent(call: Call) -> Response:
    """Note that the person agreed, having been shown every page."""
    signing = _usable(call, Stage.OPENED)
    try:
        shown = SigningAct.of(call.office, signing).all_shown
    except InputError:
        return _problem(call, signing, "changed", _CONFLICT)
    if not shown or call.text("version") == "":
        return _problem(call, signing, "not-shown", _CONFLICT)
    call.office.signings.consent(signing.id, now=call.office.clock())
    call.record("sign-consent", signing.id)
    return JSONResponse({})


def take_key(call: Call) -> Response:
    """Take the device's public key and give what proves that the device holds the other half."""
    signing = _usable(call, Stage.CONSENTED, Stage.PREPARED)
    try:
        info = SigningAct.of(call.office, signing).request_info(_bytes(call, "key"))
    except AgreegenError:
        return _problem(call, signing, "again", _UNUSABLE)
    return JSONResponse({"request": base64.b64encode(info).decode()})


def prepare(call: Call) -> Response:
    """Take the drawing, prepare the document, and give what the device has to sign."""
    signing = _usable(call, Stage.CONSENTED, Stage.PREPARED)
    try:
        act = SigningAct.of(call.office, signing)
        drawing = act.read_drawing(str(call.form.get("drawing", "")))
    except InputError:
        return _problem(call, signing, "drawing", _UNUSABLE)
    pointer = call.text("pointer")
    given = Given(
        public_key=_bytes(call, "key"),
        proof=_bytes(call, "proof"),
        drawing=drawing,
        pointer=pointer if pointer in set(Pointer) else Pointer.MOUSE.value,
        address=call.visitor.address,
        browser=call.request.headers.get("user-agent", ""),
        language=call.visitor.language,
    )
    try:
        attributes = act.prepare(given)
    except TimestampError:
        return _problem(call, signing, "clock", _UNUSABLE)
    except AgreegenError:
        return _problem(call, signing, "again", _UNUSABLE)
    call.office.signings.prepare(signing.id)
    return JSONResponse({"attributes": base64.b64encode(attributes).decode()})


def finish(call: Call) -> Response:
    """Take the device's signature and put the document into its place."""
    signing = _usable(call, Stage.PREPARED)
    try:
        SigningAct.of(call.office, signing).finish(_bytes(call, "signature"))
    except TimestampError:
        return _problem(call, signing, "clock", _UNUSABLE)
    except AgreegenError:
        return _problem(call, signing, "again", _UNUSABLE)
    call.record("sign", signing.id)
    return JSONResponse({"next": f"/s/{call.part('token')}/done"})


def _problem(call: Call, signing: Signing, code: str, status: int) -> Response:
    call.office.signings.trouble(signing.id, code)
    call.record("sign-step", signing.id, code)
    return JSONResponse({"problem": code}, status)


def _bytes(call: Call, name: str) -> bytes:
    text = call.text(name)
    try:
        return base64.b64decode(text, validate=True) if len(text) <= _MOST_KEY_BYTES else b""
    except (binascii.Error, ValueError):
        return b""


def _signed(call: Call) -> Signing:
    """Return an act that this visitor has just finished.

    Raises:
        HTTPException: See `_find`; it is another's, not signed, or was signed too long ago (403).
    """
    signing = _find(call)
    recent = signing.signed is not None and call.office.clock() - signing.signed < _TAKE_ALONG
    if not recent or not signing.belongs_to(call.visitor.cookie):
        _tell(call, signing, "another" if signing.signed is None or recent else "expired")
        raise HTTPException(FORBIDDEN)
    return signing


def show_done(call: Call) -> Response:
    """Show the receipt."""
    signing = _signed(call)
    digest = sha256_of_file(_document(call, signing))
    values = {"signing": signing, "token": call.part("token"), "sha256": digest}
    return page("sign_done.html", call.office, call.visitor, **values)


def _document(call: Call, signing: Signing) -> Path:
    return call.office.home.signing / signing.id / "signed.pdf"


def give_document(call: Call) -> Response:
    """Give the signed document to take along."""
    signing = _signed(call)
    call.record("sign-download", signing.id)
    path = _document(call, signing)
    return FileResponse(path, media_type="application/pdf", filename=f"{signing.subject.document}.pdf")


def give_evidence(call: Call) -> Response:
    """Give the evidence to take along: `sha256sum` prints what stands in the certificate."""
    signing = _signed(call)
    call.record("sign-download", signing.id)
    path = call.office.home.signing / signing.id / "evidence.json"
    return FileResponse(path, media_type="application/json", filename=f"{signing.subject.document}.json")


_SMALL = Intake(max_bytes=32 << 10, max_fields=8)
_DRAWING = Intake(max_bytes=1 << 20, max_fields=8)
PAGES = (
    Page("GET", "/s/{token}", show, None, lane=LANE),
    Page("POST", "/s/{token}/check", check, None, _SMALL),
    Page("GET", "/s/{token}/pages/{page:int}.png", show_page, None),
    Page("POST", "/s/{token}/consent", consent, None, _SMALL),
    Page("POST", "/s/{token}/key", take_key, None, _SMALL),
    Page("POST", "/s/{token}/prepare", prepare, None, _DRAWING, LANE),
    Page("POST", "/s/{token}/finish", finish, None, _SMALL, LANE),
    Page("GET", "/s/{token}/done", show_done, None),
    Page("GET", "/s/{token}/document.pdf", give_document, None),
    Page("GET", "/s/{token}/evidence.json", give_evidence, None),
)
