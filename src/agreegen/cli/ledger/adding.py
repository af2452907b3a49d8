"""`ledger new`, `add` and `import`: a ledger is begun, entries are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from agreegen.api.ledger.entries import Entered, add_entry, begin_ledger, import_entries
from agreegen.cli.ledger.options import (
    DayType,
    known_register_option,
    ledger_option,
    open_access,
    say_head,
    writing_options,
)
from agreegen.cli.options import existing_file, json_option
from agreegen.cli.output import print_json, say
from agreegen.files import sha256_of_file
from agreegen.messages import message

_TEXTS = (
    ("--item", "item", "cli.number-ledger-given-ledger-where-new"),
    ("--number", "number", "cli.item-own-number"),
    ("--title", "title", "cli.title-new-item"),
    ("--label", "label", "cli.or-its-code-where-nothing-said-2"),
    ("--medium", "medium", "cli.or-its-code-where-nothing-said"),
    ("--copies", "count", "cli.how-many-copies-1-where-nothing"),
    ("--copy-numbers", "copies", "cli.which-copies-e-g-1-3"),
    ("--giver", "giver", "cli.who-hands-over-may-left-out"),
    ("--receiver", "receiver", "cli.who-takes-over"),
    ("--custodian", "custodian", "cli.who-answers-copies-from-then-on"),
    ("--approved-by", "approved_by", "cli.who-approved-it"),
    ("--handled-by", "handled_by", "cli.who-did-it"),
    ("--counted-by", "counted_by", "cli.who-counted-before-destruction"),
    ("--witness", "witness", "cli.who-watched-destruction"),
    ("--method", "method", "cli.how-was-sent-or-destroyed"),
    ("--signature", "signature", "cli.document-id-scan-file-or-device"),
    ("--note", "note", "cli.anything-else"),
)


def _entry_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for flag, name, text in reversed(_TEXTS):
        function = click.option(flag, name, default="", help=text)(function)
    return function


@click.command("new")
@ledger_option
@click.option("--office", required=True, help="cli.whose-ledger")
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
@click.option("--kind", required=True, metavar="KIND", help="cli.kind-of-entry")
@click.option("--date", "day", type=DayType(), help="cli.when-happened-today-where-nothing-said")
@click.option("--due", type=DayType(), help="cli.when-circulated-copies-back")
@_entry_options
@click.option("--file", "item_file", type=existing_file, help="cli.new-item-file-its-hash-kept")
@click.option("--office", default="", help="cli.whose-ledger-where-entry-begins")
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
@click.option("--office", default="", help="cli.whose-ledger-where-these-entries-begin")
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
    say_head(ledger_file, entered)
    for each in entered.movements[:1] if len(entered.movements) == 1 else ():
        click.echo(each.item)
