"""The roster of a job, or another one that a run reads in its place."""

from __future__ import annotations

from agreegen.batch.interface import Job, RunSettings
from agreegen.rosters.roster import Roster, open_roster


def open_job_roster(job: Job) -> Roster:
    """Open the roster of a job: its header, and its rows as they stand in the file, with what is wrong.

    Raises:
        InputError: The file cannot be read, or a required column is missing; says which headers were found.
    """
    return open_run_roster(job, RunSettings())


def is_own_roster(job: Job, settings: RunSettings) -> bool:
    """Tell whether a run reads the job's own roster, and not, say, `failed-rows.csv`."""
    return settings.roster is None or settings.roster.resolve() == job.roster.file.resolve()


def open_run_roster(job: Job, settings: RunSettings) -> Roster:
    """Open the roster that a run reads.

    Raises:
        InputError: The file cannot be read, or a required column is missing; says which headers were found.
    """
    source, other, own = job.roster, settings.roster, is_own_roster(job, settings)
    return open_roster(
        source.file if other is None else other,
        job.form,
        sheet=source.sheet if own else None,
        columns=source.columns,
        defaults=job.defaults,
        limit=settings.limit,
    )
