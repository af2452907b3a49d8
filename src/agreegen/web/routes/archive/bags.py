"""One bag: what its proof rests on, timestamps, single documents out of it, handed over, encrypted."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from agreegen.api.archives.bags import RENEWAL_HASHES
from agreegen.api.archives.envelopes import CIPHERS
from agreegen.errors import AgreegenError
from agreegen.web.endpoint import NOT_FOUND, Call, Intake, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.pages.rendering import page
from agreegen.web.routes.archive.finding import (
    LANE,
    chosen_credential,
    find_bag,
    line,
    options_for,
    require_there,
    typed_answers,
)
from agreegen.web.routes.batches.finding import attachment, back_to
from agreegen.web.store.users import Role, User
from agreegen.web.work.archive.bag_folders import DESTROYED, TRANSFER, Bag
from agreegen.web.work.archive.destruction import is_begun, plan_of, proposal_of, signers_beside
from agreegen.web.work.archive.extraction import document_like, extract_alone
from agreegen.web.work.archive.standing import Standing, standing_of
from agreegen.web.work.archive.zipping import bag_files, zip_pieces
from agreegen.web.work.commands.questions import questions_of
from agreegen.web.work.uploads import uploads_in
from agreegen.web.work.verifying import policy_of

_UNPROCESSABLE = 422
_DAYS = (90, 180, 365, 1825)
USUAL_DAYS = 180
_MOST_ENDINGS = 50
_MOST_RECIPIENTS, _MOST_CERTIFICATE_BYTES = 20, 1 << 20
_PART_MIB = 512
"""Of one part: what another office uploads fits into one request there."""
_BINARY, _ZIP = "application/octet-stream", "application/zip"


def show_bag(call: Call) -> Response:
    """Show a bag: what ends first, its period of retention, and what can be done with it."""
    return answer(call, find_bag(call))


def answer(call: Call, bag: Bag, problem: AgreegenError | None = None) -> Response:
    """Show a bag, and what went wrong."""
    office = call.office
    return page(
        "archive_bag.html",
        office,
        call.visitor,
        _UNPROCESSABLE if problem else 200,
        bag=bag,
        address=address_of(bag),
        standing=standing(call, bag, _days(call)),
        within=_days(call),
        choices=_DAYS,
        most=_MOST_ENDINGS,
        problem=problem,
        acts={act: bag.child(act) for act in ("stamp", "hand-over", "seal", "plan", "destroy")},
        transfer=bag.files(bag.beside(TRANSFER)),
        sealed=bag.files(bag.sealed),
        destroyed=bag.files(bag.beside(DESTROYED)),
        has_tsa=bool(office.settings.tsa),
        hashes=RENEWAL_HASHES,
        ciphers=CIPHERS,
        credentials=office.home.credential_files(),
        usual=Path(office.settings.archive_credential or "").name,
        changes=call.user.role in OFFICER,
        **_destruction(call, bag),
    )


def address_of(bag: Bag) -> str:
    """Return the page of a bag."""
    return f"/archive/{bag.place.id}/bags/{quote(bag.name, safe='')}"


def standing(call: Call, bag: Bag, days: int = USUAL_DAYS) -> Standing:
    """Say how a bag stands, by the policy of the office."""
    policy = policy_of(call.office.home, call.office.settings)
    return standing_of(bag, policy, timedelta(days=days))


def _days(call: Call) -> int:
    wanted = call.request.query_params.get("within", "")
    return next((each for each in _DAYS if str(each) == wanted), USUAL_DAYS)


def _destruction(call: Call, bag: Bag) -> dict[str, Any]:
    proposal = proposal_of(bag)
    return {
        "proposal": proposal,
        "plan": None if proposal is None else plan_of(bag),
        "begun": is_begun(bag),
        "approvers": approvers_for(call),
        "questions": questions_of(signers_beside(bag, call.office.home), call.visitor.language),
        "mine": proposal is not None and proposal.approver_account == call.user.id,
    }


def approvers_for(call: Call) -> tuple[User, ...]:
    """Return the other officers who can approve what this one proposes."""
    everybody = call.office.users.all()
    return tuple(
        user
        for user in everybody
        if user.role is Role.OFFICER and not user.disabled and user.id != call.user.id
    )


def stamp_bag(call: Call) -> Response:
    """Timestamp a bag, or renew its timestamps; another hash function hashes every file anew."""
    bag = require_there(call)
    options, renewing = options_for(call, bag.place), call.text("act") == "renew"
    command = ["archive", "renew" if renewing else "timestamp", bag.argument]
    command += options.trust + options.timestamps
    if renewing and call.text("hash") in RENEWAL_HASHES:
        command.append(f"--hash={call.text('hash')}")
    act = "bag-renew" if renewing else "bag-timestamp"
    free = bool(call.office.settings.tsa) and not bag.busy
    call.begin(bag.child("stamp"), command, act, _subject(bag), free=free)
    return back_to(f"{address_of(bag)}#proof")


def _subject(bag: Bag) -> str:
    return f"{bag.place.id}/{bag.name}"


def give_extract(call: Call) -> Response:
    """Give one document with all that proves it, as a ZIP: it can be handed out alone."""
    bag = require_there(call)
    try:
        document = document_like(bag, line(call, "document"))
        data = extract_alone(bag, document)
    except AgreegenError as exc:
        call.record("bag-extract", _subject(bag), "refused")
        return answer(call, bag, exc)
    call.record("bag-extract", f"{_subject(bag)}: {document}")
    return _as_zip(Response(data, media_type=_ZIP), Path(document).stem)


def hand_over(call: Call) -> Response:
    """Write the signed transfer list of a bag."""
    bag = require_there(call)
    credential, options = chosen_credential(call), options_for(call, bag.place)
    sender, receiver = line(call, "sender"), line(call, "receiver")
    command = ["archive", "hand-over", bag.argument, f"--sender={sender}", f"--receiver={receiver}"]
    command += [f"--by={call.user.display}", *options.trust, *options.timestamps]
    command += ["--force"] if call.text("again") else []
    command += [options.credential(credential)] if credential else []
    free = bool(credential and sender and receiver) and not bag.busy
    answers = typed_answers(call, credential)
    call.begin(bag.child("hand-over"), command, "bag-hand-over", _subject(bag), answers=answers, free=free)
    return back_to(f"{address_of(bag)}#hand-over")


def seal_bag(call: Call) -> Response:
    """Encrypt a bag, with its transfer list where it has one, for the certificates that were uploaded."""
    bag = require_there(call)
    uploads, options = list(uploads_in(call.form, "recipients")), options_for(call, bag.place)
    free = bool(uploads) and not bag.busy
    if free:
        for folder in (bag.recipients, bag.sealed):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
        for number, upload in enumerate(uploads, 1):
            upload.keep_at(bag.recipients / f"{number:02d}.cer")
    cipher = call.text("cipher") if call.text("cipher") in CIPHERS else CIPHERS[0]
    command = ["archive", "seal", bag.argument, *options.trust, f"--cipher={cipher}"]
    command += [options.file("output", bag.sealed / f"{bag.name}.p7m"), f"--part-mib={_PART_MIB}"]
    command += [options.file("recipient", bag.recipients / name) for name in bag.files(bag.recipients)]
    call.begin(bag.child("seal"), command, "bag-seal", _subject(bag), free=free)
    return back_to(f"{address_of(bag)}#seal")


def give_bag(call: Call) -> Response:
    """Give the whole bag, with its transfer list where it has one, as a ZIP that is made as it is sent."""
    bag = require_there(call)
    if bag.busy:
        call.record("bag-download", _subject(bag), "refused")
        return back_to(address_of(bag))
    call.record("bag-download", _subject(bag))
    return _as_zip(StreamingResponse(zip_pieces(bag_files(bag)), media_type=_ZIP), bag.name)


def _as_zip(response: Response, name: str) -> Response:
    file = quote(f"{name}.zip", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{file}"
    return response


def give_transfer(call: Call) -> Response:
    """Give a file of the transfer list: the list, its signature, its table, the receipt."""
    bag = find_bag(call)
    return _give(call, bag, bag.beside(TRANSFER))


def give_sealed(call: Call) -> Response:
    """Give a part of what was encrypted."""
    bag = find_bag(call)
    return _give(call, bag, bag.sealed)


def give_destroyed(call: Call) -> Response:
    """Give what a destruction left: order, completion, signatures."""
    bag = find_bag(call)
    return _give(call, bag, bag.beside(DESTROYED))


def _give(call: Call, bag: Bag, folder: Path) -> Response:
    name = call.part("name")
    if name not in bag.files(folder):
        raise HTTPException(NOT_FOUND)
    call.record("bag-download", f"{_subject(bag)}: {name}")
    return attachment(folder / name, name, _BINARY)


_BAG = "/archive/{place}/bags/{bag}"

PAGES = (
    Page("GET", _BAG, show_bag, READERS, lane=LANE),
    Page("POST", f"{_BAG}/stamp", stamp_bag, OFFICER),
    Page("POST", f"{_BAG}/extract", give_extract, OFFICER, lane=LANE),
    Page("POST", f"{_BAG}/hand-over", hand_over, OFFICER),
    Page("POST", f"{_BAG}/seal", seal_bag, OFFICER, Intake(_MOST_CERTIFICATE_BYTES, _MOST_RECIPIENTS, 8)),
    Page("GET", f"{_BAG}/bag.zip", give_bag, OFFICER),
    Page("GET", f"{_BAG}/transfer/{{name}}", give_transfer, READERS),
    Page("GET", f"{_BAG}/sealed/{{name}}", give_sealed, OFFICER),
    Page("GET", f"{_BAG}/destroyed/{{name}}", give_destroyed, READERS),
)
