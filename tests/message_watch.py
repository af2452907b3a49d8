"""Watches what fills the messages of all tests: data, or what says itself, never words of one language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import Enum
from fnmatch import fnmatch
from pathlib import PurePath

from agreegen.messages import Message, Translatable
from agreegen.model.report import PadesLevel

_ENGLISH = re.compile(r"(?<![\w./'-])[A-Za-z]?[a-z]+(?:,? [a-z]{2,})+(?![\w./-])")
_QUOTED = (
    "cli.* label",
    "cli.what-helps-documents advice",
    "messages.text text",
    "forms.tag-refused source",
    "reports.* *",
    "signing.service-words words",
    "verification.* text",
)
"""Values that quote a file or a service, that were put into words before, or that tests make up."""


def fragments(said: Message) -> Iterator[str]:
    """Yield each value of a message that would be read in one language only."""
    for name, value in said.values:
        place = f"{said.code} {name}"
        if not any(fnmatch(place, pattern) for pattern in _QUOTED):
            yield from (f"{place}: {problem}" for problem in _problems(value))


def _problems(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for each in value:
            yield from _problems(each)
    elif isinstance(value, Enum) and not isinstance(value, PadesLevel):
        yield f"{type(value).__name__} is named by a code of its own"
    elif isinstance(value, str):
        if _ENGLISH.search(value):
            yield f"{value[:80]!r} reads as English"
    elif not isinstance(value, Message | PurePath | date | int | float | OSError | Translatable | None):
        yield f"{type(value).__name__} has no words"
