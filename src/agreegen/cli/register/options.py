"""Options that the register commands share."""

from __future__ import annotations

import click

from agreegen.cli.options import any_path, existing_file

register_option = click.option(
    "--register",
    "register_file",
    required=True,
    type=existing_file,
    metavar="FILE",
    help="The register, register.db.",
)
signer_credential_option = click.option(
    "--credential",
    "credential_file",
    type=any_path,
    metavar="CRED.yaml",
    help="Who signs the register; else the register_credential of the job that it remembers.",
)
