"""Numbers of copies: what is read back is what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.ledger.copies import format_numbers, parse_numbers


@given(st.sets(st.integers(1, 300), min_size=1, max_size=20))
def test_numbers_read_back(numbers: set[int]) -> None:
    assert parse_numbers(format_numbers(numbers)) == tuple(sorted(numbers))


def test_neighbours_are_ranges() -> None:
    assert format_numbers([5, 1, 2, 3]) == "1-3, 5"
    assert parse_numbers("1 – 3、5") == (1, 2, 3, 5)


@pytest.mark.parametrize("text", ["", "0", "3-1", "1,1", "1-3,2", "一", "10001", "1-99999", "-3", "1--3"])
def test_what_names_no_copies_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cop"):
        parse_numbers(text)
