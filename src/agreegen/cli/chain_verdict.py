"""What `register verify` and `ledger verify` say of a chain, in one way."""

from __future__ import annotations

from pathlib import Path

import click

from agreegen.api.register_heads import ChainVerdict
from agreegen.cli.output import print_json, say, say_warning
from agreegen.errors import ExitCode
from agreegen.messages import message, translate


def print_verdict(verdict: ChainVerdict, path: Path, *, as_json: bool) -> ExitCode:
    """Print warnings, who signed, and every problem; return the exit code."""
    for warning in verdict.warnings:
        say_warning(warning)
    if as_json:
        print_json(verdict.to_dict())
    else:
        click.echo(translate(verdict.signer_line()))
        for problem in verdict.problems:
            click.echo(translate(problem))
        say(message("cli.problem", register_file=path, count=len(verdict.problems)))
    return ExitCode.NEGATIVE if verdict.problems else ExitCode.DONE
