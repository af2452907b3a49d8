"""Reading the text of a compiled document back from its bytes, quickly.

Most of a compiled page is the same in every document, so what a stream says is remembered by its bytes. What
is not exactly of the shape that the compiled engine writes is left to PDFium.
"""

from __future__ import annotations

import functools
import io
import re
import zlib

import pikepdf
from pikepdf import Array, Dictionary, Pdf, Stream

from agreegen.conversion.compiled.page import RUN, parse_character_map, run_text
from agreegen.errors import ConversionError

_MAX_STREAM_BYTES = 1 << 20
_OTHER_OPERATORS = re.compile(
    r"(?:/\S+?<</MCID \d+>>BDC|/\S+ BMC|EMC|q|Q|q [\d. ]+ rg|[\d.]+ w|(?:q )?[-\d. ]+ re|W\*? n|\s)+\Z"
)

Fonts = tuple[tuple[str, bytes], ...]
"""Resource name and ToUnicode CMap of each font of a page."""


def read_text(pdf: bytes) -> str | None:
    """Return the text of a compiled document in the order of its content, one line a line.

    Args:
        pdf: The document, unsigned or signed.

    Returns:
        The text, a form feed between pages; None if the document is not of a shape that is known here.
    """
    try:
        with Pdf.open(io.BytesIO(pdf)) as opened:
            pages = [_page_text(page.obj) for page in opened.pages]
    except (pikepdf.PdfError, zlib.error, ConversionError, AttributeError, KeyError, ValueError, TypeError):
        return None
    return None if None in pages else "\f\n".join(page for page in pages if page is not None)


def _page_text(leaf: pikepdf.Object) -> str | None:
    contents, resources = leaf.Contents, leaf.Resources
    if (
        not isinstance(contents, Array)
        or "/XObject" in resources
        or not isinstance(resources.Font, Dictionary)
    ):
        return None
    fonts = tuple(
        (str(name)[1:], _plain(font.ToUnicode) + (b"2" if font.Subtype == "/Type0" else b"1"))
        for name, font in resources.Font.items()
    )
    lines: list[tuple[str, str]] = []
    for stream in contents:
        data = _plain(stream)
        used = _fonts_used(data)
        if used is None:
            return None
        lines += _stream_runs(data, tuple(font for font in fonts if font[0] in used))
    return _join(lines)


def _plain(stream: pikepdf.Object) -> bytes:
    if not isinstance(stream, Stream):
        raise TypeError("not a stream")
    raw = bytes(stream.read_raw_bytes())
    if "/Filter" not in stream:
        return raw
    if stream.Filter != "/FlateDecode" or "/DecodeParms" in stream:
        raise ValueError("another filter")
    return _inflate(raw)


@functools.lru_cache(maxsize=64)
def _inflate(raw: bytes) -> bytes:
    inflater = zlib.decompressobj()
    data = inflater.decompress(raw, _MAX_STREAM_BYTES)
    if inflater.unconsumed_tail or not inflater.eof:
        raise ValueError("a stream that is too long or cut off")
    return data


@functools.lru_cache(maxsize=64)
def _fonts_used(data: bytes) -> frozenset[str] | None:
    """Return the names of the fonts that a content stream uses; None if it holds anything unknown."""
    content = data.decode("latin-1")
    if not _OTHER_OPERATORS.match(RUN.sub("\n", content) + "\n"):
        return None
    return frozenset(match["font"] for match in RUN.finditer(content))


@functools.lru_cache(maxsize=64)
def _stream_runs(data: bytes, fonts: Fonts) -> tuple[tuple[str, str], ...]:
    """Return baseline and text of each run of a content stream."""
    maps = {name: _character_map(source) for name, source in fonts}
    return tuple((match["y"], run_text(match, maps)[0]) for match in RUN.finditer(data.decode("latin-1")))


@functools.lru_cache(maxsize=64)
def _character_map(source: bytes) -> tuple[int, dict[int, str]]:
    return (2 if source.endswith(b"2") else 1), parse_character_map(source[:-1].decode("latin-1"))


def _join(runs: list[tuple[str, str]]) -> str:
    parts: list[str] = []
    before = None
    for baseline, text in runs:
        if before is not None and baseline != before:
            parts.append("\n")
        parts.append(text)
        before = baseline
    return "".join(parts)
