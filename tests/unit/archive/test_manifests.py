"""Manifests: what our writer writes our reader reads, and nothing but plain paths gets through."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.archive.manifests import (
    ManifestError,
    check_plain,
    decode_path,
    encode_path,
    format_info,
    manifest_lines,
    parse_info,
    parse_manifest,
)

ZERO = "0" * 64
_PLAIN = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zs"), exclude_characters="/\\~:"),
    min_size=1,
    max_size=20,
).filter(lambda text: text not in {".", ".."} and text == text.strip())


@given(
    st.dictionaries(
        _PLAIN.map(lambda name: f"data/{unicodedata.normalize('NFC', name).casefold()}"), st.just(ZERO)
    )
)
def test_what_is_written_is_read(hashes: dict[str, str]) -> None:
    found, problems = parse_manifest(b"".join(manifest_lines(sorted(hashes.items()))))
    assert problems == []
    assert found == hashes


@given(st.text(max_size=60))
def test_only_three_characters_are_encoded(text: str) -> None:
    encoded = encode_path(text)
    assert "\n" not in encoded
    assert "\r" not in encoded
    assert encoded.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == text


@given(st.binary(max_size=300))
def test_nothing_makes_the_reader_fail(data: bytes) -> None:
    found, _ = parse_manifest(data)
    for path in found:
        check_plain(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../x",
        "data/../x",
        "data//x",
        "data/./x",
        "data/x/",
        "data\\x",
        "C:/x",
        "~root/x",
        "data/%2e%2e/x",
        "data/%0a%00",
        "data/a%",
        "data/\u202etxt.exe",
        "data/x\u200b",
        "data/ x",
        "data/x ",
        "data/%0A",
    ],
)
def test_paths_that_lead_elsewhere(path: str) -> None:
    with pytest.raises(ManifestError):
        decode_path(path)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (f"{ZERO}  data/x\n{ZERO}  data/x\n".encode(), "twice"),
        (f"{ZERO}  data/x\n{ZERO}  data/X\n".encode(), "one name"),
        (f"{ZERO}  data/\u00e9\n{ZERO}  data/e\u0301\n".encode(), "one name"),
        (b"\xef\xbb\xbf" + f"{ZERO}  data/x\n".encode(), "byte order mark"),
        (f"{ZERO[1:]}  data/x\n".encode(), "not a SHA-256"),
        (f"{ZERO}data/x\n".encode(), "not a SHA-256"),
        (f"\\{ZERO}  data/x\n".encode(), "not a SHA-256"),
        (f"{ZERO}  data/x\n\n{ZERO}  data/y\n".encode(), "not a SHA-256"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_no_honest_writer_writes(data: bytes, problem: str) -> None:
    _, problems = parse_manifest(data)
    assert any(problem in str(text) for text in problems)


def test_info_is_read_with_folded_lines() -> None:
    assert parse_info(b"A: one\n  two\nB:three\n") == [("A", "one two"), ("B", "three")]
    assert parse_info(format_info([("Bagging-Date", "2026-05-01"), ("X", "a\nb")])) == [
        ("Bagging-Date", "2026-05-01"),
        ("X", "a b"),
    ]
    for bad in (b"no label\n", b": empty\n", b"\xff: x\n"):
        with pytest.raises(ManifestError):
            parse_info(bad)
