"""What the commands of `web` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from agreegen.errors import MissingProgramError, UsageError
from agreegen.messages import message

F = TypeVar("F", bound=Callable[..., Any])
_EXTRA = ("starlette", "uvicorn", "multipart", "argon2")


def home_option(function: F) -> F:
    """Add `--home DIR`, which may stand before the command's name, too."""
    return click.option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        help="cli.home-folder-office-empty-one-will",
        callback=_home_of,
        is_eager=False,
    )(function)


def _home_of(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    above = context.parent
    while value is None and above is not None:
        value, above = above.params.get("home"), above.parent
    return value


def need_home(value: Path | None) -> Path:
    """Return the home folder that was named.

    Raises:
        UsageError: None was.
    """
    if value is None:
        raise UsageError(message("cli.home-missing"), hint=message("cli.name-office-home-folder"))
    return value


def need_extra() -> None:
    """Make sure that the packages of the server are installed.

    Raises:
        MissingProgramError: They are not.
    """
    for name in _EXTRA:
        try:
            __import__(name)
        except ImportError as exc:
            raise MissingProgramError(
                message("cli.server-needs-package", name=name), hint=message("cli.pip-install-agreegen-web")
            ) from exc
