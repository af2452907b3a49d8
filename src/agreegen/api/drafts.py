"""A job for a roster: which form fits, what its header leaves open, and the job file with its comments."""

from __future__ import annotations

from pathlib import Path

from agreegen.batch.job import drafting
from agreegen.batch.job.drafting import JobDraft, date_fields, office_role
from agreegen.files import refuse_existing, refuse_inputs, write_atomically
from agreegen.forms.catalog import forms_folder, list_forms
from agreegen.rosters.survey import RosterSurvey, survey_roster

__all__ = [
    "JobDraft",
    "RosterSurvey",
    "date_fields",
    "fitting_forms",
    "office_role",
    "survey_roster",
    "write_job",
]


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
