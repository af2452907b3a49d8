"""`agreegen ledger`: the office's ledger of papers and files."""

from __future__ import annotations

import click

from agreegen.cli.ledger.adding import add_command, import_command, new_command
from agreegen.cli.ledger.closing import close_command, export_command
from agreegen.cli.ledger.inspecting import draw_command, inspect_command
from agreegen.cli.ledger.listing import holders_command, list_command, overdue_command
from agreegen.cli.ledger.people import leaver_command, training_command
from agreegen.cli.ledger.verifying import change_signer_command, verify_command


@click.group("ledger")
def command() -> None:
    """Keep the office's ledger: who has which copy, who leaves, training, inspection; close and verify it.

    Not for state secrets on a machine that is not approved for them; 工作秘密 has rules of its own.
    """


for each in (
    new_command,
    add_command,
    import_command,
    list_command,
    holders_command,
    export_command,
    overdue_command,
    leaver_command,
    training_command,
    inspect_command,
    draw_command,
    close_command,
    verify_command,
    change_signer_command,
):
    command.add_command(each)
