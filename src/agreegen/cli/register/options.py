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
document_option = click.option("--document", "document_id", metavar="ID", help="The document, by its id.")
staff_no_option = click.option("--staff-no", metavar="N", help="The document, by the number of its person.")
by_option = click.option("--by", metavar="NAME", help="Who answers for it; else the name of this account.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
signer_credential_option = click.option(
    "--credential",
    "credential_file",
    type=any_path,
    metavar="CRED.yaml",
    help="Who signs the register; else the register_credential of the job that it remembers.",
)
