"""Messages and values in the words of a language."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from agreegen.messages.catalogue import find_entry
from agreegen.messages.languages import AUTOMATIC, reader_language, reads_on_page
from agreegen.messages.times import day_text, moment_text


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence by its code, in no language yet. Travels between processes and compares by value.

    Attributes:
        code: `room.what-it-says`; the entry stands in `locale/<language>/<room>.po`.
        values: Name and value of each placeholder. A value may be text, a number, a path, a date, an aware
            time, another message, a thing that says itself (`in_language`), or several of these in a tuple.
    """

    code: str
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return translate(self, "en")


@runtime_checkable
class Translatable(Protocol):
    """A thing that says itself in a language, e.g. a place in a file or an error."""

    def in_language(self, language: str) -> str:
        """Return what it says, `language` being one of `languages()`."""
        ...


def translate(thing: object, language: str | None = None) -> str:
    """Put a message or a value into words.

    Args:
        thing: A message, a `Translatable`, a time or date, several of them, or anything with a text.
        language: One of `languages()`; None for the reader's. What it has no entry for is said in English.

    Raises:
        KeyError: A message's code has no entry, or its entry names a value that the message lacks.
    """
    if isinstance(thing, str):
        return thing
    language = language or reader_language()
    match thing:
        case Message():
            text = _filled(thing, language)
        case datetime():
            text = moment_text(thing, language)
        case date():
            text = day_text(thing, language)
        case OSError():
            text = _refusal(thing, language)
        case tuple() | list():
            separator = _entry("messages.list-separator", language)
            text = separator.join(translate(each, language) for each in thing)
        case Translatable():
            text = thing.in_language(language)
        case _:
            text = str(thing)
    return text


def _refusal(exc: OSError, language: str) -> str:
    """Return what the operating system refused, or what we put in its place."""
    said: object = exc.strerror
    if isinstance(said, Message):
        return translate(said, language)
    if exc.errno is not None and said == os.strerror(exc.errno):
        said = find_entry(f"messages.os-error.{errno.errorcode.get(exc.errno)}", language) or said
    return str(said or exc)


def has_entry(code: str) -> bool:
    """Tell whether a code that was put together has a text, e.g. one for this very finding."""
    return find_entry(code, AUTOMATIC) is not None


def _filled(message: Message, language: str) -> str:
    values = {
        name: value if isinstance(value, (str, int, float)) else translate(value, language)
        for name, value in message.values
    }
    return _entry(message.code, language).format_map(values)


def _entry(code: str, language: str) -> str:
    if reads_on_page() and (instead := find_entry(f"page.{code}", language)) is not None:
        return instead
    text = find_entry(code, language)
    if text is None:
        text = find_entry(code, AUTOMATIC)
    if text is None:
        raise KeyError(f"the catalogue has no entry {code}")
    return text
