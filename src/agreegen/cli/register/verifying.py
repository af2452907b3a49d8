"""`register verify`: whether the record is whole, and who answers for it."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.registers import verify_register
from agreegen.cli.chain_verdict import print_verdict
from agreegen.cli.options import json_option, policy_option, read_signer, read_trust, trust_options
from agreegen.cli.register.options import register_option


@click.command("verify")
@register_option
@click.option(
    "--files",
    "root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="cli.folder-files",
)
@trust_options
@click.option("--signer", metavar="CERT|SHA256", help="cli.whose-signature-last-head-must-carry")
@click.option(
    "--known",
    multiple=True,
    metavar="BAG|HEADS|CODE",
    help="cli.heads-from-elsewhere-must-stand-chain-2",
)
@policy_option
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="cli.processes")
@json_option
def verify_command(
    register_file: Path,
    root: Path | None,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    signer: str | None,
    known: tuple[str, ...],
    policy: Path | None,
    jobs: int,
    as_json: bool,
) -> int:
    """Find any changed, missing, reordered or cut-off row, and any file that differs or is another's.

    With --trust, a register that nobody has signed is a problem, too; without, a warning. --known finds a
    register that was taken back to an earlier state.
    """
    verdict = verify_register(
        register_file,
        files=root,
        trust=read_trust(trust, crls),
        signer=read_signer(signer),
        known=known,
        policy=policy,
        jobs=jobs,
    )
    return print_verdict(verdict, register_file, as_json=as_json)
