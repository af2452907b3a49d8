"""Printing: results to standard output, everything else to standard error."""

from __future__ import annotations

import codecs
import functools
import io
import itertools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any

import click

from agreegen.errors import AgreegenError, CredentialError
from agreegen.messages import Message, Translatable, has_entry, in_every_language, message, translate
from agreegen.model.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LONG_TABLE = 1_000
_PLAIN_WIDTH = 160
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_quiet = False


def set_quiet(quiet: bool) -> None:
    """Choose whether only errors and results are said."""
    global _quiet  # noqa: PLW0603 - one process, one terminal
    _quiet = quiet


_SIMPLER = {"✔": "√", "✘": "×", "—": "-", "…": "..."}
"""Signs that GBK or ASCII lacks, and what stands for them there, if it can be shown at all."""


def use_escapes() -> None:
    """Let what a stream's encoding cannot express be shown by a simpler sign, else as an escape.

    Otherwise one rare character would end the program.
    """
    codecs.register_error("agreegen-simpler", _simplify)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="agreegen-simpler")


def _simplify(error: UnicodeError) -> tuple[str, int]:
    """Put simpler signs or escapes for what an encoding lacks (an error handler of `codecs`)."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    simple = "".join(_SIMPLER.get(character, character) for character in lacking)
    return simple.encode(error.encoding, "backslashreplace").decode(error.encoding), error.end


def to_json(data: Any, *, indent: int | None = None) -> str:
    """Write a value as JSON that is valid in the encoding of standard output, UTF-8 or not.

    A file name that is no UTF-8 keeps its bytes as escapes.
    """
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(data, ensure_ascii=plain, indent=indent, default=_in_english)
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _in_english(value: object) -> str:
    if isinstance(value, Message):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def print_json(data: Any) -> None:
    """Print one JSON value to standard output, indented, in UTF-8."""
    click.echo(to_json(data, indent=2))


def print_json_line(data: Any, *, more: bool = False) -> None:
    """Print one line of JSON Lines to standard output, at once; with `more`, together with the next."""
    if more:
        sys.stdout.write(to_json(data) + "\n")
        return
    click.echo(to_json(data))
    sys.stdout.flush()


def print_table(
    headers: Sequence[Message | str], rows: Sequence[Sequence[object]], *, title: Message | str | None = None
) -> None:
    """Print a table to standard output; wide enough for files, fitted to terminals."""
    from rich.console import Console  # noqa: PLC0415 - takes long to load, and `--json` needs none of it
    from rich.table import Table  # noqa: PLC0415 - the same

    width = None if sys.stdout.isatty() else _PLAIN_WIDTH
    table = Table(title=None if title is None else translate(title), title_justify="left", show_edge=False)
    for header in headers:
        table.add_column(_head(header), overflow="fold")
    for row in rows:
        table.add_row(*map(_word, row))
    Console(width=width, highlight=False, markup=False, emoji=False).print(table)


def _head(header: Message | str) -> str:
    """Return a header in words; those that are names have an entry of their own."""
    code = f"cli.head.{header}".replace(" ", "-")
    return translate(message(code)) if isinstance(header, str) and has_entry(code) else translate(header)


def _word(cell: object) -> str:
    """Return a cell in the reader's words; a member of a closed set has an entry of its own."""
    if isinstance(cell, Enum):
        code = f"cli.word.{type(cell).__name__.lower()}.{cell.value}"
        return translate(message(code)) if has_entry(code) else str(cell.value)
    return "" if cell is None else translate(cell)


