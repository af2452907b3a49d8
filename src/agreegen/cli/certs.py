"""`agreegen certs example`: a throw-away PKI for trying things out."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.credentials import make_example_pki
from agreegen.cli.options import any_path, force_option
from agreegen.cli.output import say
from agreegen.messages import message


@click.group("certs")
def command() -> None:
    """Make a throw-away example PKI."""


@command.command("example")
@click.argument("folder", type=any_path, metavar="DIR")
@force_option
def example_command(folder: Path, force: bool) -> None:
    """Make an example PKI in DIR: credentials/, trust/ and what the loopback responder needs.

    Every subject says EXAMPLE; the keys are fresh and worth nothing.
    """
    make_example_pki(folder, force=force)
    say(
        message(
            "cli.example-pki-made-credentials-anchors",
            folder=folder,
            folder2=folder / "credentials",
            folder3=folder / "trust",
        )
    )
    say(message("cli.example-keys-prove-nothing-about-anyone"))
