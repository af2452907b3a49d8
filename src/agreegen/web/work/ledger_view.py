"""The office's ledger as its page shows it; the commands write it, as children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agreegen.api import Copy, Item, Movement, Reminder, ledger_content, ledger_due, ledger_holdings, word_of
from agreegen.web.work.commands.children import Child

_MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class LedgerView:
    """What the page shows.

    Attributes:
        due: What is overdue or falls due soon, by day.
        copies: Who holds which copy, the first ones.
        items: Number of an item → what it is.
        movements: The last entries, newest first.
        count: Number of entries.
        held: Number of copies.
    """

    due: tuple[Reminder, ...]
    copies: tuple[Copy, ...]
    items: dict[str, Item]
    movements: tuple[Movement, ...]
    count: int
    held: int


def view_ledger(path: Path, name: str, at: date | None = None) -> LedgerView:
    """Read a ledger.

    Args:
        path: The ledger.
        name: Part of the name of whose copies and entries are wanted, or of an item's number; empty for all.
        at: The day at whose end the copies are asked for; None for now.

    Raises:
        RegisterError: It cannot be read, or its entries do not fit each other.
    """
    content, holdings = ledger_content(path), ledger_holdings(path, at=at)
    copies = [copy for copy in holdings.all() if _fits(name, copy.item, copy.holder, copy.custodian)]
    movements = [
        each
        for each in reversed(content.movements)
        if _fits(name, each.item, each.giver, each.receiver, each.custodian)
    ]
    return LedgerView(
        tuple(ledger_due(path)),
        tuple(copies[:_MOST_SHOWN]),
        dict(holdings.items),
        tuple(movements[:_MOST_SHOWN]),
        len(movements),
        len(copies),
    )


def _fits(wanted: str, *texts: str) -> bool:
    return not wanted or any(wanted in text for text in texts)


def words(view: LedgerView, language: str) -> dict[str, str]:
    """Return what people call the kinds of entries and reminders that are shown."""
    return dict(_words(view, language))


def _words(view: LedgerView, language: str) -> Iterator[tuple[str, str]]:
    for movement in view.movements:
        yield movement.kind.value, word_of("kinds", movement.kind.value, language)
    for reminder in view.due:
        yield reminder.kind.value, word_of("due", reminder.kind.value, language)


def child_of(ledger: Path, name: str) -> Child:
    """Return a command about the ledger, run in its folder."""
    return Child(ledger.parent, name)
