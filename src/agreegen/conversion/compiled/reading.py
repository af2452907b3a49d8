"""Reading the text of a compiled document back from its bytes, quickly.

Most of a compiled page is the same in every document, so what a stream says is remembered by its bytes. What
is not exactly of the shape that the compiled engine writes is left to PDFium.
"""

from __future__ import annotations

import functools
import re
import zlib

from agreegen.conversion.compiled.page import RUN, parse_character_map, run_text
from agreegen.errors import ConversionError
from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference

_MAX_STREAM_BYTES = 1 << 20
_MAX_PAGES = 100
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
        return printed_text(PlainPdf.read(pdf))
    except NotPlainError:
        return None


def printed_text(plain: PlainPdf) -> str | None:
    """Do what `read_text` does for a document that was read."""
    try:
        catalog, _ = plain.object(reference(plain.trailer.get(b"/Root")))
        tree = plain.dictionary(catalog.get(b"/Pages"))
        leaves = [plain.dictionary(kid) for kid in items(tree.get(b"/Kids"))]
        if tree.get(b"/Count") != b"%d" % len(leaves) or len(leaves) > _MAX_PAGES:
            return None
        pages = [_page_text(plain, leaf) for leaf in leaves]
    except (NotPlainError, zlib.error, ConversionError, ValueError):
        return None
    return None if None in pages else "\f\n".join(page for page in pages if page is not None)


def _page_text(plain: PlainPdf, leaf: Entries) -> str | None:
    if leaf.get(b"/Type") != b"/Page":
        return None
    resources = plain.dictionary(leaf.get(b"/Resources"))
    if b"/XObject" in resources:
        return None
    named = plain.dictionary(resources.get(b"/Font"))
    fonts = tuple((name[1:].decode("latin-1"), _map_source(plain, font)) for name, font in named.items())
    lines: list[tuple[str, str]] = []
    for stream in items(leaf.get(b"/Contents")):
        data = _inflated(plain, stream)
        used = _fonts_used(data)
        if used is None:
            return None
        lines += _stream_runs(data, tuple(font for font in fonts if font[0] in used))
    return _join(lines)


def _map_source(plain: PlainPdf, font: bytes) -> bytes:
    """Return a font's ToUnicode CMap, with the number of bytes that a code has behind it."""
    entries = plain.dictionary(font)
    width = b"2" if entries.get(b"/Subtype") == b"/Type0" else b"1"
    return _inflated(plain, entries.get(b"/ToUnicode")) + width


def _inflated(plain: PlainPdf, stream: bytes | None) -> bytes:
    raw, deflated = plain.raw_stream(stream)
    return _inflate(raw) if deflated else raw


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
