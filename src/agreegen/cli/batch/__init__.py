"""`agreegen batch`: one document for every row of a roster."""

from __future__ import annotations

import click

from agreegen.cli.lazy_group import LazyGroup

_MEMBERS = {
    "new": ("agreegen.cli.batch.new_job", "new_command"),
    "check": ("agreegen.cli.batch.running", "check_command"),
    "run": ("agreegen.cli.batch.running", "run_command"),
    "status": ("agreegen.cli.batch.running", "status_command"),
    "print": ("agreegen.cli.batch.printing", "print_command"),
}


@click.group("batch", cls=LazyGroup, members=_MEMBERS, path="batch")
def command() -> None:
    """Make and sign one document for every row of a roster."""
