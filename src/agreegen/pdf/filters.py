"""Decoding of streams (ISO 32000-1, clause 7.4), with a limit on what may come out."""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from agreegen.messages import message
from agreegen.pdf.objects import LimitError, Name, Stream, StructureError, Value

_WHITE = b"\x00\t\n\x0c\r "
_ABBREVIATIONS = {
    "Fl": "FlateDecode",
    "AHx": "ASCIIHexDecode",
    "A85": "ASCII85Decode",
    "RL": "RunLengthDecode",
    "LZW": "LZWDecode",
}
_MAX_FILTERS = 8
_MAX_LZW_CODES = 4096 - 258
_OTHER_KEYS = frozenset({"F", "FFilter", "FDecodeParms", "DP"})
"""Another file, and short names, which stand in pictures within a content only (ISO 32000-1, table 93)."""
_SHORT_PICTURE_KEYS = frozenset({"BPC", "CS", "D", "DP", "H", "I", "IM", "W"})
_PARAMETERS: dict[str, frozenset[int] | range] = {
    "Predictor": frozenset({1, 2, *range(10, 16)}),
    "Colors": range(1, 33),
    "BitsPerComponent": frozenset({1, 2, 4, 8, 16}),
    "Columns": range(1, 1 << 24),
    "EarlyChange": frozenset({0, 1}),
}
"""Values that the standard knows (ISO 32000-1, tables 8 and 10)."""


def decode(stream: Stream, max_bytes: int) -> bytes:
    """Decode a stream through all its filters.

    Raises:
        LimitError: More than `max_bytes` come out.
        StructureError: The data is damaged, or the filter is not one for data (images stay encoded).
    """
    filters = _list(stream.dictionary.get("Filter", stream.dictionary.get("F")))
    parameters = _list(stream.dictionary.get("DecodeParms", stream.dictionary.get("DP")))
    if len(filters) > _MAX_FILTERS:
        raise LimitError(message("pdf.stream-too-many-filters"))
    data = stream.raw
    for index, name in enumerate(filters):
        wanted = parameters[index] if index < len(parameters) else None
        data = _decode_one(name, wanted if isinstance(wanted, dict) else {}, data, max_bytes)
        if len(data) > max_bytes:
            raise LimitError(message("pdf.stream-expands-more-than-bytes", max_bytes=max_bytes))
    return data


def is_unpacked_alike(entries: dict[str, Value]) -> bool:
    """Tell whether all readers unpack a stream in the same way, as far as its entries tell.

    pdf.js prefers short names of keys to long ones, and takes parameters only where they have the form of the
    filters; others take what they find. Each has its own idea of numbers that make no sense.

    Args:
        entries: Of the stream, with filters and parameters resolved.
    """
    filters, parameters = entries.get("Filter"), entries.get("DecodeParms")
    if entries.keys() & _OTHER_KEYS:
        return False
    if parameters is None:
        return True
    wanted, names = _list(parameters), _list(filters)
    if isinstance(filters, list):
        if not isinstance(parameters, list) or len(wanted) != len(names):
            return False
    elif isinstance(parameters, list):
        return False
    return all(one is None or (isinstance(one, dict) and _makes_sense(one)) for one in wanted)


def is_drawn_alike(entries: dict[str, Value]) -> bool:
    """Tell whether all readers take a picture's size, colours and packing from the same entries.

    pdf.js prefers the short names of keys, which stand in pictures within a content only (ISO 32000-1, table
    93), so that a picture could be one in it and another one in other readers.

    Args:
        entries: Of the picture.
    """
    return not entries.keys() & _SHORT_PICTURE_KEYS


def _makes_sense(parameters: dict[str, Value]) -> bool:
    known = ((parameters[key], allowed) for key, allowed in _PARAMETERS.items() if key in parameters)
    return all(type(value) is int and value in allowed for value, allowed in known)


