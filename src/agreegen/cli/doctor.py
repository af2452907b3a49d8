"""`agreegen doctor`: what is installed, what is missing, and what that means."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen import __version__
from agreegen.api.diagnosis import examine_machine
from agreegen.cli.options import forms_option, json_option
from agreegen.cli.output import print_json, print_table
from agreegen.errors import ExitCode
from agreegen.messages import message


@click.command("doctor")
@forms_option
@json_option
def command(forms_folder_option: Path | None, as_json: bool) -> int:
    """Check programs, fonts, optional packages and forms on this machine."""
    checks = list(examine_machine(forms_folder_option))
    if as_json:
        print_json({"version": __version__, "checks": [check.to_dict() for check in checks]})
    else:
        print_table(
            ("what", "state", "detail"),
            [(c.name, message(f"cli.machine.{c.state}"), c.detail) for c in checks],
        )
    return ExitCode.MISSING if any(check.state == "failed" for check in checks) else ExitCode.DONE
