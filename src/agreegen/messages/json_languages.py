"""Texts in JSON: English under their name, as programs read it, and every other language beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agreegen.messages.languages import AUTOMATIC, languages
from agreegen.messages.translation import translate


def in_every_language(name: str, said: object) -> dict[str, Any]:
    """Return the members of a JSON object that hold a text, e.g. `message` and `message_zh`.

    Args:
        name: Name of the member in English.
        said: A message or what holds one, a list of them, or None for nothing said.
    """
    return {
        name if language == AUTOMATIC else f"{name}_{language}": _worded(said, language)
        for language in (AUTOMATIC, *(each for each in languages() if each != AUTOMATIC))
    }


def _worded(said: object, language: str) -> str | list[str] | None:
    if said is None:
        return None
    if isinstance(said, Sequence) and not isinstance(said, str):
        return [translate(each, language) for each in said]
    return translate(said, language)


def text_in(members: Mapping[str, Any], name: str, language: str) -> Any:
    """Return a text of such a JSON object in a language; in English where it has no other."""
    return members.get(f"{name}_{language}", members.get(name))
