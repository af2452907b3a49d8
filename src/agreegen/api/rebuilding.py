"""A register that was lost, made again from documents, scans and bags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from agreegen.api.access import Prompt
from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.batch.rebuilding.interface import RebuildReport
from agreegen.clock import read_clock
from agreegen.errors import RegisterError
from agreegen.json_text import parse_json
from agreegen.messages import message
from agreegen.pki.signer_pin import SignerPin
from agreegen.signing.trust import load_trust

__all__ = ["RebuildReport", "rebuild_register"]


def rebuild_register(
    folder: Path,
    *,
    by: str,
    confirm: Callable[[int, int], bool],
    job_file: Path | None = None,
    bags: Sequence[Path] = (),
    credential: Path | None = None,
    others: Sequence[SignerPin] = (),
    prompt: Prompt | None = None,
    forms: Path | None = None,
    now: datetime | None = None,
) -> RebuildReport | None:
    """Make the lost register of a batch's output again, as far as documents, scans and bags prove it.

    Args:
        folder: The output folder.
        by: Who commands it.
        confirm: Told how many documents and bags are there; nothing is written unless it says yes.
        job_file: Its job; None for the one that its `report.json` names.
        bags: Bags of it, besides those of the job.
        credential: Who signs the new register; None for whom the job names.
        others: Who sealed its bags or signed for the office, besides those whom the job names.
        prompt: Asks for secrets that must be typed in.
        forms: Folder of forms; None for the usual ones.
        now: Aware UTC time; None for the clock.

    Returns:
        What was recovered and what is lost; None where `confirm` said no.

    Raises:
        RegisterError: There is a register, no job is named, or nobody signs.
        CredentialError: The credential cannot be used.
        InputError: The job or its roster cannot be read.
    """
    from agreegen.batch.job.head_credential import head_credential  # noqa: PLC0415 - takes long to load
    from agreegen.batch.rebuilding import service  # noqa: PLC0415 - the same
    from agreegen.batch.rebuilding.office_signers import read_office_signers  # noqa: PLC0415 - the same
    from agreegen.signing.certificate_checks import check_credential  # noqa: PLC0415 - the same
    from agreegen.signing.credentials.loading import load_credential  # noqa: PLC0415 - the same

    job = read_job(job_file or reported_job(folder), forms_folder=forms)
    path = credential or head_credential(job)
    if path is None:
        raise RegisterError(
            message("api.names-no-credential-signs-register", path=job.path),
            hint=message("api.give-credential"),
        )
    now, trust = now or read_clock(), load_trust(list(job.trust))
    with load_credential(path, prompt=prompt) as signer:
        check_credential(signer, trust, now)
        office = read_office_signers(job, signer, prompt, [each.sha256 for each in others])
        request = service.RebuildRequest(folder, job, (*_bags_of(job), *bags), signer, trust, by, now, office)
        return service.rebuild_register(request, confirm=confirm)


def reported_job(folder: Path) -> Path:
    """Return the job that the last run's report names.

    Raises:
        RegisterError: There is no such report.
    """
    try:
        return Path(str(parse_json((folder / "report.json").read_bytes())["job"]))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise RegisterError(
            message("api.no-report-names-its-job", folder=folder), hint=message("api.give-job-job-yaml")
        ) from exc


def _bags_of(job: Job) -> tuple[Path, ...]:
    folder = None if job.archive is None else job.archive.bags
    return () if folder is None or not folder.is_dir() else tuple(sorted(folder.iterdir()))
