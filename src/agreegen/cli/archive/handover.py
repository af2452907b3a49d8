"""`agreegen archive hand-over` and `receive`: transfer lists (移交清单)."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.archives.handover import hand_over_bag, receive_bag
from agreegen.api.credentials import load_credential
from agreegen.api.verification import verify_options
from agreegen.cli.options import (
    account_name,
    any_path,
    existing_folder,
    force_option,
    json_option,
    open_credential,
    policy_option,
    read_signer,
    read_trust,
    read_tsa,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import print_json, print_table, prompt_secret, say
from agreegen.errors import ExitCode
from agreegen.messages import message

_by_option = click.option("--by", metavar="NAME", help="cli.who-makes-entry-else-name-account")


@click.command("hand-over")
@click.argument("bags", nargs=-1, required=True, type=existing_folder, metavar="BAG...")
@click.option("--credential", "credential_file", required=True, type=any_path, help="cli.who-signs-list")
@click.option("--sender", required=True, metavar="UNIT", help="cli.unit-hands-over")
@click.option("--receiver", required=True, metavar="UNIT", help="cli.unit-takes-over")
@_by_option
@tsa_option
@trust_options
@force_option
def hand_over_command(
    bags: tuple[Path, ...],
    credential_file: Path,
    sender: str,
    receiver: str,
    by: str | None,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    force: bool,
) -> None:
    """Write the signed transfer list of each BAG (移交清单) into BAG.transfer/, also as a workbook."""
    anchors, servers = read_trust(trust, crls), read_tsa(tsa)
    with load_credential(credential_file, prompt=prompt_secret) as credential:
        for bag in bags:
            listed = hand_over_bag(
                bag,
                credential,
                sender=sender,
                receiver=receiver,
                by=by or account_name(),
                trust=anchors,
                tsa=servers,
                force=force,
            )
            say(message("archive.transfer-listed", bag=bag, documents=len(listed.rows), size=listed.size))


@click.command("receive")
@click.argument("bag", type=any_path, metavar="BAG")
@click.option("--list", "list_file", type=any_path, metavar="FILE", help="cli.transfer-list-else-beside-bag")
@click.option("-o", "--output", "store", type=any_path, metavar="STORE_DIR", help="cli.copy-bag-into-store")
@click.option("--signer", metavar="CERT|SHA256", help="cli.who-must-have-signed-list")
@click.option("--credential", "credential_file", type=any_path, help="cli.who-signs-receipt")
@_by_option
@tsa_option
@trust_options
@policy_option
@json_option
def receive_command(
    bag: Path,
    list_file: Path | None,
    store: Path | None,
    signer: str | None,
    credential_file: Path | None,
    by: str | None,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    policy: Path | None,
    as_json: bool,
) -> int:
    """Check BAG against its transfer list and by itself; where all is right, keep it with a receipt."""
    anchors = read_trust(trust, crls)
    with open_credential(credential_file) as credential:
        received = receive_bag(
            bag,
            verify_options(anchors, policy=policy),
            by=by or account_name(),
            store=store,
            list_file=list_file,
            signer=read_signer(signer),
            credential=credential,
            trust=anchors,
            tsa=read_tsa(tsa),
        )
    if as_json:
        print_json(received.to_dict())
    else:
        print_table(("check", "result", "detail"), received.rows())
    say(message(f"archive.received-{received.receipt.value}", bag=received.bag))
    return ExitCode.DONE if received.accepted else ExitCode.NEGATIVE
