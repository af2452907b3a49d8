"""Groups of commands that import a command only when it is called or listed, so that starting stays quick."""

from __future__ import annotations

import atexit
import gc
import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import click

from agreegen.cli.common_options import add_common_options
from agreegen.cli.help_texts import localise
from agreegen.messages import message, translate


class LazyGroup(click.Group):
    """A group that knows where its commands are defined.

    Args:
        members: Name of a command → module and name of what defines it.
        path: Name of the group below the program's; empty for the program itself.
        summaries: Name of a command → code of what a list says of it; None to import and ask the commands.
    """

    def __init__(
        self,
        *args: Any,
        members: Mapping[str, tuple[str, str]],
        path: str = "",
        summaries: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._members = members
        self._path = path
        self._summaries = summaries

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Name the commands in the order in which work goes."""
        return list(self._members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own signature
        """Import and return one command, its help in the reader's language."""
        if cmd_name not in self._members:
            return None
        module, attribute = self._members[cmd_name]
        command = getattr(_load(module), attribute)
        if not isinstance(command, click.Command):
            return None
        return localise(add_common_options(command), f"{self._path}.{cmd_name}".lstrip("."))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        if self._summaries is None:
            super().format_commands(ctx, formatter)
            return
        told = [(name, translate(message(code))) for name, code in self._summaries.items()]
        with formatter.section(translate(message("cli.commands"))):
            formatter.write_dl(told)


def _load(name: str) -> ModuleType:
    """Load a module and all that it needs; none of it goes away before the end: nobody looks for garbage."""
    gc.disable()
    # At the end it does: what is still frozen then, nanobind tells of as leaked, in English and at length.
    atexit.register(gc.unfreeze)
    try:
        return importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()
