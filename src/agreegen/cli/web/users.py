"""`agreegen web user`: local accounts."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from agreegen.cli.options import existing_file, json_option
from agreegen.cli.output import print_json, print_table, prompt_secret, say
from agreegen.cli.web.options import home_option, need_extra, need_home
from agreegen.errors import UsageError
from agreegen.files import read_limited
from agreegen.messages import message, translate

_MOST_BYTES = 64 << 10
_ROLES = ("officer", "desk", "reader", "inspector")


@click.group("user")
@home_option
def user_group(home: Path | None) -> None:
    """Add, list and disable accounts."""


@user_group.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="cli.what-account-may-do")
@click.option("--display", default="", help="cli.person-name")
@click.option("--password-file", type=existing_file, help="cli.first-line-password-else-asked")
@click.option(
    "--certificate",
    type=existing_file,
    help="cli.client-certificate-pem-logs-account-too",
)
@home_option
def add_command(
    name: str,
    role: str,
    display: str,
    password_file: Path | None,
    certificate: Path | None,
    home: Path | None,
) -> None:
    """Add an account; the password comes from a file, AGREEGEN_WEB_PASSWORD or a prompt."""
    need_extra()
    from agreegen.web.accounts import add_user, fingerprint_of  # noqa: PLC0415 - needs the extra
    from agreegen.web.office import Office  # noqa: PLC0415 - the same
    from agreegen.web.store.audit import COMMAND_LINE, Act  # noqa: PLC0415 - the same

    office = Office.open(need_home(home))
    fingerprint = None if certificate is None else fingerprint_of(read_limited(certificate, _MOST_BYTES))
    user = add_user(office, name, display, role, _password(password_file, name))
    if fingerprint is not None:
        office.users.set_certificate(user.id, fingerprint)
    office.record(Act("", COMMAND_LINE, "user-add", user.name))
    say(message("cli.added", name=user.name, role=message(f"cli.word.role.{user.role}")))


def _password(file: Path | None, name: str) -> str:
    if file is not None:
        lines = read_limited(file, _MOST_BYTES).decode("utf-8").splitlines()
        return lines[0] if lines else ""
    try:
        asked = translate(message("cli.password-of", name=name))
        return os.environ.get("AGREEGEN_WEB_PASSWORD") or prompt_secret(asked)
    except click.UsageError as exc:
        raise UsageError(
            message("cli.password-without-terminal", name=name),
            hint=message("cli.password-by-file-or-environment"),
        ) from exc


@user_group.command("list")
@home_option
@json_option
def list_command(home: Path | None, as_json: bool) -> None:
    """List the accounts."""
    need_extra()
    from agreegen.web.office import Office  # noqa: PLC0415 - needs the extra

    users = Office.open(need_home(home)).users.all()
    if as_json:
        names = ("name", "display", "role", "disabled", "created")
        print_json([{name: getattr(user, name) for name in names} for user in users])
        return
    rows = [
        (
            user.name,
            user.display,
            user.role,
            message("cli.disabled" if user.disabled else "cli.active"),
            datetime.fromisoformat(user.created),
        )
        for user in users
    ]
    print_table(("account", "person", "role", "state", "made"), rows)


@user_group.command("disable")
@click.argument("name")
@home_option
def disable_command(name: str, home: Path | None) -> None:
    """Disable an account; its sessions end at once."""
    need_extra()
    from agreegen.web.office import Office  # noqa: PLC0415 - needs the extra
    from agreegen.web.store.audit import COMMAND_LINE, Act  # noqa: PLC0415 - the same

    office = Office.open(need_home(home))
    user = office.users.find_name(name)
    if user is None:
        raise UsageError(
            message("cli.no-user", name=name), hint=message("cli.agreegen-web-user-list-shows-them")
        )
    office.users.set_disabled(user.id, disabled=True)
    office.record(Act("", COMMAND_LINE, "user-disable", user.name))
    say(message("cli.account-disabled", name=user.name))
