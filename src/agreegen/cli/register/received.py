"""`register add-signed`: documents that the other party signed at its own office."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.recording import add_signed
from agreegen.cli.options import account_name, existing_file, policy_option, read_trust, trust_options
from agreegen.cli.output import prompt_secret, say, say_error
from agreegen.cli.register.options import by_option, register_option, roles_in_words, signer_credential_option
from agreegen.errors import ExitCode, InputError, UsageError
from agreegen.messages import message


@click.command("add-signed")
@click.argument("files", nargs=-1, required=True, type=existing_file, metavar="FILE.pdf...")
@register_option
@trust_options
@policy_option
@by_option
@signer_credential_option
def add_signed_command(
    files: tuple[Path, ...],
    register_file: Path,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    policy: Path | None,
    by: str | None,
    credential_file: Path | None,
) -> int:
    """Take in documents that the other party signed elsewhere; each is judged as `verify` does.

    What is not the registered file with valid signatures appended is named; the others go on (exit 8).
    """
    anchors = read_trust(trust, crls)
    if not anchors.anchors_der:
        raise UsageError(
            message("cli.nothing-says-whom-trust"), hint=message("cli.name-anchors-other-party-trust")
        )
    access = RegisterAccess(register_file, credential_file, prompt_secret, say)
    failed: list[InputError] = []
    for source in files:
        try:
            done = add_signed(access, source, trust=anchors, policy=policy, by=by or account_name())
        except InputError as exc:
            say_error(exc, hint=exc.advice)
            failed.append(exc)
        else:
            say(
                message(
                    "cli.signed-kept",
                    document_id=done.document_id,
                    roles=roles_in_words(register_file, done.document_id, done.roles),
                    path=done.path,
                )
            )
    if not failed:
        return ExitCode.DONE
    return failed[0].exit_code if len(failed) == len(files) else ExitCode.FAILED_ROWS
