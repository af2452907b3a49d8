"""Decoding streams within limits."""

from __future__ import annotations

import base64
import io
import zlib

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.pdf.filters import decode
from agreegen.pdf.objects import LimitError, Name, Stream, StructureError

PLAIN = bytes(range(256)) * 8


def _stream(raw: bytes, name: str, **parameters: int) -> Stream:
    return Stream({"Filter": Name(name), "DecodeParms": dict(parameters)}, raw, 0)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("FlateDecode", zlib.compress(PLAIN)),
        ("ASCIIHexDecode", PLAIN.hex().encode() + b">"),
        ("ASCII85Decode", base64.a85encode(PLAIN) + b"~>"),
    ],
)
def test_decoding(name: str, raw: bytes) -> None:
    assert decode(_stream(raw, name), 1 << 20) == PLAIN


def test_run_length() -> None:
    assert decode(_stream(b"\x02abc\xfed\x80rest", "RunLengthDecode"), 100) == b"abcddd"


def test_lzw_example_of_the_standard() -> None:
    """ISO 32000-1, clause 7.4.4.2, example 2."""
    raw = bytes([0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01])
    assert decode(_stream(raw, "LZWDecode"), 100) == bytes([45, 45, 45, 45, 45, 65, 45, 45, 45, 66])


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(
    ("colors", "bits"), [(1, 8), (3, 4), (1, 4), (3, 8), (1, 16), (3, 2), (4, 1), (5, 4)]
)
def test_png_rows_agree_with_qpdf(kind: int, colors: int, bits: int) -> None:
    row = (colors * bits * 8 + 7) // 8
    rows = b"".join(bytes([kind]) + PLAIN[i : i + row] for i in range(0, 8 * row, row))
    pdf = pikepdf.new()
    wanted = {"Predictor": 15, "Columns": 8, "Colors": colors, "BitsPerComponent": bits}
    parameters = pikepdf.Dictionary({f"/{key}": value for key, value in wanted.items()})
    stream = pikepdf.Stream(pdf, zlib.compress(rows), Filter=pikepdf.Name.FlateDecode, DecodeParms=parameters)
    ours = decode(_stream(zlib.compress(rows), "FlateDecode", **wanted), 1 << 20)
    assert ours == stream.read_bytes()


def test_codes_beyond_the_table_are_no_content() -> None:
    codes = [256, *([65] * 5000)]
    widths = [min(12, max(9, (258 + at).bit_length())) for at in range(len(codes))]
    bits = "".join(f"{code:0{width}b}" for code, width in zip(codes, widths, strict=True))
    raw = int(bits, 2).to_bytes(-(-len(bits) // 8), "big")
    with pytest.raises(StructureError):
        decode(_stream(raw, "LZWDecode"), 1 << 20)


def test_bomb_is_stopped() -> None:
    bomb = zlib.compress(zlib.compress(bytes(50 << 20)))
    stream = Stream({"Filter": [Name("FlateDecode"), Name("FlateDecode")]}, bomb, 0)
    with pytest.raises(LimitError):
        decode(stream, 1 << 20)


@pytest.mark.parametrize(
    "stream",
    [
        _stream(zlib.compress(PLAIN)[:-9], "FlateDecode"),
        _stream(b"no", "FlateDecode"),
        _stream(b"xy", "ASCIIHexDecode"),
        _stream(b"x", "JPXDecode"),
        _stream(zlib.compress(PLAIN), "FlateDecode", Predictor=15, Columns=7),
        _stream(zlib.compress(PLAIN), "FlateDecode", Predictor=15, Columns=-1),
        Stream({"Filter": [Name("FlateDecode")] * 50}, b"", 0),
    ],
)
def test_damage_is_refused(stream: Stream) -> None:
    with pytest.raises(StructureError):
        decode(stream, 1 << 20)


@given(
    st.binary(max_size=300), st.sampled_from(["LZWDecode", "RunLengthDecode", "ASCII85Decode", "FlateDecode"])
)
def test_any_bytes_have_an_answer(data: bytes, name: str) -> None:
    try:
        assert len(decode(_stream(data, name), 1 << 16)) <= 1 << 16
    except StructureError as problem:
        assert problem.code  # noqa: PT017 - every refusal carries the code of its alarm


def test_object_streams_are_read_as_qpdf_writes_them() -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    target = io.BytesIO()
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert b"/ObjStm" in target.getvalue()
