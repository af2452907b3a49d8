"""The seals that are printed over the edges of one row's document."""

from __future__ import annotations

from collections.abc import Mapping

from agreegen.batch.interface import Job
from agreegen.batch.planning.document_paths import path_of_row
from agreegen.errors import InputError
from agreegen.messages import message
from agreegen.model.document import SeamSeal, Value
from agreegen.pipeline.seams import Seams, read_seams, shows_other_seal


def seams_of_row(job: Job, values: Mapping[str, Value]) -> Seams:
    """Return the seams of a row: those that all rows share, and its own where their pictures are there.

    Raises:
        InputError: A picture cannot be used, or the row's signer has another one.
        CredentialError: A picture or credential file cannot be read.
    """
    if not job.seam_files:
        return job.seams
    shared = {seal.role for seal in job.seams.seals}
    files = {role: path_of_row(pattern, values) for role, pattern in job.seam_files.items()}
    there = {
        role: path for role, path in files.items() if path is not None and (role in shared or path.is_file())
    }
    seams = read_seams(job.form, there)
    for seal in seams.seals:
        if seal.role not in shared:
            _require_own(job, seal, values)
    return seams


def _require_own(job: Job, seal: SeamSeal, values: Mapping[str, Value]) -> None:
    for signature in job.signatures:
        if signature.role != seal.role:
            continue
        path = path_of_row(signature.credential, values)
        if path is not None and path.is_file() and shows_other_seal(job.form, seal, path):
            raise InputError(
                message("batch.seam-other-seal", role=job.form.role(seal.role)),
                hint=message("pipeline.seam-other-seal.hint"),
            )
