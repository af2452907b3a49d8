"""`agreegen ledger`: the office's ledger of papers and files."""

from __future__ import annotations

import click

from agreegen.cli.lazy_group import LazyGroup

_MEMBERS = {
    "new": ("agreegen.cli.ledger.adding", "new_command"),
    "add": ("agreegen.cli.ledger.adding", "add_command"),
    "import": ("agreegen.cli.ledger.adding", "import_command"),
    "list": ("agreegen.cli.ledger.listing", "list_command"),
    "holders": ("agreegen.cli.ledger.listing", "holders_command"),
    "export": ("agreegen.cli.ledger.closing", "export_command"),
    "overdue": ("agreegen.cli.ledger.listing", "overdue_command"),
    "leaver": ("agreegen.cli.ledger.people", "leaver_command"),
    "training": ("agreegen.cli.ledger.people", "training_command"),
    "inspect": ("agreegen.cli.ledger.inspecting", "inspect_command"),
    "draw": ("agreegen.cli.ledger.inspecting", "draw_command"),
    "close": ("agreegen.cli.ledger.closing", "close_command"),
    "verify": ("agreegen.cli.ledger.verifying", "verify_command"),
    "change-signer": ("agreegen.cli.ledger.verifying", "change_signer_command"),
}


@click.group("ledger", cls=LazyGroup, members=_MEMBERS, path="ledger")
def command() -> None:
    """Keep the office's ledger: who has which copy, who leaves, training, inspection; close and verify it.

    Not for state secrets on a machine that is not approved for them; 工作秘密 has rules of its own.
    """
