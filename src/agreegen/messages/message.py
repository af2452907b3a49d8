"""Naming a sentence: its code and the values that are filled into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from agreegen.messages.languages import AUTOMATIC
from agreegen.messages.translation import ForeignError, Message


def message(code: str, /, **values: object) -> Message:
    """Name a sentence and what is filled into it; lists become tuples, exceptions lose their traceback."""
    return Message(code, tuple((name, _kept(value)) for name, value in values.items()))


def _kept(value: object) -> object:
    """Return a value that does not change and holds nothing open: a traceback keeps files and databases."""
    if isinstance(value, list | tuple):
        return tuple(_kept(each) for each in value)
    if not isinstance(value, BaseException):
        return value
    if not (isinstance(value, OSError) or hasattr(value, "in_language")):
        said = value.args[0] if len(value.args) == 1 else None
        return said if isinstance(said, Message) else ForeignError.from_exception(value)
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


@dataclass(frozen=True, slots=True)
class SaidElsewhere:
    """What another machine said, in every language that it speaks.

    Attributes:
        texts: Language and text.
    """

    texts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> SaidElsewhere:
        """Take the texts by language."""
        return cls(tuple(texts.items()))

    def in_language(self, language: str) -> str:
        """Return the text in a language, else in English."""
        texts = dict(self.texts)
        return texts.get(language, texts[AUTOMATIC])


def first_few(things: Sequence[object], most: int) -> tuple[object, ...]:
    """Name the first of many things, and show that there are more."""
    return (*things[:most], *(["…"] if len(things) > most else []))


def any_of(choices: Sequence[Message | str]) -> Message:
    """Name several things of which one is enough; there must be at least one."""
    *others, last = choices
    return message("messages.any-of", others=others, last=last) if others else foreign_text(last)


def join_sentences(parts: Iterable[Message | str]) -> Message | None:
    """Put sentences one after the other, as one; None where there are none."""
    told = [part if isinstance(part, Message) else foreign_text(part) for part in parts]
    if not told:
        return None
    return reduce(lambda first, rest: message("messages.sentences", first=first, rest=rest), told)
