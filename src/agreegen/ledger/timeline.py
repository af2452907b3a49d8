"""All movements in the order of their days, old ones and wished ones, and what comes of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from agreegen.ledger.holdings import Holdings, Refused
from agreegen.ledger.interface import Movement
from agreegen.ledger.names import counts_as
from agreegen.messages import message


@dataclass(slots=True)
class Placing:
    """What comes of wished movements among those that are there.

    Attributes:
        placed: Each wished movement that fits, with the numbers of its copies; None for the others.
        refused: Number of a wished movement → why it cannot be.
    """

    placed: list[Movement | None]
    refused: list[tuple[int, Refused]] = field(default_factory=list)


def replay(movements: Iterable[Movement], left: Mapping[str, date], *, until: date | None = None) -> Holdings:
    """Return who holds what after movements that fit each other.

    Args:
        movements: In the order of the chain.
        left: Name → day of leaving.
        until: The last day that counts; None for all.

    Raises:
        Refused: One does not fit.
    """
    holdings = Holdings(left=dict(left))
    for movement in sorted(movements, key=lambda each: each.day):
        if until is None or movement.day <= until:
            holdings.apply(movement)
    return holdings


def place(there: Sequence[Movement], wished: Sequence[Movement], left: Mapping[str, date]) -> Placing:
    """Put wished movements among those that are there, by their days; what no longer fits is told.

    An entry for an earlier day may take a copy away that a later entry needs: then it is the new entry that
    is refused, for what the chain says stands.

    Args:
        there: The movements of the chain, in its order.
        wished: The new ones, in their order; on one day they come after those that are there.
        left: Name → day of leaving.
    """
    placing = Placing([None] * len(wished))
    line = sorted(
        [(each.day, number, -1, each) for number, each in enumerate(there)]
        + [(each.day, len(there) + number, number, each) for number, each in enumerate(wished)],
        key=lambda entry: entry[:2],
    )
    holdings, newest = Holdings(left=dict(left), highest=_highest(there)), dict[str, int]()
    for _, _, number, movement in line:
        try:
            applied = holdings.apply(movement)
        except Refused as exc:
            culprit = number if number >= 0 else newest.get(movement.item, -1)
            if culprit < 0:
                raise
            placing.refused.append((culprit, exc if number >= 0 else _later(movement, exc)))
            continue
        if number >= 0:
            placing.placed[number] = applied
            newest[movement.item] = number
    for item, refused in _left_with_copies(holdings):
        placing.refused.append((newest.get(item, 0), refused))
    return placing


def _left_with_copies(holdings: Holdings) -> Iterator[tuple[str, Refused]]:
    """Yield the item of each copy that somebody who left would still have or answer for."""
    for name, day in holdings.left.items():
        for copy in holdings.held_by(name):
            if counts_as(copy.holder, name) or counts_as(copy.custodian, name):
                yield copy.item, Refused("receiver", message("ledger.left-with-copy", who=name, day=day))


def _highest(there: Sequence[Movement]) -> dict[str, int]:
    highest: dict[str, int] = {}
    for movement in there:
        highest[movement.item] = max(highest.get(movement.item, 0), *movement.copies)
    return highest


def _later(movement: Movement, exc: Refused) -> Refused:
    told = message("ledger.no-longer-fits", seq=movement.seq, day=movement.day, problem=exc.problem)
    return Refused("day", told, message("ledger.no-longer-fits.hint"))
