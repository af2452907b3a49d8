"""Naming a sentence: its code and the values that are filled into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from agreegen.messages.languages import AUTOMATIC
from agreegen.messages.translation import Message


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


def foreign_text(said: object) -> Message:
    """Take what a program, a library or an error says for a sentence; what speaks languages still does."""
    speaks = isinstance(said, BaseException) or hasattr(said, "in_language")
    return message("messages.text", text=said if speaks else str(said))


@dataclass(frozen=True, slots=True)
class ForeignDetail:
    """What a library adds in English to what we say: told to readers of English, behind a colon.

    Attributes:
        text: Its words; empty for none.
    """

    text: str

    def in_language(self, language: str) -> str:
        """Return the detail in English, nothing in other languages: our sentence stands alone there."""
        return f": {self.text}" if self.text and language == AUTOMATIC else ""


def any_of(choices: Sequence[str]) -> Message:
    """Name several things of which one is enough; there must be at least one."""
    *others, last = choices
    return message("messages.any-of", others=others, last=last) if others else foreign_text(last)


def join_sentences(parts: Iterable[Message | str]) -> Message | None:
    """Put sentences one after the other, as one; None where there are none."""
    told = [part if isinstance(part, Message) else foreign_text(part) for part in parts]
    if not told:
        return None
    return reduce(lambda first, rest: message("messages.sentences", first=first, rest=rest), told)
