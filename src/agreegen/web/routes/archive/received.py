"""Bags that came from elsewhere: taken in, opened with the office's credential, received with a receipt."""

from __future__ import annotations

import os
import re

from starlette.responses import Response

from agreegen.errors import AgreegenError, InputError
from agreegen.messages import message
from agreegen.web.endpoint import Call, Intake, Page
from agreegen.web.pages.areas import OFFICER, READERS
from agreegen.web.pages.rendering import page
from agreegen.web.routes.archive.finding import (
    LANE,
    chosen_credential,
    find_delivery,
    line,
    options_for,
    typed_answers,
)
from agreegen.web.routes.batches.finding import back_to
from agreegen.web.work.archive.bag_folders import Bag
from agreegen.web.work.archive.deliveries import Deliveries, Delivery
from agreegen.web.work.batch_folder import printed_object
from agreegen.web.work.commands.children import ChildState
from agreegen.web.work.uploads import uploads_in
from agreegen.web.work.verifying import policy_of

_UNPROCESSABLE = 422
_INTAKE = Intake(1 << 30, 100, 8)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def list_deliveries(call: Call) -> Response:
    """List what came, and where more is dropped."""
    return _list(call)


def _list(call: Call, problem: AgreegenError | None = None) -> Response:
    deliveries = Deliveries(call.office.home).all()
    values = {"deliveries": deliveries, "problem": problem, "changes": call.user.role in OFFICER}
    status = _UNPROCESSABLE if problem else 200
    return page("received.html", call.office, call.visitor, status, **values)


def take_in(call: Call) -> Response:
    """Take in sealed parts, or ZIPs of bags."""
    uploads = list(uploads_in(call.form, "files"))
    if not uploads:
        return _list(call, InputError(message("web.delivery.nothing")))
    delivery = Deliveries(call.office.home).add(call.user.name, now=call.office.clock())
    return _keep(call, delivery)


def add_parts(call: Call) -> Response:
    """Add further parts to a delivery: what one request cannot bring."""
    return _keep(call, find_delivery(call))


def _keep(call: Call, delivery: Delivery) -> Response:
    problem: AgreegenError | None = None
    count = 0
    try:
        count = delivery.keep(uploads_in(call.form, "files"))
    except AgreegenError as exc:
        problem = exc
    if count == 0 and problem is None:
        problem = InputError(message("web.delivery.nothing"))
    call.record("delivery-add", f"{delivery.id}: {count}", "refused" if problem else "done")
    return _show(call, delivery, problem) if problem else back_to(f"/archive/received/{delivery.id}")


def show_delivery(call: Call) -> Response:
    """Show a delivery: its parts, its bags, what checking them found."""
    return _show(call, find_delivery(call))


def _show(call: Call, delivery: Delivery, problem: AgreegenError | None = None) -> Response:
    office = call.office
    bags = [Bag(delivery.place, name) for name in delivery.bags]
    receiving = [(bag, bag.child("receive"), printed_object(bag.child("receive"))) for bag in bags]
    return page(
        "delivery.html",
        office,
        call.visitor,
        _UNPROCESSABLE if problem else 200,
        delivery=delivery,
        problem=problem,
        opening=delivery.opening,
        receiving=receiving,
        busy=delivery.opening.state is ChildState.RUNNING or any(bag.busy for bag in bags),
        credentials=office.home.credential_files(),
        changes=call.user.role in OFFICER,
    )


def open_parts(call: Call) -> Response:
    """Decrypt the parts with a credential of the office; the PIN is for this one act and kept nowhere."""
    delivery = find_delivery(call)
    credential, place = chosen_credential(call), delivery.place
    command = [
        "archive",
        "open",
        *(f"parts/{name}" for name in delivery.parts),
        f"--output={place.folder.name}",
    ]
    if credential is not None:
        path = os.path.relpath(call.office.home.credentials / credential, delivery.folder)
        command.append(f"--credential={path}")
    free = credential is not None and bool(delivery.parts)
    answers = typed_answers(call, credential)
    call.begin(delivery.opening, command, "bag-open", delivery.id, answers=answers, free=free)
    return back_to(f"/archive/received/{delivery.id}")


def receive(call: Call) -> Response:
    """Check a bag against its transfer list and by itself; where all is right, its receipt is written."""
    delivery = find_delivery(call)
    bag = delivery.place.bag(call.text("bag"))
    if bag is not None and bag.is_there:
        options, credential = options_for(call, bag.place), chosen_credential(call)
        policy = policy_of(call.office.home, call.office.settings)
        command = ["archive", "receive", bag.argument, f"--by={call.user.display}", "--json", *options.trust]
        command += [options.file("policy", policy)] if policy else []
        command += [options.credential(credential), *options.timestamps] if credential else []
        signer = line(call, "signer").replace(":", "").replace(" ", "").lower()
        command += [f"--signer={signer}"] if signer else []
        free = not bag.busy and (not signer or _SHA256.fullmatch(signer) is not None)
        earlier = printed_object(bag.child("receive"))
        if free and not (earlier and earlier["accepted"]):
            bag.drop_foreign_receipt()
        answers, subject = typed_answers(call, credential), f"{delivery.id}/{bag.name}"
        call.begin(bag.child("receive"), command, "bag-receive", subject, answers=answers, free=free)
    return back_to(f"/archive/received/{delivery.id}")


PAGES = (
    Page("GET", "/archive/received", list_deliveries, READERS),
    Page("POST", "/archive/received", take_in, OFFICER, _INTAKE, LANE),
    Page("GET", "/archive/received/{delivery}", show_delivery, READERS),
    Page("POST", "/archive/received/{delivery}/parts", add_parts, OFFICER, _INTAKE, LANE),
    Page("POST", "/archive/received/{delivery}/open", open_parts, OFFICER),
    Page("POST", "/archive/received/{delivery}/receive", receive, OFFICER),
)
