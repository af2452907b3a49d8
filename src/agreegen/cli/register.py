"""`agreegen register`: what was made for whom, and whether the record is whole."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.cli.options import any_path, existing_file, force_option, forms_option, json_option, read_now, trust_options
from agreegen.cli.output import print_json, print_table, say
from agreegen.errors import ExitCode
from agreegen.files import refuse_existing
from agreegen.register.store import Register

register_option = click.option(
    "--register", "register_file", required=True, type=existing_file, metavar="FILE", help="The register, register.db."
)


@click.group("register")
def command() -> None:
    """List, export and verify the register of a batch."""
