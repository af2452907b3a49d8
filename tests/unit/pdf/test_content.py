"""Content streams that leave all as it was, and such that do not."""

from __future__ import annotations

import pytest

from agreegen.pdf.content import leaves_all_as_it_was


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\x00",
        b"q Q",
        b"/Tx BMC q BT /F 1 Tf (Q \\) ) Tj (a(Q)b) Tj <51> Tj ET Q EMC",
        b"/P << /A [1 (Q)] >> BDC EMC",
        b"q 1 0 0 1 +.5 -3. cm 0 0 1 1 re W* n Q",
        b"% Q Q Q\nq Q",
        b"BI /W 1 /H 1 ID \x00Q \xff EI q Q",
        b"[1 2]0 d(x)'",
        b"0 " * 32 + b"sc",
    ],
)
def test_balanced_content_leaves_all(content: bytes) -> None:
    assert leaves_all_as_it_was(content)


@pytest.mark.parametrize(
    "content",
    [
        b"Q",
        b"q Q Q",
        b"Q q",
        b"q",
        b"BT",
        b"ET",
        b"EMC",
        b"BMC EMC",
        b"/OC BDC EMC",
        b"1 l n",
        b"q 1 1 1 1 1 cm Q",
        b"[] d",
        b"0 " * 33 + b"d0",
        b"0 0 1 1 re",
        b"q 0 0 1 1 re W Q",
        b"qQ Q",
        b"1Q",
        b"(Q",
        b"[1 2",
        b"] q Q",
        b"[ q ] Q",
        b"BI /W 1 ID x",
        b"BI /W 1 ID x EI x EI",
        b"EX",
        b"q Q }",
        b"1 2",
    ],
)
def test_unbalanced_content_is_told(content: bytes) -> None:
    assert not leaves_all_as_it_was(content)
