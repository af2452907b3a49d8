"""Where the parts of an update stand, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.pdf import layout


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"12 0 obj\n", (12, 0, 8)),
        (b"12 3 obj<<", (12, 3, 8)),
        (b"12  0 obj\n", None),
        (b"012 0 obj\n", None),
        (b"12 00 obj\n", None),
        (b"12 0 objx", None),
        (b"12 0\tobj\n", None),
        (b"12 0 obj%x\n", None),
        (b"0 0 obj\n", None),
    ],
)
def test_head_is_spelled_in_one_way(text: bytes, found: tuple[int, int, int] | None) -> None:
    assert layout.read_head(text, 0) == found


def test_head_stands_at_the_start_of_a_line() -> None:
    assert layout.read_head(b"x 12 0 obj ", 2) is None
    assert layout.read_head(b"x\r12 0 obj ", 2) is not None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (b"\n\nx", 2),
        (b"\n" * 64 + b"x", 64),
        (b"\n" * 65 + b"x", None),
        (b"\n\x00x", 1),
        (b"%hello\nx", 7),
        (b"%hello\r\nx", 8),
        (b"%" + b"y" * 200 + b"\nx", 202),
        (b"%" + b"y" * 201 + b"\nx", 0),
        (b"% 1 0 obj\nx", None),
        (b"%%EOF\nx", None),
        (b"%a\n" * 8 + b"x", 24),
        (b"%a\n" * 9 + b"x", None),
    ],
)
def test_gap_holds_little(text: bytes, end: int | None) -> None:
    assert layout.end_of_gap(text, 0, len(text), comments=True) == end


def test_gap_without_comments() -> None:
    assert layout.end_of_gap(b"\n%a\nx", 0, 5, comments=False) == 1


@pytest.mark.parametrize(
    ("text", "is_table"),
    [
        (b"xref\n0 1\n0000000000 65535 f \ntrailer\n", True),
        (b"xref\r\n0 1\r\n0000000000 65535 f\r\ntrailer <<", True),
        (b"xref\r0 1\r0000000000 65535 f \rtrailer<<", True),
        (b"xref\n1 1\n0000000015 00000 n \n\ntrailer\n", True),
        (b"xref\ntrailer\n", True),
        (b"xref\n0 1\n0000000000 65535 f\ntrailer\n", False),
        (b"xref\n0 2\n0000000000 65535 f \r\n0000000015 00000 n \r\ntrailer\n", False),
        (b"xref\n0 0\ntrailer\n", False),
        (b"xref\n99999999 1\n0000000000 65535 f \ntrailer\n", False),
        (b"xref\n0 1\n000000000 65535 f \ntrailer\n", False),
    ],
)
def test_table_has_entries_of_20_bytes(text: bytes, is_table: bool) -> None:
    end = layout.end_of_table(text, 0)
    assert (end == text.index(b"trailer") + 7) if is_table else (end is None)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"startxref\n15\n%%EOF\n", (15, 18)),
        (b"startxref\r\n0015\r\n%%EOF", (15, 22)),
        (b"startxref \n15 \n%%EOF", (15, 20)),
        (b"startxref 15\n%%EOF", None),
        (b"startxref\n\n15\n%%EOF", None),
        (b"startxref\x00\n15\n%%EOF", None),
        (b"startxref\n15.0\n%%EOF", None),
        (b"startxref\n15\n%EOF", None),
    ],
)
def test_end_mark_has_three_lines(text: bytes, found: tuple[int, int] | None) -> None:
    assert layout.read_end_mark(text, 0) == found


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (b"4 0 obj", [0]),
        (b"x4 0 obj", [1]),
        (b"(4 0 obj)", [1]),
        (b"4\n0\nobj", [0]),
        (b"4 0obj", [0]),
        (b"4 %c 1 2\n0%d\nobj", [0]),
        (b"4\x000\x00obj", [0]),
        (b"4 0 endobj 40obj 0 obj", []),
        (b"startxref\n15\n%%EOF\n4 0 obj", [19]),
        (b"%4 0 obj", [1]),
        (b"4 0 obj 5 0 obj", [0, 8]),
    ],
)
def test_whatever_looks_like_an_object_is_found(text: bytes, places: list[int]) -> None:
    assert layout.apparent_heads(text, 0, len(text)) == places


@given(st.binary(max_size=60), st.integers(1, 999), st.integers(0, 9), st.binary(max_size=60))
def test_an_object_is_found_in_any_surroundings(
    before: bytes, number: int, generation: int, after: bytes
) -> None:
    text = before + b"\n%d %d obj" % (number, generation) + after
    found = layout.apparent_heads(text, 0, len(text))
    assert any(
        text[place:].startswith(b"%d %d obj" % (number, generation)) or place < len(before) for place in found
    )


def test_line_ends() -> None:
    assert layout.after_line_end(b"\r\nx", 0) == 2
    assert layout.after_line_end(b"\rx", 0) == 1
    assert layout.after_line_end(b" x", 0) == 0


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (b"endstream\nendobj\n", 16),
        (b"\r\nendstream endobj\n", 18),
        (b"\n\nendstream\nendobj\n", None),
        (b"endstreamendobj\n", None),
        (b"endstream\nendobj%x", None),
    ],
)
def test_stream_ends_exactly(text: bytes, end: int | None) -> None:
    assert layout.end_of_stream(text, 0) == end


def test_plain_number() -> None:
    assert layout.is_plain_number(b" 17 endobj ", 0)
    assert not layout.is_plain_number(b" 17 % endobj ", 0)
    assert not layout.is_plain_number(b" 17 0 R endobj ", 0)
