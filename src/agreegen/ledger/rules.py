"""What an entry of each kind must say, whatever was there before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from agreegen.ledger.copies import MOST_COPIES
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import ENTERING, Kind, Medium, Movement, Note
from agreegen.ledger.names import may_be
from agreegen.messages import message

_REQUIRED: Mapping[Kind, tuple[str, ...]] = {
    Kind.RECEIVE: ("giver", "receiver"),
    Kind.MAKE: ("receiver",),
    Kind.ISSUE: ("receiver",),
    Kind.DISTRIBUTE: ("receiver",),
    Kind.CIRCULATE: ("receiver",),
    Kind.MAIL: ("receiver", "method"),
    Kind.COPY: ("approved_by", "handled_by"),
    Kind.RETURN: ("receiver",),
    Kind.DESTROY: ("approved_by", "counted_by", "witness", "method"),
}
_MISSING = {
    "giver": message("ledger.needs-giver"),
    "receiver": message("ledger.needs-receiver"),
    "approved_by": message("ledger.needs-approval"),
    "handled_by": message("ledger.needs-handler"),
    "counted_by": message("ledger.needs-counter"),
    "witness": message("ledger.needs-witness"),
    "method": message("ledger.needs-method"),
}


def problems(movement: Movement, *, today: date, closed: date | None) -> Iterator[Refused]:
    """Yield what is wrong with an entry by itself.

    Args:
        movement: The entry.
        today: The office's day.
        closed: The last day that is closed, or None.
    """
    for name in _REQUIRED[movement.kind]:
        if not getattr(movement, name):
            yield Refused(name, _MISSING[name])
    yield from day_problems(movement, today=today, closed=closed)
    yield from _number_problems(movement)
    yield from _people_problems(movement)
    if movement.due is not None and movement.due < movement.day:
        yield Refused("due", message("ledger.due-before"))
    if movement.due is not None and movement.kind is not Kind.CIRCULATE:
        yield Refused("due", message("ledger.due-not-lent"))


def day_problems(entry: Movement | Note, *, today: date, closed: date | None) -> Iterator[Refused]:
    """Yield what is wrong with the day of an entry; see `problems`."""
    if entry.day > today:
        yield Refused("day", message("ledger.future", day=entry.day))
    if closed is not None and entry.day <= closed:
        yield Refused("day", message("ledger.closed", day=closed), message("ledger.closed.hint"))


def _number_problems(movement: Movement) -> Iterator[Refused]:
    if not 1 <= movement.count <= MOST_COPIES:
        yield Refused("count", message("ledger.bad-count", text=movement.count, most=MOST_COPIES))
    if movement.copies and movement.count != len(movement.copies):
        told = message("ledger.counts-differ", named=len(movement.copies), counted=movement.count)
        yield Refused("count", told)
    described = movement.description
    if described is None:
        return
    if movement.kind not in ENTERING:
        yield Refused("title", message("ledger.described-again"))
    if not described.title:
        yield Refused("title", message("ledger.no-title"))
    if described.medium is Medium.FILE and not described.sha256:
        yield Refused("sha256", message("ledger.no-hash"), message("ledger.no-hash.hint"))


def _people_problems(movement: Movement) -> Iterator[Refused]:
    """Two people destroy: who counts and who watches are not one, and neither approves alone."""
    if movement.kind is not Kind.DESTROY or not movement.counted_by:
        return
    if may_be(movement.counted_by, movement.witness):
        yield Refused("witness", message("ledger.one-destroys"))
    if any(may_be(movement.approved_by, each) for each in (movement.counted_by, movement.witness)):
        yield Refused("approved_by", message("ledger.approves-own"))
