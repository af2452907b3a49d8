"""Where each glyph and each signature field of a document stands, whichever engine wrote it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pikepdf
from pikepdf import Pdf

from agreegen.conversion.compiled.page import character_maps
from agreegen.conversion.flowing.description import FootRun
from agreegen.errors import ConversionError
from agreegen.messages import message

_TEXT = re.compile(r"BT\n(.*?)ET\n", re.DOTALL)
_RUN = re.compile(
    r"(?:(?P<x>-?[\d.]+) (?P<y>-?[\d.]+) Td |1 0 0 1 (?P<x2>-?[\d.]+) (?P<y2>-?[\d.]+) Tm\n)"
    r"/(?P<font>\S+) (?P<size>[\d.]+) Tf(?P<shown>\[[^\]]*\]TJ|<[0-9A-F]*>Tj)\n"
)
_ARTIFACT = re.compile(r"/Artifact BMC\n(.*?)EMC\n", re.DOTALL)
_ELEMENT = re.compile(r"<([0-9A-Fa-f]*)>|(-?\d+)")

PlacedGlyph = tuple[int, str, int, float, str]
"""Page, baseline, tenths of a point from the left, font size, text."""


def placed_glyphs(pdf: bytes) -> list[PlacedGlyph]:
    """Return where each glyph stands, page by page and line by line."""
    with Pdf.open(io.BytesIO(pdf)) as opened:
        return [glyph for number in range(len(opened.pages)) for glyph in _page(opened, number)]


def signature_places(pdf: bytes) -> list[tuple[str, int, tuple[float, ...]]]:
    """Return name, page and rectangle of each signature field."""
    with Pdf.open(io.BytesIO(pdf)) as opened:
        pages = {page.obj.objgen: number for number, page in enumerate(opened.pages)}
        return [
            (str(one.T), pages[one.P.objgen], tuple(float(edge) for edge in one.Rect))
            for one in opened.Root.AcroForm.Fields
        ]


def read_feet(pdf: bytes) -> tuple[tuple[FootRun, ...], ...]:
    """Return what LibreOffice put at the foot of each page.

    Raises:
        ConversionError: It is more than text of one font.
    """
    with Pdf.open(io.BytesIO(pdf)) as opened:
        return tuple(_foot(opened, number) for number in range(len(opened.pages)))


def _foot(pdf: Pdf, number: int) -> tuple[FootRun, ...]:
    leaf = pdf.pages[number].obj
    maps = character_maps(leaf)
    runs = []
    for artifact in _ARTIFACT.findall(_content(leaf)):
        for body in _TEXT.findall(artifact):
            for match in _runs(body):
                codes, adjustments = _codes(match["shown"], maps[match["font"]][0])
                text = "".join(maps[match["font"]][1].get(code, "\ufffd") for code in codes)
                x, y = round(float(match["x"] or match["x2"]) * 10), match["y"] or match["y2"]
                runs.append(FootRun(x, y, float(match["size"]), text, tuple(sorted(adjustments.items()))))
    return tuple(runs)


def _content(leaf: pikepdf.Object) -> str:
    streams = list(leaf.Contents) if isinstance(leaf.Contents, pikepdf.Array) else [leaf.Contents]
    return "".join(stream.read_bytes().decode("latin-1") for stream in streams)


def _page(pdf: Pdf, number: int) -> Iterator[PlacedGlyph]:
    leaf = pdf.pages[number].obj
    maps = character_maps(leaf)
    widths = {str(name).lstrip("/"): _widths(font) for name, font in leaf.Resources.Font.items()}
    for body in _TEXT.findall(_content(leaf)):
        for match in _runs(body):
            font, size = match["font"], float(match["size"])
            x = round(float(match["x"] or match["x2"]) * 10)
            codes, adjustments = _codes(match["shown"], maps[font][0])
            for place, code in enumerate(codes, 1):
                yield number, match["y"] or match["y2"], x, size, maps[font][1].get(code, "\ufffd")
                x += round((widths[font].get(code, 1000) - adjustments.get(place, 0)) * size / 100)


def _runs(body: str) -> Iterator[re.Match[str]]:
    end = 0
    while end < len(body):
        match = _RUN.match(body, end)
        if match is None:
            raise ConversionError(message("conversion.layout-not-measured", what=body[end : end + 80]))
        end = match.end()
        yield match


def _codes(shown: str, width: int) -> tuple[list[int], dict[int, int]]:
    """Return the codes that an operand shows, and the adjustment after each by its number from 1."""
    codes: list[int] = []
    adjustments: dict[int, int] = {}
    for part in _ELEMENT.finditer(shown):
        if part[1] is None:
            adjustments[len(codes)] = int(part[2])
            continue
        codes += [int(part[1][n : n + 2 * width], 16) for n in range(0, len(part[1]), 2 * width)]
    return codes, adjustments


def _widths(font: pikepdf.Object) -> dict[int, int]:
    """Return the widths of a font's codes in thousandths of an em."""
    if font.Subtype != "/Type0":
        return {number + int(font.FirstChar): int(width) for number, width in enumerate(font.Widths)}
    listed = list(font.DescendantFonts[0].W)
    return {
        int(first) + number: int(width)
        for first, row in zip(listed[::2], listed[1::2], strict=True)
        for number, width in enumerate(row)
    }
