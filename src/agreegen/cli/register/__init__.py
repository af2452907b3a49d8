"""`agreegen register`: what was made for whom, who signed it, and whether the record is whole."""

from __future__ import annotations

import click

from agreegen.cli.lazy_group import LazyGroup

_MEMBERS = {
    "list": ("agreegen.cli.register.listing", "list_command"),
    "export": ("agreegen.cli.register.listing", "export_command"),
    "verify": ("agreegen.cli.register.verifying", "verify_command"),
    "coverage": ("agreegen.cli.register.coverage", "coverage_command"),
    "add-paper": ("agreegen.cli.register.paper", "add_paper_command"),
    "add-scans": ("agreegen.cli.register.scans", "add_scans_command"),
    "add-signed": ("agreegen.cli.register.received", "add_signed_command"),
    "retract": ("agreegen.cli.register.paper", "retract_command"),
    "accept": ("agreegen.cli.register.paper", "accept_command"),
    "change-signer": ("agreegen.cli.register.handing", "change_signer_command"),
    "rebuild": ("agreegen.cli.register.rebuilding", "rebuild_command"),
}


@click.group("register", cls=LazyGroup, members=_MEMBERS, path="register")
def command() -> None:
    """List, export and verify the register of a batch; record what was signed on paper."""
