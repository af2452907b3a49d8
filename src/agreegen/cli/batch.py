"""`agreegen batch`: one document for every row of a roster."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.batch.interface import RunEvent, RunSummary
from agreegen.batch.job import Job, read_job
from agreegen.batch.preflight import check_job
from agreegen.batch.run import run_job
from agreegen.batch.status import job_status
from agreegen.cli.options import any_path, existing_file, forms_option, json_option, read_now
from agreegen.cli.output import make_progress, print_json, print_json_line, print_table, prompt_secret, say
from agreegen.errors import ExitCode, UsageError

job_argument = click.argument("job_file", type=existing_file, metavar="JOB.yaml")


@click.group("batch")
def command() -> None:
    """Make and sign one document for every row of a roster."""


@command.command("check")
@job_argument
@forms_option
@json_option
def check_command(job_file: Path, forms_folder_option: Path | None, as_json: bool) -> int:
    """Find everything that would fail, before anything is written; renders samples for approval."""
    result = check_job(read_job(job_file, forms_folder=forms_folder_option), now=read_now(), prompt=prompt_secret)
    if as_json:
        print_json(result.to_dict())
    else:
        for complaint in result.complaints:
            click.echo(f"{complaint.severity.value}: {complaint}")
        say(f"{result.rows} rows, {result.errors} errors, {result.warnings} warnings")
    return ExitCode.BAD_INPUT if result.errors else ExitCode.DONE
