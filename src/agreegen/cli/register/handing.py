"""`register change-signer`: handing a register over to another one who answers for it."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.batch.job.register_signers import recorder_for
from agreegen.cli.options import any_path, read_now
from agreegen.cli.output import prompt_secret, say
from agreegen.cli.register.options import register_option, signer_credential_option
from agreegen.recording.signer import identity_of
from agreegen.register.interface import EventDraft, EventKind
from agreegen.signing.credentials.loading import load_credential


@click.command("change-signer")
@register_option
@click.option(
    "--to", "successor", required=True, type=any_path, metavar="CRED.yaml", help="Who signs from now on."
)
@signer_credential_option
def change_signer_command(register_file: Path, successor: Path, credential_file: Path | None) -> None:
    """Name another signer of the register, under the signature of the present one.

    Name the new credential as register_credential in the job, too.
    """
    now = read_now()
    credential = load_credential(successor, prompt=prompt_secret)
    try:
        identity = identity_of(credential.certificate_der)
    finally:
        credential.close()
    with recorder_for(register_file, credential_file, now=now, prompt=prompt_secret, tell=say) as recorder:
        recorder.record([EventDraft(EventKind.SIGNER, details=identity.to_dict())], now=now)
    say(f"{register_file}: from now on signed by {identity.subject}")
