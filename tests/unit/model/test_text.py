"""Text made comparable."""

from __future__ import annotations

import pytest

from agreegen.model.text import normalise_text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("甲 方\n乙\u3000方\u00a0", "甲方乙方"),
        ("末行\n— 1 —\f\n首行", "末行首行"),
        ("末行\n—12—\n", "末行"),
        ("  —\u30003\u00a0—  ", ""),
        ("— 1 — 之后", "—1—之后"),
        ("- 1 -", "-1-"),
        ("0371\u201166000001", "0371-66000001"),
        ("— —", "——"),
        ("", ""),
    ],
)
def test_white_space_and_page_numbers_go_and_nothing_else(text: str, wanted: str) -> None:
    assert normalise_text(text) == wanted
