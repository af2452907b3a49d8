"""What the glyphs of an embedded font look like, whichever subsetter wrote the font."""

from __future__ import annotations

import struct

import uharfbuzz as hb

from agreegen.errors import ConversionError
from agreegen.messages import message

Outline = tuple[tuple[str, tuple[float, ...]], ...]
"""The drawing operations of a glyph: name and coordinates."""

_MAX_GLYPHS = 4096
_CHAR_STRINGS = 17
_UNITS = 1000


class _Recorder:
    """A pen that writes down what is drawn (the pen protocol of fontTools, with its names)."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, tuple[float, ...]]] = []

    def moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the pen protocol
        self.drawn.append(("move", point))

    def lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - the pen protocol
        self.drawn.append(("line", point))

    def curveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802 - the pen protocol
        self.drawn.append(("cubic", tuple(value for point in points for value in point)))

    def qCurveTo(self, *points: tuple[float, float]) -> None:  # noqa: N802 - the pen protocol
        self.drawn.append(("quadratic", tuple(value for point in points for value in point)))

    def closePath(self) -> None:  # noqa: N802 - the pen protocol
        self.drawn.append(("close", ()))


def read_outlines(program: bytes, *, is_cff: bool) -> tuple[Outline, ...]:
    """Return the outlines of all glyphs of an embedded font program.

    Args:
        program: Bare CFF (FontFile3), or a TrueType file (FontFile2).
        is_cff: Which of the two.

    Raises:
        ConversionError: The program cannot be read, or draws nothing at all.
    """
    try:
        face = hb.Face(hb.Blob(_wrapped(program) if is_cff else program))
        count = face.glyph_count
    except (struct.error, IndexError, ValueError, hb.HarfBuzzError) as exc:
        raise ConversionError(message("conversion.embedded-font-cannot-read", exc=exc)) from exc
    if not 0 < count <= _MAX_GLYPHS:
        raise ConversionError(message("conversion.embedded-font-has-no-glyphs-or"))
    font = hb.Font(face)
    outlines = []
    for glyph in range(count):
        pen = _Recorder()
        font.draw_glyph_with_pen(glyph, pen)
        outlines.append(tuple(pen.drawn))
    if not any(outlines):
        raise ConversionError(message("conversion.embedded-font-draws-nothing"))
    return tuple(outlines)


def _wrapped(cff: bytes) -> bytes:
    """Put those tables around bare CFF without which HarfBuzz does not draw it: `head` and `maxp`."""
    head = struct.pack(
        ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _UNITS, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0
    )
    maxp = struct.pack(">IH", 0x5000, _glyph_count(cff))
    tables = {b"CFF ": cff, b"head": head, b"maxp": maxp}
    position = 12 + 16 * len(tables)
    directory, bodies = b"", b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, 0, position, len(data))
        padded = data + bytes(-len(data) % 4)
        bodies += padded
        position += len(padded)
    return struct.pack(">4sHHHH", b"OTTO", len(tables), 0, 0, 0) + directory + bodies


def _glyph_count(cff: bytes) -> int:
    """Return the number of char strings (Adobe Technical Note 5176, sections 5 to 9)."""
    names_end, _ = _index(cff, cff[2])
    _, (start, end) = _index(cff, names_end)
    operands: list[int] = []
    at = start
    while at < end:
        first = cff[at]
        if first <= 21:
            if first == _CHAR_STRINGS:
                return int(struct.unpack_from(">H", cff, operands[-1])[0])
            at += 2 if first == 12 else 1
            operands.clear()
            continue
        value, at = _operand(cff, at)
        operands.append(value)
    raise ValueError("there are no char strings")


def _index(cff: bytes, at: int) -> tuple[int, tuple[int, int]]:
    """Return the end of an INDEX and the place of its first item."""
    count = int.from_bytes(cff[at : at + 2], "big")
    if not count:
        return at + 2, (at + 2, at + 2)
    size = cff[at + 2]
    base = at + 3 + size * (count + 1) - 1

    def offset(number: int) -> int:
        place: int = at + 3 + size * number
        return base + int.from_bytes(cff[place : place + size], "big")

    return offset(count), (offset(0), offset(1))


def _operand(cff: bytes, at: int) -> tuple[int, int]:
    """Return an operand of a DICT and the offset behind it; real numbers count as 0."""
    first = cff[at]
    if first == 28:
        return int(struct.unpack_from(">h", cff, at + 1)[0]), at + 3
    if first == 29:
        return int(struct.unpack_from(">i", cff, at + 1)[0]), at + 5
    if first == 30:
        while cff[at + 1] & 15 != 15 and cff[at + 1] >> 4 != 15:
            at += 1
        return 0, at + 2
    if 32 <= first <= 246:
        return first - 139, at + 1
    if 247 <= first <= 250:
        return (first - 247) * 256 + cff[at + 1] + 108, at + 2
    if 251 <= first <= 254:
        return -(first - 251) * 256 - cff[at + 1] - 108, at + 2
    raise ValueError("a damaged DICT")
