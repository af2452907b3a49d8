"""`agreegen batch print`: documents for people who sign with a pen."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from agreegen.api.batches import PrintSettings, print_batch, read_job
from agreegen.cli.options import any_path, existing_file, force_option, forms_option, json_option
from agreegen.cli.output import print_json, prompt_secret, say, say_warning
from agreegen.errors import ExitCode
from agreegen.files import refuse_existing
from agreegen.messages import message


@click.command("print")
@click.argument("job_file", type=existing_file, metavar="JOB.yaml")
@click.option("-o", "--output", required=True, type=any_path, metavar="OUT.pdf", help="cli.file-print")
@click.option("--all", "everything", is_flag=True, help="cli.also-documents-their-person-has-signed")
@click.option("--duplex", is_flag=True, help="cli.begin-every-document-on-front-side")
@click.option("--no-separators", is_flag=True, help="cli.no-cover-sheet-before-each-unit")
@click.option("--no-marks", is_flag=True, help="cli.no-marks-scans-must-told-apart")
@click.option("--unit", "units", multiple=True, metavar="U", help="cli.only-unit-may-repeated")
@click.option("--staff-no", "staff_nos", multiple=True, metavar="N", help="cli.only-person-may-repeated")
@click.option("--xlsx", type=any_path, metavar="FILE", help="cli.lists-cover-sheets-workbook")
@click.option("--by", metavar="NAME", help="cli.who-prints-else-name-account")
@forms_option
@force_option
@json_option
def print_command(
    job_file: Path,
    output: Path,
    everything: bool,
    duplex: bool,
    no_separators: bool,
    no_marks: bool,
    units: tuple[str, ...],
    staff_nos: tuple[str, ...],
    xlsx: Path | None,
    by: str | None,
    forms_folder_option: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Put the documents by unit into one file for the printer; `register add-scans` takes the scans."""
    for path in (output, xlsx):
        if path is not None:
            refuse_existing(path, force=force)
    settings = PrintSettings(
        everything, duplex, separators=not no_separators, units=units, staff_nos=staff_nos, marks=not no_marks
    )
    printed = print_batch(
        read_job(job_file, forms_folder=forms_folder_option),
        output,
        settings,
        by=by or getpass.getuser(),
        xlsx=xlsx,
        prompt=prompt_secret,
        tell=say,
    )
    if as_json:
        print_json(printed.to_dict())
    for warning in printed.warnings:
        say_warning(warning)
    if printed.signed_already:
        say(message("cli.have-signed-already-left-out", signed_already=printed.signed_already))
    say(message("cli.documents-pages", output=output, count=len(printed.documents), pages=printed.pages))
    return ExitCode.FAILED_ROWS if printed.skipped else ExitCode.DONE
