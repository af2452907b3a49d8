"""Help in the reader's language: commands and options name codes, which are put into words when asked."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import click

from agreegen.messages import AUTOMATIC, has_entry, message, reader_language, translate
from agreegen.messages.catalogue import find_entry

_CLICK_MODULES = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
_NAMED_KINDS = (click.Path, type(click.INT), type(click.FLOAT))
"""Types that click calls by a word of its own where a value is wrong."""
_originals: dict[str, Any] = {}


def localise(command: click.Command, path: str) -> click.Command:
    """Put the help of a command, its options and everything below it into the reader's words.

    Args:
        command: A command whose options name codes.
        path: Its name below the program's, with dots, e.g. `batch.run`.
    """
    code = f"cli.command.{path}"
    if has_entry(code):
        command.help = translate(message(code))
        command.short_help = None
    for parameter in command.params:
        _name_kind(parameter.type)
        if isinstance(parameter, click.Option):
            _keep_placeholder(parameter)
            asked = parameter.__dict__.setdefault("_code", parameter.help)
            if asked is not None and has_entry(asked):
                parameter.help = translate(message(asked))
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            localise(child, f"{path}.{name}")
    return command


def _keep_placeholder(option: click.Option) -> None:
    """Let a help show PATH, as the manuals do, before the option's type is named in the reader's words."""
    if option.metavar is None and isinstance(option.type, _NAMED_KINDS):
        option.metavar = _own_name(option.type).upper()


def _own_name(kind: click.ParamType[Any]) -> str:
    return str(kind.__dict__.setdefault("_code", kind.name))


def _name_kind(kind: click.ParamType[Any]) -> None:
    """Let a type (a path, a number) say what it is in the reader's words; click asks at the import."""
    own = _own_name(kind)
    kind.name = own if reader_language() == AUTOMATIC else _say(own)


class _Formatter(click.HelpFormatter):
    """Writes the headings of a help with the colon of the reader's language."""

    def write_heading(self, heading: str) -> None:
        """Write a heading, e.g. of the options."""
        self.write(f"{'':>{self.current_indent}}{translate(message('cli.heading', heading=heading))}\n")


def localise_click() -> None:
    """Let click say its own words (Usage, Options, missing arguments) in the reader's language."""
    click.Context.formatter_class = _Formatter
    for module, name in _speakers():
        original = _originals.setdefault(f"{module.__name__}.{name}", module.__dict__[name])
        module.__dict__[name] = original if reader_language() == AUTOMATIC else _OURS[name]


def _speakers() -> Iterator[tuple[ModuleType, str]]:
    """Yield the names by which click's modules call gettext."""
    for part in _CLICK_MODULES:
        module = importlib.import_module(f"click.{part}")
        yield from ((module, name) for name in _OURS if name in module.__dict__)


def _say(text: str) -> str:
    return find_entry(f"click.{text}", reader_language()) or text


def _say_number(one: str, many: str, count: int) -> str:
    return _say(one if count == 1 else many)


_OURS = {"_": _say, "ngettext": _say_number}