def print_long_table(headers: Sequence[Message | str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table where it is short, else one line a row with tabs, so that memory stays flat."""
    stream = iter(rows)
    first = list(itertools.islice(stream, _LONG_TABLE + 1))
    if len(first) <= _LONG_TABLE:
        print_table(headers, first)
        return
    for row in itertools.chain([[_head(header) for header in headers]], first, stream):
        sys.stdout.write("\t".join(" ".join(_word(cell).split()) for cell in row) + "\n")
    sys.stdout.flush()


def print_json_list(items: Iterable[Any]) -> None:
    """Print a JSON array, an element a line, as they come."""
    sys.stdout.write("[")
    for number, item in enumerate(items):
        sys.stdout.write(("" if number == 0 else ",") + "\n " + to_json(item))
    sys.stdout.write("\n]\n")
    sys.stdout.flush()


def say(text: Message | str) -> None:
    """Say something to the person at the terminal, on standard error."""
    if not _quiet:
        _tell(text)


def _tell(text: Message | str) -> None:
    """Write what is said to standard error: in words, or for a program that has readers of any language.

    A program that starts this one asks for JSON Lines by `AGREEGEN_SAY=json`: `text`, and `text_zh`.
    """
    asked = os.environ.get("AGREEGEN_SAY") == "json"
    if asked:
        click.echo(to_json(in_every_language("text", text)), err=True)
        return
    # What a file says of itself is part of many sentences: it must not move the cursor or turn the line.
    click.echo("\n".join(map(printable, translate(text).split("\n"))), err=True)


def say_warning(text: Message | Translatable | str) -> None:
    """Say a warning, on standard error."""
    if not _quiet:
        _tell(message("cli.warning", text=text))


def say_error(text: Message | AgreegenError | str, *, hint: Message | str | None = None) -> None:
    """Say an error and what to do next, on standard error."""
    _tell(message("cli.error", text=text))
    if hint:
        _tell(message("cli.hint", text=hint))


class Bar:
    """A bar, or nothing at all where nobody would see it."""

    def __init__(self, progress: Progress | None, task: TaskID | None) -> None:
        self._progress, self._task = progress, task

    def advance(self) -> None:
        """Go one step forward."""
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)

    def show(self, *, total: int | None, completed: int, note: str) -> None:
        """Show so many of so many, and a few words."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total, completed=completed, note=note)


@contextmanager
def progress_bar(label: str, *, total: int | None = None) -> Iterator[Bar]:
    """Show a bar while the block runs; it is silent with `-q` and where standard error is no terminal.

    Args:
        label: What is counted.
        total: How many there are; None where that is not known.
    """
    if _quiet or not sys.stderr.isatty():
        yield Bar(None, None)
        return
    from rich.console import Console  # noqa: PLC0415 - takes long to load, and only terminals need it
    from rich.progress import (  # noqa: PLC0415 - the same
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=False,
    ) as progress:
        yield Bar(progress, progress.add_task(label, total=total, note=""))


def prompt_secret(label: str) -> str:
    """Ask for a passphrase or PIN without showing it.

    A program that starts this one may hand over one line by a pipe (`AGREEGEN_ASK=stdin`): what it answers is
    in no argument and no environment. It answers one question; a second one is refused, since the PIN of one
    token, tried at another, counts as a wrong one there. With `AGREEGEN_ASK=json` the line is a JSON object
    of question and answer, which answers each of them as often as it is asked; the answer to an empty
    question answers the first other one.

    Raises:
        click.UsageError: There is no terminal to ask at.
        CredentialError: The program that started this one had no answer.
    """
    asked = os.environ.get("AGREEGEN_ASK")
    if asked in {"stdin", "json"}:
        answer = _answer_of_line() if asked == "stdin" else _answer_of_object(label)
        if answer is None:
            raise CredentialError(message("cli.asked-and-not-told", label=label))
        return answer
    if not sys.stdin.isatty():
        raise click.UsageError(translate(message("cli.cannot-ask-without-terminal-use-env", label=label)))
    answer = click.prompt(label, hide_input=True, err=True)
    return str(answer)


def _answer_of_line() -> str | None:
    line = sys.stdin.readline()
    return line.rstrip("\r\n") if line else None


def _answer_of_object(question: str) -> str | None:
    answers = _told_answers()
    return answers[question] if question in answers else answers.pop("", None)


@functools.cache
def _told_answers() -> dict[str, str]:
    """Read the answers that the program that started this one hands over, once."""
    line = sys.stdin.readline()
    try:
        answers = json.loads(line or "{}")
    except ValueError:
        answers = None
    if not isinstance(answers, dict):
        raise CredentialError(message("cli.answers-are-no-object"))
    return {str(question): str(answer) for question, answer in answers.items()}
