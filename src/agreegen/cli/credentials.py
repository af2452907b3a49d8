"""`agreegen credentials`: what a token holds, and whether a credential can do the job."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from agreegen.api.credentials import examine_credential, list_tokens
from agreegen.cli.options import any_path, existing_file, json_option, trust_options
from agreegen.cli.output import print_json, print_table, prompt_secret, say, say_warning
from agreegen.messages import message


@click.group("credentials")
def command() -> None:
    """List tokens and check credentials."""


@command.command("list")
@click.option("--module", required=True, type=any_path, help="cli.pkcs-11-library-token")
@json_option
def list_command(module: Path, as_json: bool) -> None:
    """Show the tokens, keys and certificates that a PKCS#11 module gives without a PIN."""
    entries = list_tokens(module)
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    print_table(
        ("token", "serial", "kind", "object label", "object id", "subject", "valid until", "state"),
        [
            (
                e.token,
                e.serial,
                message(f"cli.token-kind.{e.kind}"),
                e.label,
                e.id,
                e.subject or "",
                None if e.not_after is None else datetime.fromisoformat(e.not_after),
                e.state,
            )
            for e in entries
        ],
    )


@command.command("check")
@click.argument("credential_file", type=any_path, metavar="CRED.yaml")
@click.option("--for-job", type=existing_file, metavar="JOB.yaml", help="cli.check-against-job-length-trust")
@trust_options
def check_command(
    credential_file: Path, for_job: Path | None, trust: tuple[Path, ...], crls: tuple[Path, ...]
) -> None:
    """Load a credential, check certificate, chain, key and picture, and make one trial signature."""
    checked = examine_credential(
        credential_file, trust=(*trust, *crls), for_job=for_job, prompt=prompt_secret
    )
    for finding in checked.findings:
        say_warning(finding)
    say(
        message(
            "cli.ready-sign",
            credential_file=credential_file,
            mechanism=checked.mechanism,
            holder=checked.holder,
            until=checked.until,
        )
    )
