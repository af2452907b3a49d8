"""The entry point: finds the command, turns errors into messages and exit codes."""

from __future__ import annotations

import errno
import itertools
import os
import sys
import traceback
from collections.abc import Sequence

import click

from agreegen import __version__
from agreegen.cli.common_options import LANG_HELP, configure_logging
from agreegen.cli.help_texts import localise, localise_click
from agreegen.cli.lazy_group import LazyGroup
from agreegen.cli.options import existing_folder, keeping_forms, use_forms
from agreegen.cli.output import say_error, use_escapes
from agreegen.errors import AgreegenError, ExitCode
from agreegen.files import guarding_inputs
from agreegen.foreign import contained
from agreegen.messages import (
    AUTOMATIC,
    Message,
    foreign_text,
    languages,
    message,
    reader_language,
    use_language,
)
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
    "web": ("agreegen.cli.web.serving", "cli.serve-office-browser"),
    "demo": ("agreegen.cli.demo", "cli.run-main-job-on-sample-data"),
}
_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@click.group(
    cls=LazyGroup,
    members={name: (module, "command") for name, (module, _) in _COMMANDS.items()},
    summaries={name: code for name, (_, code) in _COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="agreegen", help="cli.version")
@click.option(
    "--forms",
    type=existing_folder,
    metavar="DIR",
    expose_value=False,
    callback=lambda _context, _parameter, value: use_forms(value),
    help="cli.folder-forms-else-agreegen-forms-else",
)
@click.option("--lang", type=click.Choice(languages()), expose_value=False, help=LANG_HELP)
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
        with guarding_inputs(), own_temporary_folder(), keeping_forms():
            given = None if arguments is None else list(arguments)
            result = contained(cli.main)(args=given, standalone_mode=False)
    except (Exception, KeyboardInterrupt) as exc:
        return _tell_end(exc)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _without_full_stop(exc: click.ClickException) -> click.ClickException:
    """Return a wrong call as it is told: click ends some sentences with a full stop that no catalogue has."""
    if not isinstance(exc, click.MissingParameter) or reader_language() == AUTOMATIC:
        return exc
    return click.UsageError(exc.format_message().removesuffix("."), exc.ctx)


def _tell_end(exc: BaseException) -> int:
    """Say why a command ended, and return its exit code."""
    if isinstance(exc, click.exceptions.Abort | KeyboardInterrupt):
        say_error(message("cli.interrupted"))
        return ExitCode.INTERRUPTED
    if isinstance(exc, click.ClickException):
        _without_full_stop(exc).show()
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


def describe_os_error(exc: OSError) -> Message:
    """Say what the operating system refused, and for which file."""
    if not exc.filename:
        return foreign_text(exc)
    return message("model.place-and-problem", place=exc.filename, problem=exc)


def main() -> None:
    """Run the program as the console script does."""
    sys.exit(run())
