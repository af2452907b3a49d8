"""The sheet between two units in a stack of paper, drawn as a picture of one bit a pixel."""

from __future__ import annotations

import io
import zlib

import pikepdf
from PIL import Image, ImageDraw, ImageFont

from agreegen.forms.fonts import FontFile, covered_characters, find_chain

A4_PT = (595.276, 841.89)
_DOTS_PER_INCH = 150
_POINTS_PER_INCH = 72
_FONTS = ("Noto Serif SC", "LXGW WenKai", "Noto Serif CJK SC")
_MISSING = "〓"  # the mark of Chinese typesetters for a character that is not at hand
_NAME_PT, _TEXT_PT = 30, 16
_WIDTH_PT = 480


def draw_sheet(title: str, unit: str, count: int) -> bytes:
    """Return a one-page PDF that names a unit and how many documents follow.

    Args:
        title: The form's title.
        unit: Name of the unit; it is broken over several lines where it is long.
        count: Number of documents of the unit.

    Raises:
        MissingProgramError: No font is there.
    """
    size = (_dots(A4_PT[0]), _dots(A4_PT[1]))
    image = Image.new("1", size, 1)
    draw = ImageDraw.Draw(image)
    lines = [(_TEXT_PT, title), *((_NAME_PT, line) for line in _break(unit)), (_TEXT_PT, f"共 {count} 份")]
    top = _dots(A4_PT[1] / 4)
    for points, line in lines:
        font, text = _font_for(line, points)
        draw.text((size[0] / 2, top), text, font=font, fill=0, anchor="ma")
        top += _dots(points * 2)
    return _to_pdf(image)


def _dots(points: float) -> int:
    return round(points * _DOTS_PER_INCH / _POINTS_PER_INCH)


def _break(text: str) -> list[str]:
    """Break a name into lines that fit; a character is at most as wide as it is high."""
    most = _WIDTH_PT // _NAME_PT
    return [text[start : start + most] for start in range(0, len(text), most)] or [""]


def _font_for(text: str, points: float) -> tuple[ImageFont.FreeTypeFont, str]:
    """Return the first font with all the characters, else the first font, with a mark for what it lacks."""
    fonts = find_chain(_FONTS)
    wanted = {ord(character) for character in text if not character.isspace()}
    for font in fonts:
        if wanted <= covered_characters(font):
            return _open(font, points), text
    known = covered_characters(fonts[0])
    marked = "".join(c if c.isspace() or ord(c) in known else _MISSING for c in text)
    return _open(fonts[0], points), marked


def _open(font: FontFile, points: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font.path), _dots(points), index=font.index)


def _to_pdf(image: Image.Image) -> bytes:
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page(page_size=A4_PT)
        picture = pdf.make_stream(
            zlib.compress(image.tobytes()),
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=image.width,
            Height=image.height,
            ColorSpace=pikepdf.Name.DeviceGray,
            BitsPerComponent=1,
            Filter=pikepdf.Name.FlateDecode,
        )
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Sheet=picture))
        content = f"q {A4_PT[0]} 0 0 {A4_PT[1]} 0 0 cm /Sheet Do Q".encode()
        page.obj.Contents = pdf.make_stream(content)
        buffer = io.BytesIO()
        pdf.save(buffer, deterministic_id=True)
        return buffer.getvalue()
