"""What holds for every test: no sentence that it provokes is filled with words of one language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agreegen.messages import Message, translation
from tests.message_watch import fragments

_put_into_words = translation._filled
_found: list[str] = []
_seen: set[Message] = set()
_ROOMS = {"unit", "cli"}
"""Tests whose inputs hold no sentences of people: elsewhere documents and services speak, too."""


def _watched(message: Message, language: str) -> str:
    try:
        new = message not in _seen
    except TypeError:  # a value that has no hash
        new = True
    else:
        _seen.add(message)
    if new:
        _found.extend(fragments(message))
    return _put_into_words(message, language)


@pytest.fixture(autouse=True, scope="session")
def watch_messages() -> Iterator[None]:
    """Look at every message that is put into words, in whatever language."""
    translation._filled = _watched
    yield
    translation._filled = _put_into_words


@pytest.fixture(autouse=True)
def sentences_are_whole(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test whose messages hold a fragment: a plural, a kind, a library's sentence."""
    _found.clear()
    yield
    if _ROOMS.intersection(request.path.parts):
        assert _found == []
