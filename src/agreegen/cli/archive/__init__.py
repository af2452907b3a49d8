"""`agreegen archive`: signed bags and their evidence records."""

from __future__ import annotations

import click

from agreegen.cli.archive.bags import create_command, verify_command
from agreegen.cli.archive.envelopes import open_command, seal_command
from agreegen.cli.archive.evidence import (
    extract_command,
    renew_command,
    status_command,
    timestamp_command,
)
from agreegen.cli.archive.handover import hand_over_command, receive_command
from agreegen.cli.archive.retention import destroy_command, due_command


@click.group("archive")
def command() -> None:
    """Write and verify signed archive bags (BagIt 1.0, RFC 8493)."""


for each in (
    create_command,
    verify_command,
    timestamp_command,
    renew_command,
    extract_command,
    status_command,
    hand_over_command,
    receive_command,
    due_command,
    destroy_command,
    seal_command,
    open_command,
):
    command.add_command(each)
