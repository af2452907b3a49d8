"""From what people write to entries: words, numbers of copies, days, item numbers, signature references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from agreegen.ledger.copies import MOST_COPIES, parse_numbers
from agreegen.ledger.holdings import Refused
from agreegen.ledger.interface import ENTERING, Item, Kind, Label, Medium, Movement
from agreegen.ledger.words import group, read_word, without_unit
from agreegen.messages import message
from agreegen.recording.ledger.signatures import read_reference
from agreegen.register.store import Register
from agreegen.values.text import drop_han_spaces

_PEOPLE = ("giver", "receiver", "custodian", "approved_by", "handled_by", "counted_by", "witness")
_PLAIN = (*_PEOPLE, "method", "note")
_NEW_NUMBERS = ENTERING | {Kind.COPY}
_HASH_LENGTH = 64

Value = str | date


@dataclass(slots=True)
class Drafter:
    """Reads entries one after the other; an item that one brings in is known to the next.

    Attributes:
        items: The items of the ledger, by number.
        today: The office's day, for entries that name none.
        base: Folder that paths of scans start from.
        register: Where documents that are named as signatures must stand; None for not asking.
    """

    items: dict[str, Item]
    today: date
    base: Path = field(default_factory=Path)
    register: Register | None = None

    def draft(self, values: Mapping[str, Value]) -> Movement:
        """Read one entry.

        Args:
            values: Field → what stands there; fields that are empty are left out. Days are dates.

        Raises:
            Refused: Something cannot be read; names the field.
        """
        kind = Kind(_word("kinds", "kind", _text(values, "kind")))
        described = self._description(kind, values)
        item = self._item_number(kind, values, described)
        copies = _numbers(kind, values)
        day, due = values.get("day", self.today), values.get("due")
        assert isinstance(day, date)
        plain: dict[str, Any] = {name: _text(values, name) for name in _PLAIN}
        movement = Movement(
            kind=kind,
            item=item,
            day=day,
            copies=copies,
            count=len(copies) or _count(values),
            due=due if isinstance(due, date) else None,
            description=described,
            signature=read_reference(_text(values, "signature"), self.base, self.register),
            **plain,
        )
        if described is not None:
            self.items.setdefault(item, described)
        return movement

    def _description(self, kind: Kind, values: Mapping[str, Value]) -> Item | None:
        if kind not in ENTERING:
            return None
        known = self.items.get(_text(values, "item"))
        title = _text(values, "title")
        if not title:
            return known
        described = Item(
            title,
            _text(values, "number"),
            Label(_word("labels", "label", _text(values, "label") or Label.SENSITIVE.value)),
            Medium(_word("media", "medium", _text(values, "medium") or Medium.PAPER.value)),
            _hash(_text(values, "sha256")),
        )
        if known is not None and not _text(values, "label"):
            described = replace(described, label=known.label, medium=known.medium, sha256=known.sha256)
        return described

    def _item_number(self, kind: Kind, values: Mapping[str, Value], described: Item | None) -> str:
        """Return the number of the item: as it is named, by its own number, or the next free one."""
        named, number = _text(values, "item"), _text(values, "number")
        if named:
            return named
        if kind in ENTERING:
            if described is None:
                raise Refused("title", message("ledger.no-title"))
            return self._next_number()
        if not number:
            raise Refused("item", message("ledger.which-item"), message("ledger.which-item.hint"))
        found = [item for item, known in self.items.items() if known.number == number]
        if len(found) != 1:
            told = message("ledger.ambiguous-number", count=len(found), number=number)
            raise Refused("number", told, message("ledger.which-item.hint"))
        return found[0]

    def _next_number(self) -> str:
        serial = 1
        while (number := f"{self.today.year}-{serial:04}") in self.items:
            serial += 1
        return number


def _text(values: Mapping[str, Value], name: str) -> str:
    text = " ".join(str(values.get(name, "")).split())
    return drop_han_spaces(text) if name in _PEOPLE else text


def _word(name: str, where: str, text: str) -> str:
    code = read_word(name, text)
    if code is None:
        known = [f"{word.zh[0]} ({word.code})" for word in group(name)]
        raise Refused(
            where, message("ledger.unknown-word", text=text), message("ledger.unknown-word.hint", words=known)
        )
    return code


def _numbers(kind: Kind, values: Mapping[str, Value]) -> tuple[int, ...]:
    text = _text(values, "copies")
    if not text:
        return ()
    if kind in _NEW_NUMBERS:
        raise Refused("copies", message("ledger.new-numbers"), message("ledger.new-numbers.hint"))
    try:
        numbers = parse_numbers(text)
    except ValueError as exc:
        raise Refused("copies", message("ledger.bad-numbers", text=text)) from exc
    if _text(values, "count") and _count(values) != len(numbers):
        told = message("ledger.counts-differ", named=len(numbers), counted=_text(values, "count"))
        raise Refused("count", told)
    return numbers


def _count(values: Mapping[str, Value]) -> int:
    text = without_unit(_text(values, "count"), "copies") or "1"
    if not (text.isascii() and text.isdigit() and len(text) <= len("10000")):
        raise Refused("count", message("ledger.bad-count", text=text, most=MOST_COPIES))
    return int(text)


def _hash(text: str) -> str:
    digest = text.lower()
    if digest and (len(digest) != _HASH_LENGTH or not set(digest) <= set("0123456789abcdef")):
        raise Refused("sha256", message("ledger.bad-hash", text=text))
    return digest
