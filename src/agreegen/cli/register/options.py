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
    help="cli.register-register-db",
)
document_option = click.option("--document", "document_id", metavar="ID", help="cli.document-its-id")
staff_no_option = click.option("--staff-no", metavar="N", help="cli.document-number-its-person")
by_option = click.option("--by", metavar="NAME", help="cli.who-answers-else-name-account")
yes_option = click.option("--yes", is_flag=True, help="cli.do-not-ask")
signer_credential_option = click.option(
    "--credential",
    "credential_file",
    type=any_path,
    metavar="CRED.yaml",
    help="cli.who-signs-register-else-register-credential",
)
