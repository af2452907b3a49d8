"""`agreegen archive seal` and `open`: bags encrypted for their recipients."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.archives.envelopes import CIPHERS, MOST_PART_MIB, open_bag, seal_bag
from agreegen.cli.options import any_path, existing_folder, force_option, read_trust, trust_options
from agreegen.cli.output import prompt_secret, say
from agreegen.messages import message


@click.command("seal")
@click.argument("bag", type=existing_folder, metavar="BAG")
@click.option(
    "--recipient",
    "recipients",
    required=True,
    multiple=True,
    type=any_path,
    metavar="CERT",
    help="cli.certificate-whom-bag-encrypted-for",
)
@click.option("-o", "--output", required=True, type=any_path, metavar="FILE.p7m", help="cli.sealed-file")
@click.option(
    "--cipher", type=click.Choice(CIPHERS), default=CIPHERS[0], show_default=True, help="cli.how-encrypted"
)
@click.option(
    "--part-mib",
    type=click.IntRange(1, MOST_PART_MIB),
    default=MOST_PART_MIB,
    show_default=True,
    help="cli.mib-of-one-part",
)
@trust_options
@force_option
def seal_command(
    bag: Path,
    recipients: tuple[Path, ...],
    output: Path,
    cipher: str,
    part_mib: int,
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    force: bool,
) -> None:
    """Encrypt BAG for its recipients (CMS); a transfer list beside it goes with it."""
    sealed = seal_bag(
        bag,
        recipients,
        output,
        cipher=cipher,
        part_mib=part_mib,
        trust=read_trust(trust, crls),
        force=force,
    )
    for path in sealed.parts:
        click.echo(path)
    say(
        message(
            "archive.sealed-for",
            bag=bag,
            parts=len(sealed.parts),
            size=sealed.size,
            recipients=list(sealed.recipients),
        )
    )


@click.command("open")
@click.argument("files", nargs=-1, required=True, type=any_path, metavar="FILE.p7m...")
@click.option("-o", "--output", required=True, type=any_path, metavar="DIR", help="cli.folder-bag-goes-into")
@click.option("--credential", "credential_file", required=True, type=any_path, help="cli.whose-key-opens")
def open_command(files: tuple[Path, ...], output: Path, credential_file: Path) -> None:
    """Decrypt a sealed bag into DIR; one part is enough where the others lie beside it."""
    bag = open_bag(files, output, credential_file, prompt=prompt_secret)
    click.echo(bag)
    say(message("archive.opened", bag=bag))
