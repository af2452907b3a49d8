"""`agreegen sign`: PAdES signatures on one or many files, with one credential."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from agreegen.api.access import RegisterAccess
from agreegen.api.credentials import load_credential, load_trust
from agreegen.api.signing import FileSigner, PadesLevel, SignedFile, SigningRequest
from agreegen.cli.options import (
    any_path,
    force_option,
    level_option,
    policy_option,
    read_tsa,
    register_options,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import prompt_secret, say, say_error, say_warning
from agreegen.clock import read_clock
from agreegen.errors import (
    AgreegenError,
    ArchiveError,
    CredentialError,
    ExitCode,
    RegisterError,
    UsageError,
)
from agreegen.files import refuse_existing, refuse_inputs
from agreegen.messages import Message, message

_LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")


@click.command("sign")
@click.argument("inputs", nargs=-1, required=True, type=any_path, metavar="IN.pdf...")
@click.option("-o", "--output", required=True, metavar="OUT.pdf|DIR/", help="cli.signed-pdf-or-folder-many")
@click.option(
    "--role",
    help="cli.who-signs-role-form-e-g",
)
@click.option(
    "--credential", "credential_file", required=True, type=any_path, help="cli.credential-file-yaml"
)
@level_option(default="B-B", choices=_LEVELS)
@tsa_option
@trust_options
@click.option("--reason", help="cli.reason-written-into-signature")
@click.option("--location", help="cli.place-written-into-signature")
@policy_option
@click.option("--relax-order", is_flag=True, help="cli.sign-although-role-comes-first-has")
@register_options
@force_option
def command(
    inputs: tuple[Path, ...],
    output: str,
    role: str | None,
    credential_file: Path,
    level: str,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    reason: str | None,
    location: str | None,
    policy: Path | None,
    relax_order: bool,
    register_file: Path | None,
    register_credential: Path | None,
    force: bool,
) -> int:
    """Sign IN.pdf in a role and write OUT.pdf; the input is never changed.

    Many inputs need a folder as output (`-o DIR/`); passphrase or PIN is asked for once. A file that cannot
    be signed is named, and the others go on (exit 8).
    """
    request = SigningRequest(
        role=role or "",
        level=PadesLevel(level.upper()),
        now=read_clock(),
        trust=load_trust([*trust, *crls]),
        tsa=read_tsa(tsa),
        reason=reason,
        location=location,
        relax_order=relax_order,
    )
    pairs = plan_outputs(inputs, output, force=force)
    register = None
    if register_file is not None:
        register = RegisterAccess(register_file, register_credential, prompt_secret, say)
    with (
        load_credential(credential_file, prompt=prompt_secret) as credential,
        FileSigner(credential, request, policy=policy, register=register) as signer,
    ):
        for finding in signer.findings:
            say_warning(finding)
        return process_all(pairs, lambda source, target: _describe(signer.sign_file(source, target)))


def _describe(signed: SignedFile) -> Message:
    if signed.declared is None:
        return message("cli.signed-in-new-field", field=signed.role, level=signed.pdf.level)
    return message("cli.signed-in-role", role=signed.declared, level=signed.pdf.level)


def plan_outputs(inputs: Sequence[Path], output: str, *, force: bool) -> list[tuple[Path, Path]]:
    """Pair every input with its output, before anything is signed.

    Raises:
        UsageError: Many inputs without a folder, two inputs of one name, an output that exists.
    """
    target = Path(output)
    to_folder = output.endswith("/") or target.is_dir()
    if len(inputs) > 1 and not to_folder:
        raise UsageError(
            message("cli.many-inputs-need-folder-output"), hint=message("cli.write-o-dir-slash-end")
        )
    pairs = [(source, target / source.name if to_folder else target) for source in inputs]
    names = [destination for _, destination in pairs]
    if len(set(names)) != len(names):
        raise UsageError(
            message("cli.two-inputs-have-same-file-name"),
            hint=message("cli.sign-them-into-different-folders"),
        )
    for _, destination in pairs:
        refuse_inputs(destination, inputs)
        refuse_existing(destination, force=force)
    return pairs


def process_all(pairs: Sequence[tuple[Path, Path]], process: Callable[[Path, Path], Message]) -> int:
    """Process every input and write every output; a file that fails is named, and the others go on.

    Args:
        pairs: Inputs and outputs.
        process: Reads a file, writes the other one, and says what became of it.

    Returns:
        The exit code: of success; of the first failure where nothing succeeded; else of failed rows.

    Raises:
        CredentialError: The key itself failed: nothing more is tried, since tokens lock.
        ArchiveError, RegisterError: The disk or the register cannot be written: nothing more is tried.
    """
    failed: list[AgreegenError] = []
    for source, destination in pairs:
        try:
            result = process(source, destination)
        except (CredentialError, ArchiveError, RegisterError):
            raise
        except AgreegenError as exc:
            named = str(source) in str(exc)
            say_error(exc if named else message("cli.told", path=source, text=exc), hint=exc.advice)
            failed.append(exc)
        else:
            say(message("cli.told", path=destination, text=result))
    if not failed:
        return ExitCode.DONE
    if len(pairs) > 1:
        say(message("cli.files-failed", count=len(failed), count2=len(pairs)))
    return failed[0].exit_code if len(failed) == len(pairs) else ExitCode.FAILED_ROWS
