"""`agreegen batch`: one document for every row of a roster."""

from __future__ import annotations

import click

from agreegen.cli.batch.new_job import new_command
from agreegen.cli.batch.printing import print_command
from agreegen.cli.batch.running import check_command, run_command, status_command


@click.group("batch")
def command() -> None:
    """Make and sign one document for every row of a roster."""


for each in (new_command, check_command, run_command, status_command, print_command):
    command.add_command(each)
