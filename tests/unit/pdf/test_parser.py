"""The parser of objects: what it reads, and what it refuses."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.pdf.objects import LimitError, Name, Ref, Repeating, StructureError, same
from agreegen.pdf.parser import Watch, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"true", True),
        (b" null ", None),
        (b"%c\n-12", -12),
        (b"+.5", 0.5),
        (b"4.", 4.0),
        (b"/A#42", Name("AB")),
        (b"/", Name("")),
        (b"(a(b)c\\)\\n\\101\\\r\nd)", b"a(b)c)\nAd"),
        (b"(a\r\nb\rc)", b"a\nb\nc"),
        (b"<48 6>", b"H`"),
        (b"[1 0 R 2 3]", [Ref(1, 0), 2, 3]),
        (b"<</A[<<>>]/B 7 0 R>>", {"A": [{}], "B": Ref(7, 0)}),
        (b"<</A/B/C(x)>>", {"A": Name("B"), "C": b"x"}),
    ],
)
def test_value(text: bytes, value: Any) -> None:
    found, _ = parse_value(text, 0, 10)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"(a",
        b"<4g>",
        b"<<",
        b"[1 ]]"[:3],
        b"<</A>>",
        b"<<1 2>>",
        b"]",
        b">>",
        b"[>>",
        b"<</A 1/A 2>>",
        b"nul",
        b"--1",
    ],
)
def test_refusal(text: bytes) -> None:
    with pytest.raises(StructureError):
        parse_value(text, 0, 10)


def test_depth_is_limited() -> None:
    with pytest.raises(LimitError):
        parse_value(b"[" * 50_000, 0, 200)


@pytest.mark.parametrize(
    "text", [b" " * 200_000, b"%" * 200_000, b"(" * 200_000, b"1 " * 200_000, b"<" + b"4" * 200_000]
)
def test_time_is_linear(text: bytes) -> None:
    start = time.perf_counter()
    with pytest.raises(StructureError):
        parse_value(b"[" + text, 0, 200)
    assert time.perf_counter() - start < 2


def test_watch_tells_whose_string_it_is() -> None:
    text = b"<< /Reference << /Contents <00> >> /Contents <3000> >>"
    watch = Watch(text.index(b"<3000>"))
    value, _ = parse_value(text, 0, 10, watch)
    assert watch.holder is value
    assert (watch.key, watch.end) == ("Contents", text.index(b"<3000>") + 6)


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.binary(max_size=20),
    st.text(st.characters(codec="latin-1"), max_size=8).map(Name),
    st.builds(Ref, st.integers(1, 99999), st.integers(0, 65535)),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=0).map(Name), inner)
    ),
    max_leaves=12,
)


def _written(value: Any) -> bytes:
    if isinstance(value, Name):
        return b"/" + b"".join(b"#%02x" % code for code in value.encode("latin-1"))
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if isinstance(value, bytes):
        return b"(" + b"".join(b"\\%03o" % code for code in value) + b")"
    if isinstance(value, list):
        return b"[" + b" ".join(map(_written, value)) + b"]"
    if isinstance(value, dict):
        return b"<<" + b" ".join(_written(Name(k)) + b" " + _written(v) for k, v in value.items()) + b">>"
    return (
        {None: b"null", True: b"true", False: b"false"}.get(value, b"%d" % (value or 0))
        if not isinstance(value, int) or isinstance(value, bool)
        else b"%d" % value
    )


@given(_VALUES)
def test_round_trip(value: Any) -> None:
    found, end = parse_value(_written(value) + b" ", 0, 100)
    assert found == value
    assert end == len(_written(value))


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    try:
        parse_value(data, 0, 50)
    except StructureError as problem:
        assert problem.code  # noqa: PT017 - every refusal carries the code of its alarm


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        (b"a", Name("a"), False),
        ({"A": None}, {}, True),
        ([None], [], False),
        (Ref(1, 0), Ref(1, 1), False),
        (Ref(1, 0), [1, 0], False),
        ({"A": [1, {"B": b"x"}]}, {"A": [1, {"B": b"x"}]}, True),
    ],
)
def test_same(one: Any, two: Any, *, expected: bool) -> None:
    assert same(one, two) is expected


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (595.2756, 595.276, True),
        (595.27, 595.28, False),
        (3, 3.0, True),
        (10_000_000, 10_000_001, False),
        (0.500001, 0.5, True),
        (0.5, 0.500001, False),
        (0.000006, 0.000001, False),
        (1.0, b"1.0", False),
        (True, 1, False),
    ],
)
def test_numbers_that_count_as_the_same(one: object, two: object, expected: bool) -> None:
    assert same(one, two) is expected


def test_keys_that_stand_twice_in_a_signature_are_remembered() -> None:
    body = b"<< /Type /Sig /Location (A) /Location (B) /ByteRange [0 1 2 3] /Contents <00> >>"
    value, _ = parse_value(body, 0, 10)
    assert isinstance(value, Repeating)
    assert (value.repeated, value["Location"]) == (("Location",), b"B")


@pytest.mark.parametrize(
    "body",
    [
        b"<< /Location (A) /Location (B) >>",
        b"<< /ByteRange [0 1 2 3] /ByteRange [0 1 2 4] /Contents <00> >>",
        b"<< /ByteRange [0 1 2 3] /Contents <00> /Contents <01> >>",
        b"<< /ByteRange [0 1 2 3] /Contents <00> /SubFilter /A /SubFilter /B >>",
    ],
)
def test_keys_that_stand_twice_elsewhere_are_errors(body: bytes) -> None:
    with pytest.raises(StructureError, match="stands twice"):
        parse_value(body, 0, 10)
