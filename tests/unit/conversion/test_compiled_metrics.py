"""Subsets of a font: the same bytes, whatever they were cut from."""

from __future__ import annotations

import pytest

from agreegen.conversion.compiled.metrics import Font, FontSubset
from agreegen.forms.fonts import find_first_font

TEXTS = ("张伟", "国家税务总局某市税务局", "Office 2018-05-10 fi ffl", "㐀一龥，。（）：；、", "Ａ１％")


def subset_of(font: Font, text: str) -> FontSubset:
    latin = text.isascii()
    return font.subset({glyph.index for glyph in font.shape(text, 0, latin=latin)})


@pytest.mark.parametrize("text", TEXTS)
def test_the_first_subset_is_that_of_a_long_run(text: str) -> None:
    file = find_first_font(("Noto Serif SC",))
    first, worn = Font(file), Font(file)
    for other in TEXTS * 2:
        subset_of(worn, other)
    assert subset_of(first, text) == subset_of(worn, text)
    assert len(subset_of(first, text).program) < 20_000
