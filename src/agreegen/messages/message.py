"""A sentence before it is put into words: its code and the values that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce


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
        from agreegen.messages.translation import translate  # noqa: PLC0415 - words are loaded when needed

        return translate(self, "en")


def message(code: str, /, **values: object) -> Message:
    """Name a sentence and what is filled into it; lists become tuples, exceptions lose their traceback."""
    return Message(code, tuple((name, _kept(value)) for name, value in values.items()))


def _kept(value: object) -> object:
    """Return a value that does not change and holds nothing open: a traceback keeps files and databases."""
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, BaseException):
        return value
    if not (isinstance(value, OSError) or hasattr(value, "in_language")):
        return str(value)
    kind = type(value)
    bare: BaseException = kind.__new__(kind, *value.args)
    bare.__dict__.update(value.__dict__)
    return bare


def join_sentences(parts: Iterable[Message | str]) -> Message | str:
    """Put sentences one after the other, as one; nothing where there are none."""
    told = list(parts)
    return (
        reduce(lambda first, rest: message("messages.sentences", first=first, rest=rest), told)
        if told
        else ""
    )
