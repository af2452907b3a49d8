"""Streams that readers unpack in different ways, so that the look that a rule has read is not what is drawn.

What all rules read is `_READ`; what pdf.js draws (or others do) undoes its place and paints over the page.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

from tests.attacks.increments import append, body_of, root_number, size_of, stream
from tests.attacks.looks_from_elsewhere import FORM, filled_with
from tests.attacks.reaching_out import XMP
from tests.attacks.signer import base_document, sign

Sample = Callable[[], bytes]
_READ = b"q BT /Helv 10 Tf 2 5 Td (read) Tj ET Q "
_OVER_ALL = b"Q Q Q Q 1 0 0 rg -500 -700 2000 2000 re f "
_COLUMNS = 96
_UP = b"/Predictor 12 /Columns %d" % _COLUMNS


def two_faced(plain: bytes, predicted: bytes) -> bytes:
    """Return bytes that are one look as they are, and another one once a prediction (PNG, Up) is undone.

    The first row is a comment in both; it is the difference of the two texts, which the second row holds.
    """
    for shift in range(20):
        one = (b"x\n" + plain).ljust(_COLUMNS - 1) + b"%"
        two = (bytes([ord("x") + ord("%")]) + b"\n".ljust(shift + 1) + predicted).ljust(_COLUMNS)
        first = bytes((after - before) & 255 for before, after in zip(one, two, strict=True))
        if first.startswith(b"%") and not {10, 13} & set(first):
            return b"\x00" + first + b"\x02" + one
    raise AssertionError("a comment would end")


def _packed(content: bytes, entries: bytes) -> bytes:
    return filled_with(stream(content, FORM + entries))


def _unpredicted(entries: bytes) -> bytes:
    """A rule that undoes no prediction reads what is meant for it."""
    return _packed(zlib.compress(two_faced(_READ, _OVER_ALL)), entries)


def _overpredicted(entries: bytes) -> bytes:
    """A rule that undoes a prediction reads what is meant for it."""
    return _packed(zlib.compress(two_faced(_OVER_ALL, _READ)), entries)


def _predicted(content: bytes, pixel_bytes: int, columns: int) -> bytes:
    """Predict rows from the byte so far to the left (PNG, Sub)."""
    rows = []
    for at in range(0, len(content), columns):
        row = content[at : at + columns].ljust(columns)
        left = bytes(pixel_bytes) + row
        rows.append(b"\x01" + bytes((a - b) & 255 for a, b in zip(row, left, strict=False)))
    return zlib.compress(b"".join(rows))


def _lzw(content: bytes) -> bytes:
    """Pack by codes of nine bits: one that clears the table, the bytes, one that ends."""
    codes = [256, *content, 257]
    bits = int("".join(f"{code:09b}" for code in codes).ljust(-(-len(codes) * 9 // 8) * 8, "0"), 2)
    return bits.to_bytes(-(-len(codes) * 9 // 8), "big")


def _described(packed: bytes, entries: bytes) -> bytes:
    """Exchange the title in the metadata, for readers that unpack them as the standard says."""
    data = base_document()
    free, root = size_of(data), root_number(data)
    body, kind = body_of(data, root), b"/Type /Metadata /Subtype /XML "
    held = body[: body.rindex(b">>")] + b"/Metadata %d 0 R >>" % free
    data = sign(append(data, {root: held, free: stream(XMP, kind)}))
    return append(data, {free: stream(packed, kind + entries)})


_HALF_BYTES = (
    b"/Filter /FlateDecode /DecodeParms << /Predictor 11 /Colors 3 /BitsPerComponent 4 /Columns 64 >>"
)
"""Pixels of twelve bits, which count as two bytes."""
_PLAIN = b"/Filter /FlateDecode /DecodeParms << /Predictor 11 /Columns 96 >>"

ATTACKS: dict[str, Sample] = {
    "parameters by their short name": lambda: _unpredicted(b"/Filter /FlateDecode /DP << " + _UP + b" >>"),
    "filter by its short name": lambda: _packed(_READ, b"/F /FlateDecode"),
    "list of parameters for one filter": lambda: _overpredicted(
        b"/Filter /FlateDecode /DecodeParms [ << " + _UP + b" >> ]"
    ),
    "parameters for a list of filters": lambda: _overpredicted(
        b"/Filter [ /FlateDecode ] /DecodeParms << " + _UP + b" >>"
    ),
    "more parameters than filters": lambda: _overpredicted(
        b"/Filter [ /FlateDecode ] /DecodeParms [ << " + _UP + b" >> << >> ]"
    ),
    "columns that are no number": lambda: _overpredicted(
        b"/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns true >>"
    ),
    "prediction that nobody knows": lambda: _overpredicted(
        b"/Filter /FlateDecode /DecodeParms << /Predictor 17 /Columns %d >>" % _COLUMNS
    ),
    "pixels of three bits": lambda: _packed(
        _predicted(_READ, 1, 12),
        b"/Filter /FlateDecode /DecodeParms << /Predictor 11 /BitsPerComponent 3 /Columns 32 >>",
    ),
    "change of length that is neither early nor late": lambda: _packed(
        _lzw(_READ), b"/Filter /LZWDecode /DecodeParms << /EarlyChange 2 >>"
    ),
}
HONEST: dict[str, Sample] = {
    "predicted by bytes": lambda: _packed(_predicted(_READ, 1, 96), _PLAIN),
    "predicted by pixels of twelve bits": lambda: _packed(_predicted(_READ, 2, 96), _HALF_BYTES),
    "two filters, one of them with parameters": lambda: _packed(
        _predicted(_READ, 1, 96).hex().encode() + b">",
        b"/Filter [ /ASCIIHexDecode /FlateDecode ] /DecodeParms [ null << /Predictor 11 /Columns 96 >> ]",
    ),
    "packed by an old method": lambda: _packed(
        _lzw(_READ), b"/Filter /LZWDecode /DecodeParms << /EarlyChange 1 >>"
    ),
    "not packed, without parameters": lambda: _packed(_READ, b"/DecodeParms null"),
    "metadata packed": lambda: _described(zlib.compress(XMP), b"/Filter /FlateDecode"),
}
TOLD: dict[str, Sample] = {
    "title predicted by pixels of twelve bits": lambda: _described(
        _predicted(XMP.replace(b"100", b"900").ljust(1152), 2, 96), _HALF_BYTES
    ),
}
"""Permitted, and nobody's word."""
