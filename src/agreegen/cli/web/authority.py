"""`agreegen web authority`: the office's own signing authority, for people without a certificate."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.cli.options import any_path, existing_file
from agreegen.cli.output import say, say_warning
from agreegen.cli.web.options import home_option, need_extra, need_home
from agreegen.messages import message


@click.group("authority")
@home_option
def authority_group(home: Path | None) -> None:
    """Make the office's signing authority."""


@authority_group.command("init")
@click.option("--name", required=True, metavar="NAME", help="cli.office-name-certificates-show")
@click.option(
    "--root-key",
    type=any_path,
    metavar="FILE",
    help="cli.where-root-key-written-best-on",
)
@click.option(
    "--credential",
    type=existing_file,
    metavar="CRED.yaml",
    help="cli.credential-holds-issuing-key-any-kind",
)
@click.option("--no-tsa", is_flag=True, help="cli.make-no-timestamp-service-office-own")
@home_option
def init_command(
    name: str, root_key: Path | None, credential: Path | None, no_tsa: bool, home: Path | None
) -> None:
    """Make root, issuing certificate and, for isolated offices, a timestamp service of their own."""
    need_extra()
    from agreegen.api.devices import ROOT_KEY, AuthorityPlan, make_authority  # noqa: PLC0415 - slow to load
    from agreegen.clock import read_clock  # noqa: PLC0415 - the same
    from agreegen.web.home import Home  # noqa: PLC0415 - needs the extra

    office = Home.open(need_home(home))
    key = root_key or office.authority / ROOT_KEY
    plan = AuthorityPlan(name, key, credential, clock=not no_tsa, trust=office.trust)
    for path in make_authority(office.authority, plan, now=read_clock()):
        say(str(path))
    say_warning(message("cli.take-away-keep-offline-locked-on", key=key))
    say(message("cli.office-word-on-who-signed-when"))
