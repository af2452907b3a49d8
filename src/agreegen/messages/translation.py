"""Messages and values in the words of a language."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from agreegen.messages.catalogue import find_entry
from agreegen.messages.languages import AUTOMATIC, reader_language, reads_on_page
from agreegen.messages.spacing import fill
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


@dataclass(frozen=True, slots=True)
class ForeignError:
    """What a library's exception says: its own English is for readers of English only.

    Attributes:
        kinds: Names of its class and of those that it derives from, its own first.
        text: Its words, in English.
    """

    kinds: tuple[str, ...]
    text: str

    @classmethod
    def from_exception(cls, exc: BaseException) -> ForeignError:
        """Take what an exception says, without what it holds open."""
        return cls(_kinds(exc), str(exc))

    def in_language(self, language: str) -> str:
        """Return its words in English; in other languages what its kind means."""
        if language == AUTOMATIC:
            return self.text or self.kinds[0]
        return _meaning(self.kinds, language) or _entry("messages.foreign-error", language)


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What kind of exception stopped something, told in brackets behind our own sentence.

    Attributes:
        kinds: Names of its class and of those that it derives from, its own first.
    """

    kinds: tuple[str, ...]

    @classmethod
    def of(cls, exc: BaseException) -> ErrorKind:
        """Take the kind of an exception, and nothing of what it holds."""
        return cls(_kinds(exc))

    def in_language(self, language: str) -> str:
        """Return the class's name in English; in other languages what it means, where that is known."""
        told = self.kinds[0] if language == AUTOMATIC else _meaning(self.kinds, language)
        return _entry("messages.error-kind", language).format(kind=told) if told else ""


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
            text = _other(thing, language)
    return text


def _other(thing: object, language: str) -> str:
    if isinstance(thing, BaseException):
        return ForeignError.from_exception(thing).in_language(language)
    return str(thing)


def _meaning(kinds: tuple[str, ...], language: str) -> str | None:
    meant = (find_entry(f"messages.foreign-error.{kind}", language) for kind in kinds)
    return next(filter(None, meant), None)


def _kinds(exc: BaseException) -> tuple[str, ...]:
    return tuple(each.__name__ for each in type(exc).__mro__)


def _refusal(exc: OSError, language: str) -> str:
    """Return what the operating system refused, or what we put in its place."""
    said: object = exc.strerror
    if isinstance(said, Message):
        return translate(said, language)
    if exc.errno is not None and said == os.strerror(exc.errno):
        name = errno.errorcode.get(exc.errno, str(exc.errno))
        known = find_entry(f"messages.os-error.{name}", language)
        other = (
            str(said) if language == AUTOMATIC else _entry("messages.os-error", language).format(name=name)
        )
        return known or other
    return ForeignError(_kinds(exc), str(said or exc)).in_language(language)


def has_entry(code: str) -> bool:
    """Tell whether a code that was put together has a text, e.g. one for this very finding."""
    return find_entry(code, AUTOMATIC) is not None


def _filled(message: Message, language: str) -> str:
    values = {
        name: value if isinstance(value, (str, int, float)) else translate(value, language)
        for name, value in message.values
    }
    entry = _entry(message.code, language)
    return entry.format_map(values) if language == AUTOMATIC else fill(entry, values)


def _entry(code: str, language: str) -> str:
    if reads_on_page() and (instead := find_entry(f"page.{code}", language)) is not None:
        return instead
    text = find_entry(code, language)
    if text is None:
        text = find_entry(code, AUTOMATIC)
    if text is None:
        raise KeyError(f"the catalogue has no entry {code}")
    return text
