"""Destroying a bag: one officer proposes it with a dry run, another approves it, a third person watches."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.web.endpoint import FORBIDDEN, NOT_FOUND, Call, Page
from agreegen.web.pages.areas import OFFICER
from agreegen.web.routes.archive.bags import address_of, answer, approvers_for
from agreegen.web.routes.archive.finding import (
    chosen_credential,
    find_bag,
    line,
    options_for,
    require_there,
    typed_answers,
)
from agreegen.web.routes.batches.finding import back_to
from agreegen.web.work.archive.bag_folders import Bag
from agreegen.web.work.archive.destruction import (
    APPROVING,
    Proposal,
    destroy_command,
    is_begun,
    keep_proposal,
    note_copies,
    plan_of,
    proposal_of,
    signers_beside,
    withdraw,
)

_PART = "#destruction"


def propose(call: Call) -> Response:
    """Propose that a bag be destroyed, and begin the dry run, which destroys nothing."""
    bag = require_there(call)
    approver = next((each for each in approvers_for(call) if each.id == call.text("approver")), None)
    if approver is None or bag.busy or is_begun(bag):
        call.record("destruction-propose", _subject(bag), "refused")
        return back_to(address_of(bag) + _PART)
    proposal = Proposal(
        by=call.user.display,
        by_account=call.user.id,
        approver=approver.display,
        approver_account=approver.id,
        witness=line(call, "witness"),
        reason=line(call, "reason"),
        early=bool(call.text("early")),
    )
    if not proposal.three_people or not proposal.reason:
        call.record("destruction-propose", _subject(bag), "refused")
        return answer(call, bag, InputError(message("web.destruction.three-people")))
    keep_proposal(bag, proposal)
    dry_run = destroy_command(bag, proposal, options_for(call, bag.place))
    call.begin(bag.child("plan"), dry_run, "destruction-propose", f"{_subject(bag)}: {proposal.reason}")
    return back_to(address_of(bag) + _PART)


def _subject(bag: Bag) -> str:
    return f"{bag.place.id}/{bag.name}"


def approve(call: Call) -> Response:
    """Destroy a bag as the dry run showed it; only who was asked to approve it can."""
    bag = find_bag(call)
    proposal, plan = proposal_of(bag), plan_of(bag)
    if proposal is None or plan is None:
        raise HTTPException(NOT_FOUND)
    if call.user.id != proposal.approver_account:
        call.record(APPROVING, _subject(bag), "refused")
        raise HTTPException(FORBIDDEN)
    options, credential = options_for(call, bag.place), chosen_credential(call)
    doing = destroy_command(bag, proposal, options) + options.trust + options.timestamps
    doing += [f"--confirm={plan['confirm']}"]
    doing += [options.credential(credential)] if credential else []
    agreed = bool(call.text("agreed")) and call.text("code") == plan["confirm"]
    free = agreed and credential is not None and not bag.busy
    if free:
        note_copies(bag)
    answers = typed_answers(call, credential, signers_beside(bag, call.office.home))
    call.begin(bag.child("destroy"), doing, APPROVING, _subject(bag), answers=answers, free=free)
    return back_to(address_of(bag) + _PART)


def take_back(call: Call) -> Response:
    """Withdraw or turn down a proposal; what was begun can only be gone on with."""
    bag = find_bag(call)
    if proposal_of(bag) is None:
        raise HTTPException(NOT_FOUND)
    free = not bag.busy and not is_begun(bag)
    if free:
        withdraw(bag)
    call.record("destruction-withdraw", _subject(bag), "done" if free else "refused")
    return back_to(address_of(bag) + _PART)


_DESTRUCTION = "/archive/{place}/bags/{bag}/destruction"

PAGES = (
    Page("POST", _DESTRUCTION, propose, OFFICER),
    Page("POST", f"{_DESTRUCTION}/approve", approve, OFFICER),
    Page("POST", f"{_DESTRUCTION}/withdraw", take_back, OFFICER),
)
