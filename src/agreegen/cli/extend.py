"""`agreegen extend`: raise the PAdES level of signed files, renew their timestamps."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.signing import PadesLevel, extend_file
from agreegen.cli.options import (
    any_path,
    force_option,
    level_option,
    policy_option,
    read_trust,
    read_tsa,
    trust_options,
    tsa_option,
)
from agreegen.cli.output import say_warning
from agreegen.cli.sign import plan_outputs, process_all
from agreegen.messages import Message, message


@click.command("extend")
@click.argument("inputs", nargs=-1, required=True, type=any_path, metavar="IN.pdf...")
@click.option("-o", "--output", required=True, metavar="OUT.pdf|DIR/", help="cli.extended-pdf-or-folder-many")
@level_option(default=None, choices=("B-T", "B-LT", "B-LTA"))
@tsa_option
@trust_options
@policy_option
@force_option
def command(
    inputs: tuple[Path, ...],
    output: str,
    level: str,
    tsa: tuple[str, ...],
    trust: tuple[Path, ...],
    crls: tuple[Path, ...],
    policy: Path | None,
    force: bool,
) -> int:
    """Add timestamps and validation data to IN.pdf, ours or not, and write OUT.pdf."""
    pairs = plan_outputs(inputs, output, force=force)
    anchors = read_trust(trust, crls)
    if not anchors.anchors_der:
        say_warning(message("cli.no-trust-anchors-given-neither-signers"))
    wanted, servers = PadesLevel(level.upper()), read_tsa(tsa)

    def extend(source: Path, destination: Path) -> Message:
        made = extend_file(source, destination, wanted, trust=anchors, tsa=servers, policy=policy)
        return message("cli.level", level=made.level.value)

    return process_all(pairs, extend)
