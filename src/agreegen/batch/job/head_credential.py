"""Which of a job's credentials signs its register."""

from __future__ import annotations

from pathlib import Path

from agreegen.batch.interface import Job
from agreegen.batch.planning.planner import credential_path
from agreegen.errors import RegisterError
from agreegen.messages import message


def head_credential(job: Job) -> Path | None:
    """Return whose credential signs the heads of a job's register, or None where the job has nobody.

    It is `register_credential`, else the archive's, else the first one that all rows share.
    """
    if job.register_credential is not None:
        return job.register_credential
    if job.archive is not None:
        return job.archive.credential
    shared = (credential_path(each, {}) for each in job.signatures if not each.personal)
    return next((path for path in shared if path is not None), None)


def require_head_signer(job: Job) -> None:
    """Refuse a job that signs documents, but names nobody who signs the register.

    Raises:
        RegisterError: Only people's own credentials are named.
    """
    if job.signatures and head_credential(job) is None:
        raise RegisterError(
            message("batch.no-credential-job-signs-register-anybody", path=job.path),
            hint=message("batch.name-one-under-register-credential"),
        )
