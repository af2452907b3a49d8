"""What every reader splits into the same tokens, and what some read otherwise."""

from __future__ import annotations

import pytest

from agreegen.pdf.spelling import odd_reference, odd_spelling


@pytest.mark.parametrize(
    "text",
    [
        b"<< /A 1 /B [1 -2.5 .5 +3 4.] /C (a(b)c\\)) /D <0a 0B> /E 4 0 R /F null /G true >>",
        b"[4 0 R 5 12 R]",
        b"(unbalanced \\( is fine)",
        b"(%not a comment)",
        b"2099999999",
        b"0000000000000012",
        b"<< /ByteRange [0 1 2 3] /Location (a) /Location (b) >>",
    ],
)
def test_plain_text_is_no_problem(text: bytes) -> None:
    assert odd_spelling(text, 0, len(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        b"<< /A 1 %x\n >>",
        b"<< /A\x001 >>",
        b"4  0 R",
        b"4\n0 R",
        b"04 0 R",
        b"4 000000 R",
        b"4294967300 0 R",
        b"4 0R",
        b"2147483648",
        b"--5",
        b"1e5",
        b"<< /A 1 /A 1 >>",
        b"<< /Certs 1 /C#65rts 1 >>",
        b"[<< /A 1 /A 2 >>]",
        b"<< /A [1 2 >>",
        b"<< /A 1",
        b"obj",
        b"(never closed",
        b"<0g>",
        b"{ 1 }",
    ],
)
def test_odd_text_is_told(text: bytes) -> None:
    assert odd_spelling(text, 0, len(text)) is not None


@pytest.mark.parametrize(
    "text",
    [
        b"<< /A 4 0 R /R 5 /B (4 000 R) /C <34> /D 1.5 >> % 4 00 R",
        b"[1 4 0 R]",
        b"(a (4 0R) b) --5 1e5 Rx {R1}",
    ],
)
def test_references_of_one_kind(text: bytes) -> None:
    assert odd_reference(text, 0, len(text)) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"4 000000 R", 9),
        (b"<< /A 4 0R >>", 8),
        (b"4 %c\n0 R", 7),
        (b"4\n0 R", 4),
        (b"04 0 R", 5),
        (b"+4 0 R", 5),
        (b"4.0 0 R", 6),
        (b"4294967300 0 R", 13),
        (b"(a (b) c) 4  0 R", 15),
    ],
)
def test_other_references_are_found(text: bytes, place: int) -> None:
    assert odd_reference(text, 0, len(text)) == place


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [b"", b"12", b"(", b"1 0 R 12 0"])
def test_an_object_that_ends_behind_its_stream_is_read_to_the_end(text: bytes) -> None:
    """The table of an object stream may name a place behind the stream's last byte."""
    assert odd_reference(text, 0, len(text) + 40) is None
    assert odd_reference(text, len(text) + 3, len(text) + 40) is None
