"""Batches: a job drafted, checked, run, counted and printed; one document for every row of a roster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agreegen.api.access import Prompt, RegisterAccess
from agreegen.batch.interface import (
    Job,
    JobCheck,
    PrintSettings,
    RowResult,
    RunEvent,
    RunEventKind,
    RunSettings,
    RunSummary,
)
from agreegen.batch.job import drafting
from agreegen.batch.job.coverage import job_coverage
from agreegen.batch.job.drafting import JobDraft, date_fields, office_role
from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.job_roster import open_job_roster
from agreegen.clock import read_clock
from agreegen.errors import InputError
from agreegen.files import refuse_existing, refuse_inputs, write_atomically
from agreegen.forms.catalog import forms_folder, list_forms
from agreegen.messages import Message, message
from agreegen.rosters.survey import RosterSurvey, survey_roster

if TYPE_CHECKING:
    from agreegen.batch.job.status import JobStatus
    from agreegen.batch.paper.printing import Printed

__all__ = [
    "Job",
    "JobCheck",
    "JobDraft",
    "PrintSettings",
    "RosterSurvey",
    "RowResult",
    "RunEvent",
    "RunEventKind",
    "RunSettings",
    "RunSummary",
    "batch_status",
    "check_batch",
    "date_fields",
    "fitting_forms",
    "job_coverage",
    "office_role",
    "open_job_roster",
    "print_batch",
    "read_job",
    "run_batch",
    "survey_roster",
    "write_job",
]


def check_batch(
    job: Job,
    *,
    prompt: Prompt | None = None,
    asked_later: bool = False,
    samples: bool = True,
    now: datetime | None = None,
) -> JobCheck:
    """Find everything in job, roster, form, credentials and disk that would fail; each complaint at its cell.

    Args:
        job: From `read_job`.
        prompt: Asks for secrets that must be typed in.
        asked_later: Whether they are asked for only as the job runs: what needs one is told, not tried.
        samples: Whether sample documents are written to `<output>/samples` where nothing is wrong.
        now: Aware UTC time; None for the clock.
    """
    from agreegen.batch.checking.preflight import check_job  # noqa: PLC0415 - a run needs none of it

    now = now or read_clock()
    return check_job(job, now=now, prompt=prompt, asked_later=asked_later, samples=samples)


def credentials_of_run(job: Job) -> tuple[Path, ...]:
    """Return the credential files that a run uses for all rows: of signatures, bags and register."""
    from agreegen.batch.checking.credential_checks import shared_credentials  # noqa: PLC0415 - slow to load

    return tuple(dict.fromkeys(shared_credentials(job)))


def run_batch(
    job: Job, settings: RunSettings | None = None, *, events: Callable[[RunEvent], None] | None = None
) -> RunSummary:
    """Make, sign and register one document for every row; running it again goes on where it stopped.

    It starts processes of its own and takes signals of the terminal, so it is called from a program's main
    thread; a server starts `agreegen batch run JOB.yaml --json` as a child instead.

    Args:
        job: From `read_job`.
        settings: How to run it.
        events: Told of every row, as it is done.

    Returns:
        What was done. Failed rows are in `failed-rows.csv` and `.xlsx`.

    Raises:
        InputError: The form or the roster is unusable, or the form changed since the first run.
        RegisterError: Another run is writing to the output folder, or it cannot be written.
        CredentialError: A credential that all rows share cannot be used; what is done is kept.
    """
    from agreegen.batch.running.run import run_job  # noqa: PLC0415 - reading a job needs none of it

    return run_job(job, settings, events=events)


def batch_status(job: Job) -> JobStatus:
    """Tell from its register how far a job has come, and whether it runs; nothing is written.

    Raises:
        RegisterError: The register is there but cannot be read.
    """
    from agreegen.batch.job.status import job_status  # noqa: PLC0415 - a run needs none of it

    return job_status(job)


def print_batch(
    job: Job,
    output: Path,
    settings: PrintSettings | None = None,
    *,
    by: str,
    credential: Path | None = None,
    xlsx: Path | None = None,
    prompt: Prompt | None = None,
    tell: Callable[[Message], None] | None = None,
    now: datetime | None = None,
) -> Printed:
    """Put the documents of a job by unit into one PDF for the printer, with marks, and record the printing.

    Args:
        job: A job whose documents are made.
        output: The PDF; replaced where it is there.
        settings: What is printed, and how.
        by: Who prints.
        credential: Who signs the register; None for whom it or its job names.
        xlsx: Also write the lists of the cover sheets as a workbook.
        prompt: Asks for secrets that must be typed in.
        tell: Told once where another command writes to the register and this one waits.
        now: Aware UTC time; None for the clock.

    Raises:
        InputError: There is no document to print.
        RegisterError: The register cannot be written, or nobody signs it.
    """
    from agreegen.batch.job.register_signers import recorder_for  # noqa: PLC0415 - a run needs none of it
    from agreegen.batch.paper.printing import print_documents  # noqa: PLC0415 - the same

    if not job.register_file.is_file():
        raise InputError(
            message("api.holds-no-documents-yet", output=job.output),
            hint=message("api.first-agreegen-batch-run", path=job.path),
        )
    now = now or read_clock()
    access = RegisterAccess(job.register_file, credential, prompt, tell)
    with recorder_for(access.file, access.credential, now=now, prompt=prompt, tell=tell) as recorder:
        return print_documents(job, output, settings, recorder=recorder, by=by, now=now, xlsx=xlsx)


def fitting_forms(
    roster: Path, *, sheet: int | str | None = None, forms: Path | None = None
) -> list[RosterSurvey]:
    """Say for which forms a roster may be, the best fit first, and which columns each finds in it.

    Args:
        roster: CSV, XLSX or XLS.
        sheet: Its name, or number from 1; None for the first that fits.
        forms: Folder of forms; None for the usual ones.

    Raises:
        InputError: The file cannot be read at all.
    """
    return drafting.fitting_forms(roster, list_forms(forms_folder(forms)), sheet=sheet)


def write_job(draft: JobDraft, path: Path, *, force: bool = False) -> None:
    """Write a job file with a comment at every key; paths in it are relative to it.

    Args:
        draft: The answers.
        path: The job file.
        force: Whether one that is there already is replaced.

    Raises:
        UsageError: It is there already, or is one of the files that it names.
        OSError: It cannot be written.
    """
    refuse_existing(path, force=force)
    named = [draft.roster, *draft.trust, *([] if draft.credential is None else [draft.credential])]
    refuse_inputs(path, named)
    write_atomically(path, drafting.write_draft(draft, path).encode())
