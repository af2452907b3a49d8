"""The entry point: finds the command, turns errors into messages and exit codes."""

from __future__ import annotations

import errno
import importlib
import itertools
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

import click

from agreegen.cli.help_texts import localise, localise_click
from agreegen.cli.options import existing_folder
from agreegen.cli.output import say_error, set_quiet, use_escapes
from agreegen.errors import AgreegenError, ExitCode
from agreegen.files import guarding_inputs
from agreegen.foreign import contained
from agreegen.messages import languages, message, translate, use_language
from agreegen.temporary import own_temporary_folder

_COMMANDS = {
    "doctor": ("agreegen.cli.doctor", "cli.what-installed-what-missing-what-means"),
    "forms": ("agreegen.cli.forms", "cli.list-show-check-compile-forms"),
    "generate": ("agreegen.cli.generate", "cli.fill-one-form-from-parameter-file"),
    "sign": ("agreegen.cli.sign", "cli.sign-pdf-files-pades-role"),
    "extend": ("agreegen.cli.extend", "cli.raise-pades-level-signed-files-or"),
    "verify": ("agreegen.cli.verify", "cli.judge-signed-pdf-files"),
    "batch": ("agreegen.cli.batch", "cli.make-sign-one-document-every-row"),
    "archive": ("agreegen.cli.archive", "cli.write-verify-signed-archive-bags"),
    "register": ("agreegen.cli.register", "cli.list-export-verify-register-batch"),
    "ledger": ("agreegen.cli.ledger", "cli.keep-office-ledger-papers-files"),
    "credentials": ("agreegen.cli.credentials", "cli.list-tokens-check-credentials"),
    "certs": ("agreegen.cli.certs", "cli.make-throw-away-example-pki"),
    "web": ("agreegen.cli.web", "cli.serve-office-browser"),
    "demo": ("agreegen.cli.demo", "cli.run-main-job-on-sample-data"),
}

_LANG_HELP = "cli.language-texts-people-else-agreegen-lang"

_DEBUG = 2
"""So many `-v` show what foreign libraries say."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, so that starting stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Name the commands in the order in which work goes."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own signature
        """Import and return one command."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            return None
        return localise(add_common_options(command), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own signature
        """Write the list of commands without importing them."""
        with formatter.section(translate(message("cli.commands"))):
            formatter.write_dl([(name, translate(message(code))) for name, (_, code) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="agreegen", prog_name="agreegen", help="cli.version")
@click.option(
    "--forms",
    type=existing_folder,
    expose_value=False,
    callback=lambda _context, _parameter, value: use_forms(value),
    help="cli.folder-forms-else-agreegen-forms-else",
)
@click.option("--lang", type=click.Choice(languages()), expose_value=False, help=_LANG_HELP)
@click.option("-v", "--verbose", count=True, help="cli.say-more-twice-debugging")
@click.option("-q", "--quiet", is_flag=True, help="cli.say-only-errors-results")
def cli(verbose: int, quiet: bool) -> None:
    """Fill Word forms from rosters, convert to PDF/A, sign with PAdES, verify, and archive.

    \b
    Exit codes: 0 done, every verdict positive; 1 a verdict is negative or indeterminate; 2 usage;
    3 bad input; 4 a program or font is missing; 5 rendering or conversion failed; 6 signing or credential
    failed; 7 archive or register failed; 8 batch finished with failed rows; 70 a bug; 130 interrupted.
    """
    configure_logging(verbose, quiet=quiet)


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


def use_forms(value: Path | None) -> None:
    """Let this folder of forms hold for everything that the command does."""
    if value is not None:
        os.environ["AGREEGEN_FORMS"] = str(value)


def _speak(_context: click.Context, _parameter: click.Parameter, value: int) -> None:
    if value:
        configure_logging(value, quiet=False)


def _hush(_context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        configure_logging(0, quiet=True)


_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_COMMON = (
    click.Option(
        ["--forms"],
        expose_value=False,
        hidden=True,
        callback=lambda _context, _parameter, value: use_forms(value),
        type=existing_folder,
        help="cli.folder-forms-else-agreegen-forms-else",
    ),
    click.Option(["--lang"], type=click.Choice(languages()), expose_value=False, help=_LANG_HELP),
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


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are printed to standard error.

    Args:
        arguments: The arguments after the program's name; None for those of the process.
    """
    use_escapes()
    _use_requested_language(sys.argv[1:] if arguments is None else arguments)
    localise_click()
    localise(cli, "agreegen")
    try:
        with guarding_inputs(), own_temporary_folder():
            given = None if arguments is None else list(arguments)
            result = contained(cli.main)(args=given, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as exc:
        return _tell_end(exc)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _tell_end(exc: BaseException) -> int:
    """Say why a command ended, and return its exit code."""
    if isinstance(exc, click.exceptions.Abort | KeyboardInterrupt):
        say_error(message("cli.interrupted"))
        return ExitCode.INTERRUPTED
    if isinstance(exc, click.ClickException):
        exc.show()
        return ExitCode.USAGE
    if isinstance(exc, AgreegenError):
        say_error(exc, hint=exc.advice)
        return exc.exit_code
    if isinstance(exc, BrokenPipeError):
        # The reader of our output went away; a result that nobody has read is not a positive one.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.NEGATIVE
    if isinstance(exc, OSError):
        say_error(describe_os_error(exc))
        return ExitCode.ARCHIVE if exc.errno in _DISK_IS_FULL else ExitCode.USAGE
    traceback.print_exception(exc)
    say_error(message("cli.bug"), hint=message("cli.bug.hint"))
    return ExitCode.BUG


def _use_requested_language(arguments: Sequence[str]) -> None:
    """Let `--lang` hold from the start, wherever it stands: help is written before all options are read."""
    ours = list(itertools.takewhile(lambda argument: argument != "--", arguments))
    for argument, following in itertools.zip_longest(ours, ours[1:], fillvalue=""):
        name, _, value = argument.partition("=")
        wanted = value or following
        if name == "--lang" and wanted in languages():
            use_language(wanted)


def describe_os_error(exc: OSError) -> str:
    """Say what the operating system refused, and for which file."""
    what = translate(exc)
    return f"{exc.filename}: {what}" if exc.filename else what


def main() -> None:
    """Run the program as the console script does."""
    sys.exit(run())
