"""`register coverage`: who has signed, and how; who has not, and why."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from agreegen.api.batches import job_coverage, read_job
from agreegen.api.registers import Coverage, CoveragePerson, CoverageState, CoverageTotals, register_coverage
from agreegen.cli.options import any_path, existing_file, force_option, forms_option, json_option
from agreegen.cli.output import print_table, say, to_json
from agreegen.errors import ExitCode, UsageError
from agreegen.files import refuse_existing, refuse_inputs
from agreegen.messages import message, translate
from agreegen.reports.unsigned_list import UnsignedList

_MOST_SHOWN = 200


@click.command("coverage")
@click.option("--job", "job_file", type=existing_file, metavar="JOB.yaml", help="cli.job-its-register-roster")
@click.option(
    "--register", "register_files", type=existing_file, multiple=True, metavar="FILE", help="cli.may-repeated"
)
@click.option("--roster", type=existing_file, help="cli.roster-compare-else-job")
@click.option("--form", "form_id", help="cli.form-where-no-job-names-else")
@click.option("--at", metavar="DATE", help="cli.was-end-day-from-chain")
@click.option("--xlsx", type=any_path, metavar="FILE", help="cli.write-who-has-not-signed-sheet")
@forms_option
@force_option
@json_option
def coverage_command(
    job_file: Path | None,
    register_files: tuple[Path, ...],
    roster: Path | None,
    form_id: str | None,
    at: str | None,
    xlsx: Path | None,
    forms_folder_option: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Say of every row of a roster whether it is signed and how, and why it is not.

    Exit 0 only if every row is signed.
    """
    named = (job_file is not None, bool(register_files), roster is not None)
    if named not in {(True, False, False), (False, True, True)}:
        raise UsageError(message("cli.give-job-job-yaml-or-register"))
    moment = None if at is None else _end_of_day(at)
    if xlsx is not None:
        refuse_existing(xlsx, force=force)
        refuse_inputs(xlsx, [path for path in (job_file, roster, *register_files) if path is not None])
    unsigned = None if xlsx is None else UnsignedList()
    with _opened(job_file, register_files, roster, form_id, moment, forms_folder_option) as coverage:
        people = _listed(coverage, unsigned)
        if as_json:
            _print_json(people, coverage)
        else:
            _print_people(people, coverage)
    if unsigned is not None and xlsx is not None:
        unsigned.write(xlsx)
        say(message("cli.rows-not-signed", xlsx=xlsx, open=coverage.totals.open))
    return ExitCode.DONE if coverage.totals.complete else ExitCode.NEGATIVE


def _opened(
    job_file: Path | None,
    register_files: tuple[Path, ...],
    roster: Path | None,
    form_id: str | None,
    at: datetime | None,
    forms: Path | None,
) -> contextlib.AbstractContextManager[Coverage]:
    if job_file is not None:
        return job_coverage(read_job(job_file, forms_folder=forms), at)
    assert roster is not None  # the caller has checked
    return register_coverage(register_files, roster, form_id=form_id, at=at, forms=forms)


def _listed(coverage: Coverage, unsigned: UnsignedList | None) -> Iterator[CoveragePerson]:
    for person in coverage.people():
        if unsigned is not None:
            unsigned.add(person)
        yield person


def _print_json(people: Iterator[CoveragePerson], coverage: Coverage) -> None:
    """Print the people one by one: a hundred thousand of them are never in memory."""
    write = sys.stdout.write
    write('{"people": [')
    for number, person in enumerate(people):
        write(("" if number == 0 else ",") + "\n " + to_json(person.to_dict()))
    write('],\n"summary": ' + to_json(coverage.totals.to_dict()) + "}\n")
    sys.stdout.flush()


def _print_people(people: Iterator[CoveragePerson], coverage: Coverage) -> None:
    shown: list[tuple[object, ...]] = []
    more = 0
    for person in people:
        if person.state is CoverageState.SIGNED:
            continue
        if len(shown) < _MOST_SHOWN:
            cells = (person.row or "", person.label, person.name, person.unit or "")
            shown.append((*cells, person.state, person.remark))
        else:
            more += 1
    if shown:
        print_table(("row", "number", "name", "unit", "state", "reason"), shown)
    if more:
        click.echo(translate(message("cli.more-xlsx-writes-all-them", more=more)))
    _print_totals(coverage.totals)


def _print_totals(totals: CoverageTotals) -> None:
    rows: list[tuple[object, ...]] = []
    units = totals.units if any(totals.units) else {}  # parties have none: the sum says it all
    for unit, counts in units.items():
        left = counts[CoverageState.LEFT]
        signed = counts[CoverageState.SIGNED]
        on_roster = counts.total() - left
        rows.append((unit or message("cli.no-unit"), on_roster, signed, on_roster - signed, left))
    rows.append(
        (message("cli.all"), totals.rows, totals.signed, totals.open, totals.states[CoverageState.LEFT])
    )
    print_table(("unit", "rows", "signed", "open", "left"), rows)
    told = message("cli.people-on-roster-have-signed", signed=totals.signed, rows=totals.rows)
    if totals.how:
        how = [message(f"cli.signed-by.{kind.value}", count=n) for kind, n in sorted(totals.how.items())]
        told = message("cli.signed-how", told=told, how=how)
    say(told)


def _end_of_day(text: str) -> datetime:
    """Read a date, whose last moment is meant, or a moment.

    Raises:
        UsageError: It is neither, or `AGREEGEN_TZ` names no zone.
    """
    try:
        name = os.environ.get("AGREEGEN_TZ")
        zone = ZoneInfo(name) if name else None
        moment = datetime.fromisoformat(text)
        if len(text) <= len("2026-05-01"):
            moment = datetime.combine(moment.date(), time.max)
        return moment.replace(tzinfo=zone) if zone and moment.tzinfo is None else moment.astimezone()
    except (ValueError, ZoneInfoNotFoundError) as exc:
        raise UsageError(
            message("cli.no-date", text=text), hint=message("cli.write-date-such-2026-05-01")
        ) from exc