def _list(value: Value) -> list[Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _decode_one(name: Value, parameters: dict[str, Value], data: bytes, max_bytes: int) -> bytes:
    full = _ABBREVIATIONS.get(name, name) if isinstance(name, Name) else None
    if full == "FlateDecode":
        return _predict(inflate(data, max_bytes), parameters, max_bytes)
    if full == "LZWDecode":
        return _predict(_lzw(data, parameters.get("EarlyChange", 1) != 0, max_bytes), parameters, max_bytes)
    if full == "ASCIIHexDecode":
        return _ascii_hex(data)
    if full == "ASCII85Decode":
        return _ascii_85(data)
    if full == "RunLengthDecode":
        return _run_length(data, max_bytes)
    if full == "Crypt":
        return data
    raise StructureError("unknown-filter", message("pdf.stream-must-read-uses-filter", full=full))


def inflate(data: bytes, max_bytes: int) -> bytes:
    """Inflate zlib data (RFC 1950); bytes after its end are ignored.

    Raises:
        LimitError: More than `max_bytes` come out.
        StructureError: The data is damaged or cut off.
    """
    engine = zlib.decompressobj()
    try:
        result = engine.decompress(data, max_bytes + 1)
    except zlib.error as exc:
        raise StructureError("damaged-stream", message("pdf.compressed-stream-damaged")) from exc
    if len(result) > max_bytes:
        raise LimitError(message("pdf.stream-expands-more-than-bytes", max_bytes=max_bytes))
    if not engine.eof:
        raise StructureError("damaged-stream", message("pdf.compressed-stream-cut-off"))
    return result


def _ascii_hex(data: bytes) -> bytes:
    digits = data.split(b">", 1)[0].translate(None, _WHITE)
    try:
        return binascii.unhexlify(digits + b"0" if len(digits) % 2 else digits)
    except binascii.Error as exc:
        raise StructureError("damaged-stream", message("pdf.asciihex-stream-holds-other-characters")) from exc


def _ascii_85(data: bytes) -> bytes:
    try:
        return base64.a85decode(re.sub(rb"~\s*>.*\Z", b"", data, flags=re.DOTALL), ignorechars=_WHITE)
    except ValueError as exc:
        raise StructureError("damaged-stream", message("pdf.ascii85-stream-damaged")) from exc


def _run_length(data: bytes, max_bytes: int) -> bytes:
    result = bytearray()
    position = 0
    while position < len(data) and data[position] != 128:
        length = data[position]
        if length < 128:
            result += data[position + 1 : position + 2 + length]
            position += length + 2
        else:
            result += data[position + 1 : position + 2] * (257 - length)
            position += 2
        if len(result) > max_bytes:
            raise LimitError(message("pdf.stream-expands-more-than-bytes", max_bytes=max_bytes))
    return bytes(result)


def _lzw(data: bytes, early: bool, max_bytes: int) -> bytes:
    result = bytearray()
    table: list[bytes] = []
    width, previous, bits, count = 9, b"", 0, 0
    for byte in data:
        bits, count = (bits << 8 | byte) & 0xFFFFFFFF, count + 8
        if count < width:
            continue
        count -= width
        code = bits >> count & (1 << width) - 1
        if code == 257:
            break
        if code == 256:
            table, width, previous = [], 9, b""
            continue
        entry = _lzw_entry(code, table, previous)
        if previous:
            if len(table) >= _MAX_LZW_CODES:
                # Past its end each reader goes on in its own way.
                raise StructureError("damaged-stream", message("pdf.lzw-stream-damaged"))
            table.append(previous + entry[:1])
        result += entry
        previous = entry
        if len(result) > max_bytes:
            raise LimitError(message("pdf.stream-expands-more-than-bytes", max_bytes=max_bytes))
        size = 258 + len(table) + early
        width = 12 if size >= 2048 else 11 if size >= 1024 else 10 if size >= 512 else 9
    return bytes(result)


def _lzw_entry(code: int, table: list[bytes], previous: bytes) -> bytes:
    if code < 256:
        return bytes([code])
    if code - 258 < len(table):
        return table[code - 258]
    if previous and code - 258 == len(table):
        return previous + previous[:1]
    raise StructureError("damaged-stream", message("pdf.lzw-stream-damaged"))


def _predict(data: bytes, parameters: dict[str, Value], max_bytes: int) -> bytes:
    predictor = parameters.get("Predictor", 1)
    if predictor == 1:
        return data
    colors, bits, columns = (
        parameters.get(k, d) for k, d in (("Colors", 1), ("BitsPerComponent", 8), ("Columns", 1))
    )
    if not all(isinstance(v, int) and 0 < v <= max_bytes for v in (colors, bits, columns)):
        raise StructureError("damaged-stream", message("pdf.predictor-impossible-parameters"))
    row_bytes, pixel_bytes = (colors * bits * columns + 7) // 8, (colors * bits + 7) // 8
    if not isinstance(predictor, int) or predictor < 10:
        raise StructureError("unknown-filter", message("pdf.stream-must-read-uses-unusual-predictor"))
    if row_bytes > max_bytes or len(data) % (row_bytes + 1):
        raise StructureError("damaged-stream", message("pdf.predicted-data-does-not-come-whole"))
    return _png_rows(data, row_bytes, pixel_bytes)


def _png_rows(data: bytes, row_bytes: int, pixel_bytes: int) -> bytes:
    """Undo PNG prediction (RFC 2083, clause 6), row by row."""
    result = bytearray()
    above = bytes(row_bytes)
    for start in range(0, len(data), row_bytes + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + row_bytes])
        if kind == 2:
            row = bytearray((a + b) & 255 for a, b in zip(row, above, strict=True))
        elif kind in (1, 3, 4):
            _undo_row(kind, row, above, pixel_bytes)
        elif kind != 0:
            raise StructureError("damaged-stream", message("pdf.predicted-data-unknown-row-type"))
        result += row
        above = bytes(row)
    return bytes(result)


def _undo_row(kind: int, row: bytearray, above: bytes, pixel_bytes: int) -> None:
    for index in range(len(row)):
        left = row[index - pixel_bytes] if index >= pixel_bytes else 0
        up = above[index]
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + up) // 2
        else:
            corner = above[index - pixel_bytes] if index >= pixel_bytes else 0
            estimate = left + up - corner
            distances = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
            guess = (left, up, corner)[distances.index(min(distances))]
        row[index] = (row[index] + guess) & 255
