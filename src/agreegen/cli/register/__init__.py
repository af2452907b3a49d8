"""`agreegen register`: what was made for whom, who signed it, and whether the record is whole."""

from __future__ import annotations

import click

from agreegen.cli.register.coverage import coverage_command
from agreegen.cli.register.handing import change_signer_command
from agreegen.cli.register.listing import export_command, list_command
from agreegen.cli.register.paper import accept_command, add_paper_command, retract_command
from agreegen.cli.register.rebuilding import rebuild_command
from agreegen.cli.register.received import add_signed_command
from agreegen.cli.register.scans import add_scans_command
from agreegen.cli.register.verifying import verify_command


@click.group("register")
def command() -> None:
    """List, export and verify the register of a batch; record what was signed on paper."""


for each in (
    list_command,
    export_command,
    verify_command,
    coverage_command,
    add_paper_command,
    add_scans_command,
    add_signed_command,
    retract_command,
    accept_command,
    change_signer_command,
    rebuild_command,
):
    command.add_command(each)
