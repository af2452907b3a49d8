"""`ledger list`, `holders` and `overdue`: what a ledger shows."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from agreegen.api.ledger.entries import (
    Copy,
    Holdings,
    Kind,
    Movement,
    Note,
    ledger_content,
    ledger_due,
    ledger_holdings,
    word_of,
)
from agreegen.cli.ledger.options import DayType, KindType, ledger_option
from agreegen.cli.options import json_option
from agreegen.cli.output import print_json, print_json_list, print_long_table
from agreegen.errors import ExitCode
from agreegen.messages import reader_language

_LIST = ("seq", "day", "kind", "item", "copies", "giver", "receiver", "custodian", "backdated")
_HELD = ("item", "title", "label", "copy", "holder", "custodian", "since", "due")


@click.command("list")
@ledger_option
@click.option("--kind", type=KindType(), metavar="KIND", help="cli.only-entries-kind")
@click.option("--item", help="cli.only-entries-about-item")
@click.option("--name", help="cli.only-entries-name-person-or-unit")
@json_option
def list_command(
    ledger_file: Path, kind: Kind | None, item: str | None, name: str | None, as_json: bool
) -> None:
    """List the entries, in the order in which they were made; backdated ones are marked."""
    content = ledger_content(ledger_file)
    wanted = (kind, item, name)
    found = [_entry(each) for each in content.movements if _matches(each, *wanted)]
    if wanted == (None, None, None):
        found = sorted([*found, *map(_note, content.notes)], key=lambda each: int(each["seq"]))
    if as_json:
        print_json_list(found)
    else:
        language = reader_language()
        rows = ([_shown(each, column, language) for column in _LIST] for each in found)
        print_long_table([word_of("lists", each, language) for each in _LIST], rows)


@click.command("holders")
@ledger_option
@click.option("--at", type=DayType(), help="cli.end-day-else-after-all-entries")
@click.option("--item", help="cli.only-copies-item")
@click.option("--name", help="cli.only-copies-person-or-unit-has")
@json_option
def holders_command(
    ledger_file: Path, at: date | None, item: str | None, name: str | None, as_json: bool
) -> None:
    """Say who held which copy, on any day."""
    holdings = ledger_holdings(ledger_file, at=at)
    found = [
        _held(holdings, copy)
        for copy in holdings.all()
        if item in {None, copy.item} and name in {None, copy.holder, copy.custodian}
    ]
    if as_json:
        people = len({each["holder"] for each in found})
        summary = {"copies": len(found), "items": len({each["item"] for each in found}), "holders": people}
        print_json({"at": None if at is None else at.isoformat(), "copies": found, "summary": summary})
    else:
        language = reader_language()
        rows = ([_shown(each, column, language) for column in _HELD] for each in found)
        print_long_table([word_of("lists", each, language) for each in _HELD], rows)


@click.command("overdue")
@ledger_option
@click.option("--at", type=DayType(), help="cli.day-else-today")
@click.option("--within", type=click.IntRange(0, 3660), default=30, show_default=True, metavar="DAYS")
@json_option
def overdue_command(ledger_file: Path, at: date | None, within: int, as_json: bool) -> int:
    """Say what is overdue or falls due soon: copies, periods after leaving, the yearly inspection.

    Exit 1 where something is overdue.
    """
    found = ledger_due(ledger_file, at=at, within_days=within)
    overdue = sum(each.overdue for each in found)
    if as_json:
        summary = {"overdue": overdue, "soon": len(found) - overdue}
        print_json({"reminders": [each.to_dict() for each in found], "summary": summary})
    else:
        columns, language = ("due", "overdue", "kind", "who", "what"), reader_language()
        rows = (
            (each.due, "!" if each.overdue else "", word_of("due", each.kind, language), each.who, each.what)
            for each in found
        )
        print_long_table([word_of("lists", each, language) for each in columns], rows)
    return ExitCode.NEGATIVE if overdue else ExitCode.DONE


def _matches(movement: Movement, kind: Kind | None, item: str | None, name: str | None) -> bool:
    people = {movement.giver, movement.receiver, movement.custodian, movement.counted_by, movement.witness}
    return (
        kind in {None, movement.kind} and item in {None, movement.item} and (name is None or name in people)
    )


def _entry(movement: Movement) -> dict[str, Any]:
    facts = movement.to_facts()
    described = facts.pop("item", None)
    shown = {"seq": movement.seq, "kind": movement.kind.value, "item": movement.item, **facts}
    shown["backdated"] = movement.backdated
    return shown if described is None else {**shown, "description": described}


def _note(note: Note) -> dict[str, Any]:
    facts = {"seq": note.seq, "kind": note.kind.value, "day": note.day.isoformat()}
    return {**facts, "backdated": bool(note.facts.get("backdated")), "facts": dict(note.facts)}


def _held(holdings: Holdings, copy: Copy) -> dict[str, Any]:
    item = holdings.items[copy.item]
    return {
        "item": copy.item,
        "number": item.number,
        "title": item.title,
        "label": item.label.value,
        "copy": copy.number,
        "holder": copy.holder,
        "custodian": copy.custodian,
        "since": copy.since.isoformat(),
        "due": None if copy.due is None else copy.due.isoformat(),
    }


def _shown(entry: dict[str, Any], column: str, language: str) -> object:
    value = entry.get(column)
    if column == "label":
        return word_of("labels", str(value), language)
    if column == "kind":
        group = "kinds" if value in [kind.value for kind in Kind] else "own_kinds"
        return word_of(group, str(value), language)
    if column == "backdated":
        return "*" if value else ""
    return "" if value is None else value
