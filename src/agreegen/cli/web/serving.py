"""`agreegen web`: start the server."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agreegen.cli.options import existing_file, existing_folder
from agreegen.cli.output import say
from agreegen.cli.web.authority import authority_group
from agreegen.cli.web.keeping import backup_command, restore_command
from agreegen.cli.web.options import home_option, need_extra, need_home
from agreegen.cli.web.users import user_group
from agreegen.errors import UsageError
from agreegen.messages import message

if TYPE_CHECKING:
    from agreegen.web.office import Office
    from agreegen.web.sample_office import TemporaryAccount
    from agreegen.web.serving import Address


@click.group("web", invoke_without_command=True)
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="cli.address-listen")
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True, help="cli.tcp-port")
@click.option("--tls-cert", type=existing_file, help="cli.certificate-chain-pem")
@click.option("--tls-key", type=existing_file, help="cli.its-private-key-pem")
@click.option("--tls-office", is_flag=True, help="cli.tls-office")
@click.option(
    "--from-demo",
    type=existing_folder,
    metavar="DIR",
    help="cli.fill-empty-home-from-what-agreegen",
)
@click.pass_context
def command(
    context: click.Context,
    home: Path | None,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_office: bool,
    from_demo: Path | None,
) -> None:
    """Serve the office in the browser."""
    if context.invoked_subcommand is not None:
        return
    need_extra()
    from agreegen.web.office import Office  # noqa: PLC0415 - needs the extra
    from agreegen.web.sample_office import fill_from_demo  # noqa: PLC0415 - the same
    from agreegen.web.serving import Address, certify_server, serve  # noqa: PLC0415 - the same

    folder = need_home(home)
    if tls_office and (tls_cert is not None or tls_key is not None):
        raise UsageError(message("cli.tls-office-or-files"), hint=message("cli.leave-one-out"))
    address = None if tls_office else Address(host, port, tls_cert, tls_key)
    temporary = fill_from_demo(folder, from_demo) if from_demo is not None else None
    office = Office.open(folder, secure=address is None or address.secure)
    if address is None:
        tls = certify_server(office, host)
        address = Address(host, port, tls.certificate, tls.key)
        say(message("cli.tls-office-root", root=tls.root, fingerprint=tls.fingerprint))

    serve(office, address, ready=partial(_tell, office, address, temporary, own_tls=tls_office))


def _tell(office: Office, address: Address, temporary: TemporaryAccount | None, *, own_tls: bool) -> None:
    """Say where the office is, and who can log in."""
    say(message("cli.office", url=address.url))
    if own_tls:
        say(message("cli.tls-office-page", url=f"{address.url}tls"))
    if temporary is not None:
        say(
            message(
                "cli.temporary-account-shown-once-password",
                name=temporary.name,
                password=temporary.password,
            )
        )
    elif not office.users.all():
        say(message("cli.no-account-yet-agreegen-web-user"))


command.add_command(user_group)
command.add_command(authority_group)
command.add_command(backup_command)
command.add_command(restore_command)
