"""`ledger new`, `add` and `import`: a ledger is begun, entries are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from agreegen.api.ledger.entries import Entered, Kind, add_entry, begin_ledger, import_entries
from agreegen.cli.ledger.options import (
    DayType,
    known_register_option,
    ledger_option,
    open_access,
    writing_options,
)
from agreegen.cli.options import existing_file, json_option
from agreegen.cli.output import print_json, say
from agreegen.files import sha256_of_file
from agreegen.messages import message

_TEXTS = (
    ("--item", "item", "Number in this ledger (编号); given by the ledger where a new item has none."),
    ("--number", "number", "The item's own number (文号)."),
    ("--title", "title", "Title of a new item."),
    ("--label", "label", "绝密|机密|秘密|工作秘密|敏感|其他|无, or its code; 敏感 where nothing is said."),
    ("--medium", "medium", "纸质|介质|文件, or its code; 纸质 where nothing is said."),
    ("--copies", "count", "How many copies; 1 where nothing is said."),
    ("--copy-numbers", "copies", "Which copies, e.g. 1-3,5; else the first that the giver has."),
    ("--giver", "giver", "Who hands over; may be left out where one has all copies."),
    ("--receiver", "receiver", "Who takes over."),
    ("--custodian", "custodian", "Who answers for the copies from then on."),
    ("--approved-by", "approved_by", "Who approved it."),
    ("--handled-by", "handled_by", "Who did it."),
    ("--counted-by", "counted_by", "Who counted before destruction (清点人)."),
    ("--witness", "witness", "Who watched the destruction (监销人)."),
    ("--method", "method", "How it was sent or destroyed."),
    ("--signature", "signature", "document:ID, scan:FILE or device:RECORD."),
    ("--note", "note", "Anything else."),
)


def _entry_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for flag, name, text in reversed(_TEXTS):
        function = click.option(flag, name, default="", help=text)(function)
    return function


@click.command("new")
@ledger_option
@click.option("--office", required=True, help="Whose ledger it is.")
@writing_options
def new_command(
    ledger_file: Path, office: str, credential_file: Path | None, trust: tuple[Path, ...], by: str | None
) -> None:
    """Begin a ledger; it remembers the credential that signs it.

    A ledger is no place for state secrets on a machine that is not approved for them.
    """
    entered = begin_ledger(open_access(ledger_file, credential_file, trust, by), office)
    if entered.head is not None:
        say(message("ledger.begun", path=ledger_file, office=office, code=entered.head.code))


@click.command("add")
@ledger_option
@click.option("--kind", required=True, metavar="KIND", help="|".join(Kind) + ", or 收文, 传阅, 清退, …")
@click.option("--date", "day", type=DayType(), help="When it happened; today where nothing is said.")
@click.option("--due", type=DayType(), help="By when circulated copies are to be back.")
@_entry_options
@click.option("--file", "item_file", type=existing_file, help="A new item that is a file: its hash is kept.")
@click.option("--office", default="", help="Whose ledger it is, where this entry begins it.")
@known_register_option
@writing_options
@json_option
def add_command(
    ledger_file: Path,
    day: date | None,
    due: date | None,
    item_file: Path | None,
    office: str,
    register_file: Path | None,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
    as_json: bool,
    **texts: str,
) -> None:
    """Make one entry: received, issued, circulated, copied, returned, destroyed, …"""
    values: dict[str, str | date] = {name: text for name, text in texts.items() if text}
    values |= {name: given for name, given in (("day", day), ("due", due)) if given is not None}
    if item_file is not None:
        values |= {"sha256": sha256_of_file(item_file), "medium": texts["medium"] or "file"}
    access = open_access(ledger_file, credential_file, trust, by)
    entered = add_entry(access, values, register=register_file, office=office)
    _print(ledger_file, entered, as_json=as_json)


@click.command("import")
@ledger_option
@click.argument("workbook", type=existing_file)
@click.option("--office", default="", help="Whose ledger it is, where these entries begin it.")
@known_register_option
@writing_options
@json_option
def import_command(
    ledger_file: Path,
    workbook: Path,
    office: str,
    register_file: Path | None,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
    as_json: bool,
) -> None:
    """Enter everything that a workbook lists (XLSX, XLS, ODS, CSV), or nothing; complaints name the cell."""
    access = open_access(ledger_file, credential_file, trust, by)
    entered = import_entries(access, workbook, register=register_file, office=office)
    _print(ledger_file, entered, as_json=as_json)


def _print(ledger_file: Path, entered: Entered, *, as_json: bool) -> None:
    if as_json:
        head = None if entered.head is None else entered.head.code
        entries = [{"kind": each.kind, "number": each.item, **each.to_facts()} for each in entered.movements]
        print_json({"head": head, "entries": entries})
        return
    _say_head(ledger_file, entered)
    for each in entered.movements[:1] if len(entered.movements) == 1 else ():
        click.echo(each.item)


def _say_head(ledger_file: Path, entered: Entered) -> None:
    count, head = len(entered.movements) + len(entered.notes), entered.head
    if head is not None:
        say(message("ledger.entered", path=ledger_file, count=count, code=head.code))
