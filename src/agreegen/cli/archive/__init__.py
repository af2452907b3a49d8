"""`agreegen archive`: signed bags and their evidence records."""

from __future__ import annotations

import click

from agreegen.cli.lazy_group import LazyGroup

_MEMBERS = {
    "create": ("agreegen.cli.archive.bags", "create_command"),
    "verify": ("agreegen.cli.archive.bags", "verify_command"),
    "timestamp": ("agreegen.cli.archive.evidence", "timestamp_command"),
    "renew": ("agreegen.cli.archive.evidence", "renew_command"),
    "extract": ("agreegen.cli.archive.evidence", "extract_command"),
    "status": ("agreegen.cli.archive.evidence", "status_command"),
    "hand-over": ("agreegen.cli.archive.handover", "hand_over_command"),
    "receive": ("agreegen.cli.archive.handover", "receive_command"),
    "due": ("agreegen.cli.archive.retention", "due_command"),
    "destroy": ("agreegen.cli.archive.retention", "destroy_command"),
    "seal": ("agreegen.cli.archive.envelopes", "seal_command"),
    "open": ("agreegen.cli.archive.envelopes", "open_command"),
}


@click.group("archive", cls=LazyGroup, members=_MEMBERS, path="archive")
def command() -> None:
    """Write and verify signed archive bags (BagIt 1.0, RFC 8493)."""
