"""`ledger inspect` and `draw`: the yearly inspection and its report, random spot checks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from agreegen.api.ledger.entries import Entered, LedgerAccess, ledger_credential, office_day
from agreegen.api.ledger.inspection import DrawOf, draw_check, past_draw, record_inspection
from agreegen.api.ledger.reports import write_inspection_sheet, write_ledger_report
from agreegen.cli.ledger.options import DayType, ledger_option, open_access, say_head, writing_options
from agreegen.cli.options import (
    any_path,
    existing_file,
    force_option,
    forms_option,
    json_option,
    open_credential,
)
from agreegen.cli.output import print_json, say
from agreegen.clock import read_clock
from agreegen.errors import UsageError
from agreegen.files import refuse_existing, write_atomically
from agreegen.messages import message

_MODE = 0o600


@click.command("inspect")
@ledger_option
@click.option("--blank", type=any_path, metavar="FILE.xlsx", help="cli.write-self-inspection-sheet-fill")
@click.option("--sheet", type=existing_file, metavar="FILE", help="cli.record-sheet-was-filled")
@click.option("--date", "day", type=DayType(), help="cli.when-was-today-where-nothing-said")
@click.option("--held-by", default="", help="cli.who-inspected")
@click.option("--report", type=any_path, metavar="OUT.pdf", help="cli.write-year-report-sealed")
@click.option("--docx", type=any_path, metavar="OUT.docx", help="cli.report-filled-word-form-too")
@click.option("--year", type=click.IntRange(1949, 9999), help="cli.report-year-else-present-one")
@click.option("--unsigned", is_flag=True, help="cli.report-nobody-seals")
@forms_option
@force_option
@writing_options
def inspect_command(
    ledger_file: Path,
    blank: Path | None,
    sheet: Path | None,
    day: date | None,
    held_by: str,
    report: Path | None,
    docx: Path | None,
    year: int | None,
    unsigned: bool,
    forms_folder_option: Path | None,
    force: bool,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
) -> None:
    """Hold the yearly self-inspection: its blank sheet, the filled sheet, the report from the ledger."""
    if blank is None and sheet is None and report is None:
        raise UsageError(message("ledger.inspect-what"))
    for output in (blank, report, docx):
        if output is not None:
            refuse_existing(output, force=force)
    if blank is not None:
        write_inspection_sheet(blank)
        say(message("ledger.written", path=blank))
    access = open_access(ledger_file, credential_file, trust, by)
    if sheet is not None:
        when = day or office_day(read_clock())
        entered = record_inspection(access, sheet, day=when, held_by=held_by)
        facts = entered.notes[0].facts
        say(message("ledger.inspected", path=ledger_file, score=facts["score"], full=facts["full"]))
        say_head(ledger_file, entered)
    if report is not None:
        _write_report(access, report, docx, year=year, unsigned=unsigned, forms=forms_folder_option)


def _write_report(
    access: LedgerAccess,
    report: Path,
    docx: Path | None,
    *,
    year: int | None,
    unsigned: bool,
    forms: Path | None,
) -> None:
    with open_credential(None if unsigned else ledger_credential(access)) as key:
        written = write_ledger_report(access.file, year=year, credential=key, trust=access.trust, forms=forms)
    write_atomically(report, written.pdf, mode=_MODE)
    if docx is not None and written.docx is not None:
        write_atomically(docx, written.docx, mode=_MODE)
    say(message("ledger.written", path=report))


@click.command("draw")
@ledger_option
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="cli.how-many-draw")
@click.option(
    "--of",
    type=click.Choice([each.value for each in DrawOf]),
    default="copies",
    show_default=True,
    help="cli.drawn-from-what",
)
@click.option("--public", default="", help="cli.word-was-agreed-on-before-e")
@click.option(
    "--again", type=click.IntRange(1), metavar="ENTRY", help="cli.show-recorded-draw-record-nothing"
)
@click.option("--candidates", type=any_path, metavar="FILE", help="cli.write-candidates-one-line")
@force_option
@writing_options
@json_option
def draw_command(
    ledger_file: Path,
    count: int,
    of: str,
    public: str,
    again: int | None,
    candidates: Path | None,
    force: bool,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
    as_json: bool,
) -> None:
    """Draw a random spot check that anybody can draw again with sha256sum, and record it."""
    if candidates is not None:
        refuse_existing(candidates, force=force)
    if again is None:
        access = open_access(ledger_file, credential_file, trust, by)
        entered = draw_check(access, count, of=DrawOf(of), public=public)
    else:
        entered = past_draw(ledger_file, again)
    if candidates is not None:
        write_atomically(candidates, "".join(f"{each}\n" for each in entered.candidates).encode())
    _print_draw(ledger_file, entered, as_json=as_json)


def _print_draw(ledger_file: Path, entered: Entered, *, as_json: bool) -> None:
    (note,) = entered.notes
    facts = note.facts
    if as_json:
        code = None if entered.head is None else entered.head.code
        print_json({**facts, "entry": note.seq, "code": code})
        return
    counted = {"count": facts["count"], "candidates": facts["candidates"]}
    say(message("ledger.drawn", number=note.seq, head=facts["head"], **counted))
    say_head(ledger_file, entered)
    for each in facts["drawn"]:
        click.echo(each)
