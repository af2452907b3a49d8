"""`register rebuild`: a register that was lost, made again from what is there."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.access import SignerPin
from agreegen.api.rebuilding import RebuildReport, rebuild_register, reported_job
from agreegen.cli.options import account_name, existing_file, forms_option, json_option
from agreegen.cli.output import print_json, prompt_secret, say
from agreegen.cli.register.options import by_option, signer_credential_option, yes_option
from agreegen.errors import ExitCode
from agreegen.messages import message, translate

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("rebuild")
@click.argument("folder", type=_FOLDER, metavar="OUTPUT_DIR")
@click.option("--job", "job_file", type=existing_file, help="cli.its-job-else-one-report-json")
@click.option("--bag", "bags", multiple=True, type=_FOLDER, help="cli.bag-besides-those-job")
@click.option(
    "--signer", "signers", metavar="CERT|SHA256", multiple=True, help="cli.who-sealed-bags-of-it-besides-job"
)
@by_option
@signer_credential_option
@yes_option
@forms_option
@json_option
def rebuild_command(
    folder: Path,
    job_file: Path | None,
    bags: tuple[Path, ...],
    signers: tuple[str, ...],
    by: str | None,
    credential_file: Path | None,
    yes: bool,
    forms_folder_option: Path | None,
    as_json: bool,
) -> int:
    """Make the lost register of OUTPUT_DIR again, as far as documents, scans and bags prove it.

    Exit 1 where something could not be recovered.
    """
    job_file = job_file or reported_job(folder)
    report = rebuild_register(
        folder,
        by=by or account_name(),
        confirm=lambda *found: yes or _ask(folder, job_file, *found),
        job_file=job_file,
        bags=bags,
        credential=credential_file,
        others=[SignerPin.parse(each) for each in signers],
        prompt=prompt_secret,
        forms=forms_folder_option,
    )
    if report is None:
        return ExitCode.NEGATIVE
    _print(report, as_json=as_json)
    return ExitCode.NEGATIVE if report.lost or report.nameless else ExitCode.DONE


def _ask(folder: Path, job_file: Path, documents: int, bags: int) -> bool:
    say(message("cli.documents-bags-no-register", folder=folder, documents=documents, bags=bags))
    say(message("cli.its-job-roster-anchors-count", job=job_file))
    say(message("cli.what-they-do-not-prove-lost"))
    return click.confirm(translate(message("cli.make-register-again-from-them")), err=True)


def _print(report: RebuildReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_dict())
        return
    for line in report.lost:
        click.echo(translate(message("cli.not-recovered", line=line)))
    for path in report.nameless:
        click.echo(translate(message("cli.whose-nothing-tells", path=path)))
    say(
        message(
            "cli.documents-signatures-them-on-paper-bags",
            documents=report.documents,
            signatures=report.signatures,
            paper=report.paper,
            archived=report.archived,
        )
    )
