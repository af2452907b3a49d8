"""What the register commands share: their options, and what people call a role."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from agreegen.api.registers import open_register
from agreegen.cli.options import any_path, existing_file
from agreegen.messages import Message
from agreegen.model.text import Bilingual

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


def roles_in_words(
    register_file: Path, document_id: str, roles: Sequence[str]
) -> tuple[Bilingual | Message | str, ...]:
    """Return what people call the roles of a registered document."""
    from agreegen.api.forms import role_label  # noqa: PLC0415 - forms take long to load

    with open_register(register_file) as register:
        row = register.document(document_id)
    return tuple(role if row is None else role_label(row.registration.form_id, role) for role in roles)
