"""Why a page is left for a person: said in one language, read in another."""

from __future__ import annotations

import itertools

import pytest

from agreegen.messages import languages, translate
from agreegen.scanning.interface import Reason
from agreegen.scanning.wording import read_reasons, say_reasons


@pytest.mark.parametrize("language", languages())
def test_reasons_are_read_from_what_was_said_of_them(language: str) -> None:
    """Each alone, and any two in a row, though some hold the mark that stands between two."""
    for told in (*((each,) for each in Reason), *itertools.permutations(Reason, 2)):
        said = translate(say_reasons(told), language)
        assert read_reasons(said) == told, said


@pytest.mark.parametrize("text", ["", "nothing of ours", "nobody has signed in the place for it; and more"])
def test_what_somebody_else_wrote_is_no_reason(text: str) -> None:
    assert read_reasons(text) == ()
