"""`agreegen batch print`: documents for people who sign with a pen."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.register_signers import recorder_for
from agreegen.batch.planning.mended_rows import mended_warning
from agreegen.cli.options import any_path, existing_file, force_option, forms_option, json_option, read_now
from agreegen.cli.output import print_json, prompt_secret, say, say_warning
from agreegen.errors import ExitCode, InputError
from agreegen.files import refuse_existing


@click.command("print")
@click.argument("job_file", type=existing_file, metavar="JOB.yaml")
@click.option("-o", "--output", required=True, type=any_path, metavar="OUT.pdf", help="The file to print.")
@click.option("--all", "everything", is_flag=True, help="Also documents that their person has signed.")
@click.option("--duplex", is_flag=True, help="Begin every document on a front side.")
@click.option("--no-separators", is_flag=True, help="No cover sheet before each unit.")
@click.option("--no-marks", is_flag=True, help="No marks: scans must be told apart by hand.")
@click.option("--unit", "units", multiple=True, metavar="U", help="Only this unit; may be repeated.")
@click.option(
    "--staff-no", "staff_nos", multiple=True, metavar="N", help="Only this person; may be repeated."
)
@click.option("--xlsx", type=any_path, metavar="FILE", help="The lists of the cover sheets as a workbook.")
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
    forms_folder_option: Path | None,
    force: bool,
    as_json: bool,
) -> int:
    """Put the documents by unit into one file for the printer; `register add-scans` takes the scans."""
    from agreegen.batch.interface import PrintSettings  # noqa: PLC0415 - a run needs none of it
    from agreegen.batch.paper.printing import print_documents  # noqa: PLC0415 - the same

    for path in (output, xlsx):
        if path is not None:
            refuse_existing(path, force=force)
    job = read_job(job_file, forms_folder=forms_folder_option)
    if not job.register_file.is_file():
        raise InputError(f"{job.output} holds no documents yet", hint=f"first: agreegen batch run {job.path}")
    settings = PrintSettings(
        everything, duplex, separators=not no_separators, units=units, staff_nos=staff_nos, marks=not no_marks
    )
    now = read_now()
    with recorder_for(job.register_file, None, now=now, prompt=prompt_secret, tell=say) as recorder:
        printed = print_documents(
            job, output, settings, recorder=recorder, by=getpass.getuser(), now=now, xlsx=xlsx
        )
    if as_json:
        print_json(printed.to_dict())
    for row, reason in printed.skipped.items():
        say_warning(f"row {row} is left out: {reason}")
    if (told := mended_warning(printed.mended)) is not None:
        say_warning(told)
    if printed.signed_already:
        say(f"{printed.signed_already} have signed already and are left out")
    say(f"{output}: {len(printed.documents)} documents, {printed.pages} pages")
    return ExitCode.FAILED_ROWS if printed.skipped else ExitCode.DONE
