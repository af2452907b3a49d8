"""Options that the ledger commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from agreegen.api.ledger.entries import Entered, Kind, LedgerAccess, find_word, read_day, word_of
from agreegen.cli.options import account_name, any_path, existing_file, existing_path, read_trust
from agreegen.cli.output import prompt_secret, say
from agreegen.errors import UsageError
from agreegen.messages import message, reader_language, translate

F = TypeVar("F", bound=Callable[..., Any])

ledger_option = click.option(
    "--ledger",
    "ledger_file",
    required=True,
    type=any_path,
    metavar="FILE",
    help="cli.ledger-e-g-ledger-db",
)
known_register_option = click.option(
    "--register",
    "register_file",
    type=existing_file,
    metavar="FILE",
    help="cli.register-documents-pledges-asked",
)


class DayType(click.ParamType[date]):
    """A day, in the shapes in which offices write it."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it."""
        if isinstance(value, date):
            return value
        try:
            return read_day(str(value))
        except UsageError as exc:
            self.fail(f"{translate(exc)}; {translate(exc.advice or '')}", param, ctx)


class KindType(click.ParamType[Kind]):
    """A kind of entry, by its code or by what offices call it."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Kind:
        """Read it."""
        if isinstance(value, Kind):
            return value
        code = find_word("kinds", str(value))
        if code is None:
            known = [word_of("kinds", each.value, reader_language()) for each in Kind]
            told = message("ledger.unknown-word.hint", words=known)
            self.fail(
                f"{translate(message('ledger.unknown-word', text=str(value)))}; {translate(told)}", param, ctx
            )
        return Kind(code)


def writing_options(function: F) -> F:
    """Add what every command takes that writes: --credential, --trust, --by."""
    function = click.option("--by", metavar="NAME", help="cli.who-makes-entry-else-name-account")(function)
    function = click.option(
        "--trust",
        multiple=True,
        type=existing_path,
        help="cli.anchors-them-renewed-certificate-same-names",
    )(function)
    return click.option(
        "--credential",
        "credential_file",
        type=any_path,
        metavar="CRED.yaml",
        help="cli.who-signs-ledger-else-credential-remembers",
    )(function)


def say_head(ledger_file: Path, entered: Entered) -> None:
    """Say how much was entered, and the code of the head over it, which people write down."""
    count, head = len(entered.movements) + len(entered.notes), entered.head
    if head is not None:
        say(message("ledger.entered", path=ledger_file, count=count, code=head.code))


def open_access(
    ledger_file: Path, credential_file: Path | None, trust: tuple[Path, ...], by: str | None
) -> LedgerAccess:
    """Put together who writes to which ledger."""
    anchors = read_trust(trust, ())
    return LedgerAccess(ledger_file, credential_file, by or account_name(), prompt_secret, say, anchors)
