"""Options that every command takes, wherever they stand: forms, language, and how much is said."""

from __future__ import annotations

import logging
import os
import sys
import warnings

import click

from agreegen.cli.options import existing_folder, use_forms
from agreegen.cli.output import set_quiet
from agreegen.messages import languages

LANG_HELP = "cli.language-texts-people-else-agreegen-lang"

_DEBUG = 2
"""So many `-v` show what foreign libraries say."""


def add_common_options(command: click.Command) -> click.Command:
    """Give every command below this one the options that all of them take: --forms, --force, -v, -q."""
    if isinstance(command, click.Group):
        for child in command.commands.values():
            add_common_options(child)
        return command
    names = {name for parameter in command.params for name in parameter.opts}
    for option in _COMMON:
        if not names.intersection(option.opts):
            command.params.append(option)
    return command


def _speak(_context: click.Context, _parameter: click.Parameter, value: int) -> None:
    if value:
        configure_logging(value, quiet=False)


def _hush(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        configure_logging(0, quiet=True)


_COMMON = (
    click.Option(
        ["--forms"],
        expose_value=False,
        hidden=True,
        callback=lambda _context, _parameter, value: use_forms(value),
        type=existing_folder,
        help="cli.folder-forms-else-agreegen-forms-else",
    ),
    click.Option(["--lang"], type=click.Choice(languages()), expose_value=False, help=LANG_HELP),
    click.Option(["--force"], expose_value=False, hidden=True, is_flag=True, help="cli.nothing-replace-here"),
    click.Option(["-v", "--verbose"], count=True, expose_value=False, callback=_speak, help="cli.say-more"),
    click.Option(["-q", "--quiet"], is_flag=True, expose_value=False, callback=_hush, help="cli.say-less"),
)


def configure_logging(verbose: int, *, quiet: bool) -> None:
    """Set the level of the log on standard error; foreign libraries speak only when asked twice."""
    set_quiet(quiet)
    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(
        level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    # A library's warning of a certificate that it reads nevertheless says nothing to the user.
    warnings.simplefilter("default" if verbose >= _DEBUG else "ignore")
    os.environ["PYTHONWARNINGS"] = "default" if verbose >= _DEBUG else "ignore"
    if verbose < _DEBUG:
        for name in (
            "pyhanko",
            "pyhanko_certvalidator",
            "fontTools",
            "urllib3",
            "werkzeug",
            "asyncio",
            "pypdf",
        ):
            logging.getLogger(name).setLevel(logging.CRITICAL)
