"""`register rebuild`: a register that was lost, made again from what is there."""

from __future__ import annotations

import json
from pathlib import Path

import click

from agreegen.batch.interface import Job
from agreegen.batch.job.job_file import read_job
from agreegen.batch.job.register_signers import head_credential
from agreegen.batch.rebuilding.interface import RebuildReport
from agreegen.batch.rebuilding.service import RebuildRequest, rebuild_register
from agreegen.cli.options import existing_file, forms_option, json_option, read_now
from agreegen.cli.output import print_json, prompt_secret, say
from agreegen.cli.register.options import by_option, signer_credential_option, yes_option
from agreegen.cli.register.paper import account_name
from agreegen.errors import ExitCode, RegisterError
from agreegen.signing.certificate_checks import check_credential
from agreegen.signing.credentials.loading import load_credential
from agreegen.signing.trust import load_trust

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("rebuild")
@click.argument("folder", type=_FOLDER, metavar="OUTPUT_DIR")
@click.option("--job", "job_file", type=existing_file, help="Its job; else the one that report.json names.")
@click.option("--bag", "bags", multiple=True, type=_FOLDER, help="A bag of it; besides those of the job.")
@by_option
@signer_credential_option
@yes_option
@forms_option
@json_option
def rebuild_command(
    folder: Path,
    job_file: Path | None,
    bags: tuple[Path, ...],
    by: str | None,
    credential_file: Path | None,
    yes: bool,
    forms_folder_option: Path | None,
    as_json: bool,
) -> int:
    """Make the lost register of OUTPUT_DIR again, as far as documents, scans and bags prove it.

    Exit 1 where something could not be recovered.
    """
    job = read_job(job_file or _reported_job(folder), forms_folder=forms_folder_option)
    path = credential_file or head_credential(job)
    if path is None:
        raise RegisterError(
            f"{job.path} names no credential that signs the register", hint="give --credential"
        )
    now, trust = read_now(), load_trust(list(job.trust))
    credential = load_credential(path, prompt=prompt_secret)
    try:
        check_credential(credential, trust, now)
        request = RebuildRequest(
            folder, job, (*_bags_of(job), *bags), credential, trust, by or account_name(), now
        )
        report = rebuild_register(request, confirm=lambda *found: yes or _ask(folder, *found))
    finally:
        credential.close()
    if report is None:
        return ExitCode.NEGATIVE
    _print(report, as_json=as_json)
    return ExitCode.NEGATIVE if report.lost or report.nameless else ExitCode.DONE


def _ask(folder: Path, documents: int, bags: int) -> bool:
    say(f"{folder}: {documents} documents and {bags} bags are there, and no register.")
    say("What they do not prove is lost: when they were printed, what was taken back, who accepted a scan.")
    return click.confirm("Make a register again from them?", err=True)


def _reported_job(folder: Path) -> Path:
    """Return the job that the last run's report names."""
    try:
        return Path(str(json.loads((folder / "report.json").read_bytes())["job"]))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise RegisterError(f"{folder}: no report names its job", hint="give --job JOB.yaml") from exc


def _bags_of(job: Job) -> tuple[Path, ...]:
    folder = None if job.archive is None else job.archive.bags
    return () if folder is None or not folder.is_dir() else tuple(sorted(folder.iterdir()))


def _print(report: RebuildReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_dict())
        return
    for line in report.lost:
        click.echo(f"not recovered: {line}")
    for path in report.nameless:
        click.echo(f"whose it is, nothing tells: {path}")
    say(
        f"{report.documents} documents with {report.signatures} signatures, {report.paper} of them on paper, "
        f"{report.archived} in bags"
    )
