"""`register rebuild`: a register that was lost, made again from what is there."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.rebuilding import RebuildReport, rebuild_register
from agreegen.cli.options import existing_file, forms_option, json_option
from agreegen.cli.output import print_json, prompt_secret, say
from agreegen.cli.register.options import by_option, signer_credential_option, yes_option
from agreegen.cli.register.paper import account_name
from agreegen.errors import ExitCode

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
    report = rebuild_register(
        folder,
        by=by or account_name(),
        confirm=lambda *found: yes or _ask(folder, *found),
        job_file=job_file,
        bags=bags,
        credential=credential_file,
        prompt=prompt_secret,
        forms=forms_folder_option,
    )
    if report is None:
        return ExitCode.NEGATIVE
    _print(report, as_json=as_json)
    return ExitCode.NEGATIVE if report.lost or report.nameless else ExitCode.DONE


def _ask(folder: Path, documents: int, bags: int) -> bool:
    say(f"{folder}: {documents} documents and {bags} bags are there, and no register.")
    say("What they do not prove is lost: when they were printed, what was taken back, who accepted a scan.")
    return click.confirm("Make a register again from them?", err=True)


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
