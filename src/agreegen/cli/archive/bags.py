"""`agreegen archive create` and `verify`: signed bags."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.archives.bags import BagReport, BagSummary, create_bag, verify_bag, write_four
from agreegen.api.credentials import load_credential
from agreegen.api.verification import verify_options
from agreegen.cli.options import (
    any_path,
    force_option,
    json_option,
    policy_option,
    read_signer,
    read_trust,
    read_tsa,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import print_json, print_table, prompt_secret, say, say_warning
from agreegen.errors import ExitCode
from agreegen.files import refuse_existing
from agreegen.messages import message, reader_language, translate
from agreegen.model.four_properties import Outcome
from agreegen.model.text import printable
from agreegen.reports.verification.wording import explain

_MOST_NAMED = 200


@click.command("create")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="SOURCE_DIR")
@click.option("-o", "--output", required=True, type=any_path, metavar="BAG_DIR", help="cli.bag-write")
@click.option("--credential", "credential_file", required=True, type=any_path, help="cli.who-signs-bag")
@click.option("--register-credential", type=any_path, help="cli.who-signs-register-where-its-job")
@tsa_option
@trust_options
@click.option("--omit-ids", is_flag=True, help="cli.leave-id-numbers-out-parameters-register")
@click.option("--include-unsigned", is_flag=True, help="cli.take-what-nobody-signed-or-register")
@force_option
def create_command(
    source: Path,
    output: Path,
    credential_file: Path,
    register_credential: Path | None,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    omit_ids: bool,
    include_unsigned: bool,
    force: bool,
) -> None:
    """Pack documents, parameters, certificates, reports and register of SOURCE_DIR into a signed bag."""
    with load_credential(credential_file, prompt=prompt_secret) as credential:
        summary = create_bag(
            source,
            output,
            credential,
            trust=read_trust(trust, crls),
            tsa=read_tsa(tsa),
            omit_ids=omit_ids,
            include_unsigned=include_unsigned,
            force=force,
            register_credential=register_credential,
            prompt=prompt_secret,
            tell=say,
        )
    _tell_left_out(summary)
    say(
        message(
            "cli.documents-bytes-signed",
            output=output,
            documents=summary.documents,
            payload_bytes=summary.payload_bytes,
            name=credential.name,
        )
    )


def _tell_left_out(summary: BagSummary) -> None:
    for document in summary.left_out[:_MOST_NAMED]:
        say_warning(message("cli.left-out", document=document.told))
    if len(summary.left_out) > _MOST_NAMED:
        say_warning(
            message("cli.more-left-out-include-unsigned-takes", count=len(summary.left_out) - _MOST_NAMED)
        )


@click.command("verify")
@click.argument("bag", type=any_path, metavar="BAG_DIR")
@trust_options
@policy_option
@click.option("--signer", metavar="CERT|SHA256", help="cli.who-must-have-sealed-bag-certificate")
@click.option(
    "--four",
    type=any_path,
    metavar="FILE.html",
    help="cli.write-check-four-properties-xlsx-beside",
)
@click.option(
    "--stage",
    type=click.Choice(["archiving", "receipt", "preservation"]),
    default="preservation",
    show_default=True,
    help="cli.four-when-checked",
)
@force_option
@json_option
def verify_command(
    bag: Path,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    policy: Path | None,
    signer: str | None,
    four: Path | None,
    stage: str,
    force: bool,
    as_json: bool,
) -> int:
    """Judge a bag offline: every file, its signature and token, and the documents at the proven time."""
    for output in () if four is None else (four, four.with_suffix(".xlsx")):
        refuse_existing(output, force=force)
    options = verify_options(read_trust(trust, crls), policy=policy)
    report = verify_bag(bag, options, signer=read_signer(signer))
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(printable(translate(report.sealer())))
        print_table(("check", "result", "detail"), report.rows())
        _advise(report)
    failed = 0
    if four is not None:
        failed = sum(check.outcome is Outcome.FAILED for check in write_four(bag, report, four, stage=stage))
        say(message("archive.four-written", path=four, failed=failed))
    return ExitCode.DONE if report.valid and not failed else ExitCode.NEGATIVE


def _advise(report: BagReport) -> None:
    """Say what would settle the documents that are open, each advice once."""
    left = [file for file in report.documents.files if not file.settled]
    for advice in dict.fromkeys(each for file in left for each in explain(file, reader_language()).advice):
        say(message("cli.what-helps-documents", advice=advice))
