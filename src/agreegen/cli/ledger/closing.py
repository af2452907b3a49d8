"""`ledger export` and `close`: tables for people; a period is closed, signed and archived."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from agreegen.api.ledger.reports import close_ledger, export_ledger
from agreegen.cli.ledger.options import DayType, ledger_option, open_access, writing_options
from agreegen.cli.options import any_path, force_option, forms_option, json_option, read_tsa, tsa_option
from agreegen.cli.output import print_json, say
from agreegen.files import refuse_existing
from agreegen.messages import message


@click.command("export")
@ledger_option
@click.option("-o", "--output", required=True, type=any_path, help="cli.xlsx-or-pdf-file")
@click.option("--year", type=click.IntRange(1949, 9999), help="cli.only-entries-year")
@click.option("--from", "first", type=DayType(), help="cli.only-entries-from-day-on")
@click.option("--to", "last", type=DayType(), help="cli.only-entries-up-day-holders")
@force_option
def export_command(
    ledger_file: Path, output: Path, year: int | None, first: date | None, last: date | None, force: bool
) -> None:
    """Write the ledger with the columns that offices use, a sheet for each kind (mode 0600)."""
    refuse_existing(output, force=force)
    if year is not None:
        first, last = first or date(year, 1, 1), last or date(year, 12, 31)
    export_ledger(ledger_file, output, first=first, last=last)
    say(message("ledger.written", path=output))


@click.command("close")
@ledger_option
@click.option("--year", type=click.IntRange(1949, 9999), help="cli.year-present-one-closed-through-today")
@click.option("--through", type=DayType(), help="cli.close-through-day-instead")
@click.option("-o", "--output", "bag", type=any_path, metavar="BAG_DIR", help="cli.archive-signed")
@tsa_option
@forms_option
@writing_options
@json_option
def close_command(
    ledger_file: Path,
    year: int | None,
    through: date | None,
    bag: Path | None,
    tsa: tuple[str, ...],
    forms_folder_option: Path | None,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
    as_json: bool,
) -> None:
    """Close the ledger through a day: its numbers are signed, and nothing is entered for its days later.

    With -o, the sealed report, the ledger, its tables and its heads go into an archive bag.
    """
    access = open_access(ledger_file, credential_file, trust, by)
    closed = close_ledger(
        access, year=year, through=through, bag=bag, tsa=read_tsa(tsa), forms=forms_folder_option
    )
    if as_json:
        print_json(
            {"head": closed.head.code, "bag": None if bag is None else str(bag), **closed.totals.to_dict()}
        )
    say(message("ledger.closed-through", path=ledger_file, day=closed.totals.last, code=closed.head.code))
    if bag is not None:
        say(message("ledger.archived", path=bag))
