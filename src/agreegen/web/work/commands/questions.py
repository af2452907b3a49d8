"""What an act asks for: the PINs and passphrases of every credential that signs in it, by question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agreegen.api import secrets_asked
from agreegen.errors import AgreegenError
from agreegen.messages import translate

_ANY = ""


def any_answer(typed: str) -> dict[str, str]:
    """Return what was typed as the answer to the one question that a command puts, whatever it asks."""
    return {_ANY: typed} if typed else {}


@dataclass(frozen=True, slots=True)
class Question:
    """One secret that somebody has to type in.

    Attributes:
        field: Name of its field in the form.
        text: The question, in the language of who is asked, as the command will put it.
    """

    field: str
    text: str


def questions_of(files: Iterable[Path | None], language: str) -> tuple[Question, ...]:
    """Return what the credentials of an act ask for, each question once.

    Args:
        files: The credential files; None for one that is not there.
        language: The language of the command.
    """
    found = {each.text: each for path in files if path is not None for each in _asked(path, language)}
    return tuple(found.values())


def _asked(path: Path, language: str) -> Iterator[Question]:
    try:
        asked = secrets_asked(path)
    except AgreegenError:
        return  # the command says what is wrong with it
    for each in asked:
        text = translate(each, language)
        yield Question(f"secret {translate(each, 'en')}", text)


def answers_to(
    read: Callable[[str], str], chosen: Path | None, others: Iterable[Path | None], language: str
) -> dict[str, str]:
    """Return question and answer of what was typed in.

    Args:
        read: Returns a field of the form as it was typed.
        chosen: The credential whose PIN has the field `pin`.
        others: Further credentials, each with a field of its own.
        language: The language of the command.
    """
    answers = {each.text: read("pin") for each in questions_of((chosen,), language)}
    answers |= {each.text: typed for each in questions_of(others, language) if (typed := read(each.field))}
    return {question: answer for question, answer in answers.items() if answer}
