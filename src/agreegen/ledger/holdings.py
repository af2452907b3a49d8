"""Who holds which copy: what movements make of the copies, and what no movement may do."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from agreegen.ledger.copies import MOST_COPIES, format_numbers
from agreegen.ledger.interface import ENTERING, Item, Kind, Movement
from agreegen.ledger.names import counts_as, may_be
from agreegen.messages import Message, message


class Refused(ValueError):  # noqa: N818 - not an error of the program: a movement that cannot be
    """A movement that does not fit what was there before it.

    Args:
        field: The field of the movement that is wrong.
        problem: What is wrong.
        remedy: What would be right.
    """

    def __init__(self, field: str, problem: Message, remedy: Message | None = None) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy as it stands on a day.

    Attributes:
        item: Number of its item.
        number: Its own number.
        holder: Who has it.
        custodian: Who answers for it.
        since: The day from which on the holder has it.
        due: When it is to be back; None where it is not lent.
        origin: Number of the copy that it was copied from.
    """

    item: str
    number: int
    holder: str
    custodian: str
    since: date
    due: date | None = None
    origin: int | None = None


@dataclass(slots=True)
class Holdings:
    """The copies of all items, brought forward movement by movement, in the order of their days.

    Attributes:
        items: Number of the item → what it is.
        copies: Number of the item → number of the copy → the copy, while it exists.
        left: Name → the last day of somebody who left.
        highest: Number of the item → highest number of a copy that there is anywhere in the chain.
    """

    items: dict[str, Item] = field(default_factory=dict)
    copies: dict[str, dict[int, Copy]] = field(default_factory=dict)
    left: dict[str, date] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    _used: dict[str, set[int]] = field(default_factory=dict)

    def apply(self, movement: Movement) -> Movement:
        """Bring the copies forward by one movement; return it with the numbers of its copies.

        Raises:
            Refused: It does not fit; nothing was changed.
        """
        for name in ("receiver", "custodian") if self.left else ():
            self._refuse_left(name, getattr(movement, name), movement.day)
        if movement.kind in ENTERING:
            return self._enter(movement)
        known = self.copies.get(movement.item)
        if known is None:
            raise Refused(
                "item",
                message("ledger.no-item", item=movement.item),
                message("ledger.no-item.hint"),
            )
        movement = self._chosen(movement, known)
        if movement.kind is Kind.COPY:
            return self._copy(movement, known)
        if movement.kind is Kind.DESTROY:
            for number in movement.copies:
                del known[number]
            return movement
        return self._move(movement, known)

    def held_by(self, name: str) -> list[Copy]:
        """Return the copies that somebody may have or answer for, under this name."""
        return [copy for copy in self.all() if may_be(name, copy.holder) or may_be(name, copy.custodian)]

    def all(self) -> list[Copy]:
        """Return all copies that exist, by item and number."""
        return [copies[number] for _, copies in sorted(self.copies.items()) for number in sorted(copies)]

    def _refuse_left(self, field: str, who: str, day: date) -> None:
        """Refuse whoever has left; a number behind a name makes it another person than one without."""
        for name, last in self.left.items():
            if last < day and counts_as(who, name):
                told = message("ledger.left", who=who, day=last)
                raise Refused(field, told, message("ledger.left.hint"))

    def _enter(self, movement: Movement) -> Movement:
        described, known = movement.description, self.items.get(movement.item)
        if known is not None and described is not None and described != known:
            raise Refused(
                "item",
                message("ledger.item-taken", item=movement.item, title=known.title),
                message("ledger.item-taken.hint"),
            )
        if known is None and described is None:
            raise Refused("title", message("ledger.no-title"))
        numbers = self._next_numbers(movement)
        if described is not None:
            self.items.setdefault(movement.item, described)
        holder = movement.receiver
        copies = self.copies.setdefault(movement.item, {})
        custodian = movement.custodian or holder
        for number in numbers:
            copies[number] = Copy(movement.item, number, holder, custodian, movement.day)
        if movement.copies and movement.custodian:
            return movement
        return replace(movement, copies=numbers, count=len(numbers), custodian=custodian)

    def _copy(self, movement: Movement, known: dict[int, Copy]) -> Movement:
        """Make further copies of one copy; they are treated like the original."""
        origin = movement.origin if movement.origin is not None else self._origin(movement, known)
        if origin not in known or known[origin].holder != movement.giver:
            told = message("ledger.no-origin", who=movement.giver, number=origin, item=movement.item)
            raise Refused("giver", told)
        numbers = self._next_numbers(movement)
        holder = movement.receiver or movement.giver
        custodian = movement.custodian or movement.receiver or known[origin].custodian
        for number in numbers:
            known[number] = Copy(movement.item, number, holder, custodian, movement.day, origin=origin)
        settled = replace(movement, copies=numbers, count=len(numbers), origin=origin)
        return replace(settled, receiver=holder, custodian=custodian)

    def _origin(self, movement: Movement, known: dict[int, Copy]) -> int:
        held = sorted(number for number, copy in known.items() if copy.holder == movement.giver)
        if not held:
            raise Refused("giver", message("ledger.holds-none", who=movement.giver, item=movement.item))
        return held[0]

    def _next_numbers(self, movement: Movement) -> tuple[int, ...]:
        """Return the numbers of new copies: as the chain has them, else the next ones; none is used twice."""
        last, used = self.highest.get(movement.item, 0), self._used.setdefault(movement.item, set())
        numbers = movement.copies or tuple(range(last + 1, last + movement.count + 1))
        if max(numbers) > MOST_COPIES:
            raise Refused("count", message("ledger.too-many-copies", most=MOST_COPIES))
        if not used.isdisjoint(numbers):
            doubled = format_numbers(used.intersection(numbers))
            raise Refused("copies", message("ledger.copies-twice", numbers=doubled))
        used.update(numbers)
        self.highest[movement.item] = max(last, *numbers)
        return numbers

    def _chosen(self, movement: Movement, known: dict[int, Copy]) -> Movement:
        """Settle who gives, and which copies."""
        giver = movement.giver or _only_holder(movement, known)
        held = sorted(number for number, copy in known.items() if copy.holder == giver)
        if movement.kind is Kind.COPY:
            return replace(movement, giver=giver)
        if giver == movement.receiver:
            raise Refused("receiver", message("ledger.has-them", who=giver))
        wanted = movement.copies or tuple(held[: movement.count])
        foreign = [number for number in wanted if number not in held]
        if foreign or len(wanted) < movement.count:
            raise _not_held(movement, giver, held, foreign)
        if movement.giver and movement.copies and movement.count == len(wanted):
            return movement
        return replace(movement, giver=giver, copies=wanted, count=len(wanted))

    def _move(self, movement: Movement, known: dict[int, Copy]) -> Movement:
        """Give copies on; who answers for a circulated copy stays the same where nothing is said."""
        lent = movement.kind is Kind.CIRCULATE
        if not lent:
            movement = replace(movement, custodian=movement.custodian or movement.receiver)
        for number in movement.copies:
            before = known[number]
            known[number] = replace(
                before,
                holder=movement.receiver,
                custodian=movement.custodian or before.custodian,
                since=movement.day,
                due=movement.due,
            )
        return movement


def _only_holder(movement: Movement, known: dict[int, Copy]) -> str:
    holders = {copy.holder for number, copy in known.items() if number in (movement.copies or known)}
    if len(holders) == 1:
        return holders.pop()
    raise Refused(
        "giver",
        message("ledger.several-holders", item=movement.item, count=len(holders)),
        message("ledger.several-holders.hint"),
    )


def _not_held(movement: Movement, giver: str, held: list[int], foreign: list[int]) -> Refused:
    """Say which copies somebody does not hold, and which they do."""
    asked = message("ledger.copies-counted", count=movement.count)
    if foreign:
        asked = message("ledger.copies-numbered", numbers=format_numbers(foreign))
    told = message(
        "ledger.does-not-hold",
        who=giver,
        asked=asked,
        item=movement.item,
        day=movement.day,
        held=format_numbers(held) or "0",
    )
    return Refused("giver", told, message("ledger.does-not-hold.hint"))
