"""The bag that a path names, and commands about it; what is not there is 404, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from starlette.exceptions import HTTPException

from agreegen.web.endpoint import NOT_FOUND, Call
from agreegen.web.pages.words import say
from agreegen.web.work.archive.bag_folders import Bag, BagPlace, Options
from agreegen.web.work.archive.deliveries import Deliveries, Delivery
from agreegen.web.work.batch_folder import BatchFolder
from agreegen.web.work.commands.questions import answers_to

LANE = "archive"
LEDGER = "ledger"
_MOST_CHARACTERS = 200


def find_bag(call: Call) -> Bag:
    """Return the bag that the path names.

    Raises:
        HTTPException: There is none, and never was (404).
    """
    place = _find_place(call)
    bag = None if place is None else place.bag(call.part("bag"))
    if bag is None:
        raise HTTPException(NOT_FOUND)
    return bag


def require_there(call: Call) -> Bag:
    """Return the bag that the path names.

    Raises:
        HTTPException: There is none, or it was destroyed (404).
    """
    bag = find_bag(call)
    if not bag.is_there:
        raise HTTPException(NOT_FOUND)
    return bag


def _find_place(call: Call) -> BagPlace | None:
    office, name = call.office, call.part("place")
    if name == LEDGER:
        return ledger_place(call)
    delivery = Deliveries(office.home).find(name)
    if delivery is not None:
        return delivery.place
    batch = office.batches.find(name)
    return None if batch is None else BatchFolder.of(office.home, batch).bag_place(batch)


def ledger_place(call: Call) -> BagPlace:
    """Return where the bags of the ledger's closed periods lie."""
    folder = call.office.home.ledger.parent
    return BagPlace(
        id=LEDGER,
        title=say(call.visitor.language, "web.area.ledger"),
        folder=folder,
        notes=folder / "acts",
        register=None,
        sources=None,
        back="/ledger",
    )


def find_delivery(call: Call) -> Delivery:
    """Return the delivery that the path names.

    Raises:
        HTTPException: There is none (404).
    """
    delivery = Deliveries(call.office.home).find(call.part("delivery"))
    if delivery is None:
        raise HTTPException(NOT_FOUND)
    return delivery


def options_for(call: Call, place: BagPlace) -> Options:
    """Return the options that commands about bags of a place share."""
    return Options(call.office.home, call.office.settings, place.folder)


def line(call: Call, name: str) -> str:
    """Return a field as one line that is not too long."""
    return " ".join(call.text(name).split())[:_MOST_CHARACTERS]


def chosen_credential(call: Call) -> str | None:
    """Return the credential file that was chosen; None for none, or one that the office does not have."""
    name = call.text("credential")
    return name if name in call.office.home.credential_files() else None


def typed_answers(call: Call, credential: str | None, others: Iterable[Path | None] = ()) -> dict[str, str]:
    """Return the PINs that were typed in, by the question that each answers.

    Args:
        call: Who asks; they go to the command alone.
        credential: The credential file that was chosen; its PIN has the field `pin`.
        others: Further credentials of the act, each with a field of its own.
    """
    chosen = None if credential is None else call.office.home.credentials / credential
    return answers_to(call.secret, chosen, others, call.visitor.language)
