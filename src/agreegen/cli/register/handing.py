"""`register change-signer`: handing a register over to another one who answers for it."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.recording import change_signer
from agreegen.cli.options import any_path
from agreegen.cli.output import prompt_secret, say
from agreegen.cli.register.options import register_option, signer_credential_option
from agreegen.messages import message


@click.command("change-signer")
@register_option
@click.option(
    "--to", "successor", required=True, type=any_path, metavar="CRED.yaml", help="cli.who-signs-from-now-on"
)
@signer_credential_option
def change_signer_command(register_file: Path, successor: Path, credential_file: Path | None) -> None:
    """Name another signer of the register, under the signature of the present one.

    Name the new credential as register_credential in the job, too.
    """
    access = RegisterAccess(register_file, credential_file, prompt_secret, say)
    subject = change_signer(access, successor)
    say(message("cli.from-now-on-signed", register_file=register_file, subject=subject))
