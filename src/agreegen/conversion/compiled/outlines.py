"""What the glyphs of an embedded font look like, whichever subsetter wrote the font."""

from __future__ import annotations

import struct

import uharfbuzz as hb

from agreegen.conversion.compiled.cff import CffFrame, glyph_count, read_cff_frame
from agreegen.errors import ConversionError
from agreegen.messages import message

Outline = tuple[tuple[str, tuple[float, ...]], ...]
"""The drawing operations of a glyph: name and coordinates."""

Frame = CffFrame | tuple[int | bytes, ...]
"""What leads from a character to an outline, and places the outline on the page."""

_MAX_GLYPHS = 4096
_DRAWING_TABLES = ("cmap", "glyf", "fpgm", "prep", "cvt ")
"""Tables of a TrueType font that choose outlines or move their points."""
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


def read_frame(program: bytes, *, is_cff: bool) -> Frame:
    """Return all but the outlines that decides what an embedded font program draws.

    With the same outlines, a list of characters that was permuted shows other words, and a matrix that turns
    makes nines of sixes.

    Args:
        program: Bare CFF (FontFile3), or a TrueType file (FontFile2).
        is_cff: Which of the two.

    Raises:
        ConversionError: The program cannot be read.
    """
    try:
        if is_cff:
            return read_cff_frame(program)
        face = hb.Face(hb.Blob(program))
        return face.upem, *(bytes(face.reference_table(tag).data) for tag in _DRAWING_TABLES)
    except (struct.error, IndexError, ValueError, hb.HarfBuzzError) as exc:
        raise ConversionError(message("conversion.embedded-font-cannot-read", exc=exc)) from exc


def _wrapped(cff: bytes) -> bytes:
    """Put those tables around bare CFF without which HarfBuzz does not draw it: `head` and `maxp`."""
    head = struct.pack(
        ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _UNITS, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0
    )
    maxp = struct.pack(">IH", 0x5000, glyph_count(cff))
    tables = {b"CFF ": cff, b"head": head, b"maxp": maxp}
    position = 12 + 16 * len(tables)
    directory, bodies = b"", b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, 0, position, len(data))
        padded = data + bytes(-len(data) % 4)
        bodies += padded
        position += len(padded)
    return struct.pack(">4sHHHH", b"OTTO", len(tables), 0, 0, 0) + directory + bodies
