"""Words of the pages: what the audit calls what came of an act."""

from __future__ import annotations

import re

import pytest

from agreegen.api.devices import Occasion
from agreegen.web.pages.words import say_act

_RESULTS = ("done", "refused", "wrong-person", "another", "expired", "locked", "signed", "cancelled", "clock")


@pytest.mark.parametrize("result", [*_RESULTS, *(each.value for each in Occasion)])
def test_results_are_told_in_words(result: str) -> None:
    assert re.fullmatch(r"[\u4e00-\u9fff]+", say_act("zh", result)), say_act("zh", result)
    assert say_act("en", result)


def test_a_code_that_has_no_words_stays_as_it_is() -> None:
    assert say_act("zh", "nobody-knows") == "nobody-knows"
