"""Marks: what they say, and that they are read whichever way up a page lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from agreegen.scanning.marks import MarkText, draw_mark, draw_sheet_mark, find_marks, has_half_mark, is_sheet

ID = "0123456789abcdef" * 2


def _page(turned: float = 0.0, *, cut: bool = False) -> Image.Image:
    page = Image.new("L", (1240, 1754), 255)
    picture = Image.fromarray(np.where(draw_mark(f"AG1/{ID}/2/4"), 0, 255).astype(np.uint8))
    mark = picture.resize((96, 96), Image.Resampling.NEAREST)
    page.paste(mark, (70, 70))
    page.paste(mark, (1074, 1588))
    if cut:
        page.paste(255, (100, 60, 180, 180))
        page.paste(255, (1100, 1580, 1180, 1700))
    return page.rotate(turned, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


@pytest.mark.parametrize("turned", [0, 2.5, 90, 180, 273])
def test_both_marks_are_found_whichever_way_up(turned: float) -> None:
    found = find_marks(np.asarray(_page(turned)))
    assert [mark.text for mark in found] == [MarkText(ID, 2, 4)] * 2


def test_a_mark_is_square_and_small() -> None:
    for text in (f"AG1/{ID}/1/1", f"AG1/{ID}/9999/9999"):
        rows, columns = draw_mark(text).shape
        assert rows == columns <= 26


def test_a_torn_mark_is_none() -> None:
    picture = np.asarray(_page(cut=True))
    assert find_marks(picture) == ()
    assert not is_sheet(picture)
    assert has_half_mark(np.full((400, 400), 255, np.uint8)) is False


def test_cover_sheets_are_told_apart() -> None:
    code = Image.fromarray(np.where(draw_sheet_mark(), 0, 255).astype(np.uint8))
    page = Image.new("L", (1240, 1754), 255)
    page.paste(code.resize((120, 120), Image.Resampling.NEAREST), (1000, 80))
    assert is_sheet(np.asarray(page))
    assert find_marks(np.asarray(page)) == ()


@given(st.integers(1, 9999), st.integers(0, 9998))
def test_what_a_mark_says_reads_back(page: int, more: int) -> None:
    pages = min(page + more, 9999)
    assert MarkText.parse(str(MarkText(ID, page, pages))) == MarkText(ID, page, pages)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AG1",
        f"AG1/{ID}/2/1",
        f"AG1/{ID}/0/1",
        f"AG2/{ID}/1/1",
        f"AG1/{ID.upper()}/1/1",
        f"AG1/{ID}/1/1\n",
        "AG1/x/1/1",
    ],
)
def test_what_is_not_ours_is_none(text: str) -> None:
    assert MarkText.parse(text) is None
