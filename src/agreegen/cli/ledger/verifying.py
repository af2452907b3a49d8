"""`ledger verify` and `change-signer`: whether the record is whole, and who answers for it."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.ledger.entries import change_ledger_signer, verify_ledger
from agreegen.cli.chain_verdict import print_verdict
from agreegen.cli.ledger.options import ledger_option, open_access, writing_options
from agreegen.cli.options import (
    any_path,
    existing_file,
    json_option,
    policy_option,
    read_signer,
    read_trust,
    trust_options,
)
from agreegen.cli.output import say
from agreegen.messages import message


@click.command("verify")
@click.option("--ledger", "ledger_file", required=True, type=existing_file, metavar="FILE", help="cli.ledger")
@trust_options
@click.option("--signer", metavar="CERT|SHA256", help="cli.whose-signature-last-head-must-carry")
@click.option(
    "--known",
    multiple=True,
    metavar="BAG|HEADS|CODE",
    help="cli.heads-from-elsewhere-must-stand-chain",
)
@policy_option
@json_option
def verify_command(
    ledger_file: Path,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    signer: str | None,
    known: tuple[str, ...],
    policy: Path | None,
    as_json: bool,
) -> int:
    """Find any changed, missing, reordered or cut-off row, and entries that do not fit each other.

    With --trust, a ledger that nobody has signed is a problem, too. --known finds a ledger that was taken
    back to an earlier state.
    """
    verdict = verify_ledger(
        ledger_file,
        trust=read_trust(trust, crls),
        signer=read_signer(signer),
        known=known,
        policy=policy,
    )
    return print_verdict(verdict, ledger_file, as_json=as_json)


@click.command("change-signer")
@ledger_option
@click.option(
    "--to", "successor", required=True, type=any_path, metavar="CRED.yaml", help="cli.who-signs-from-now-on"
)
@writing_options
def change_signer_command(
    ledger_file: Path,
    successor: Path,
    credential_file: Path | None,
    trust: tuple[Path, ...],
    by: str | None,
) -> None:
    """Name another credential that signs the ledger, under the signature of the present one."""
    entered = change_ledger_signer(open_access(ledger_file, credential_file, trust, by), successor)
    if entered.head is not None:
        say(message("ledger.entered", path=ledger_file, count=1, code=entered.head.code))
