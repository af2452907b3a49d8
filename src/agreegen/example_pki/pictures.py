"""Pictures of sample seals and signatures: PNG with transparency, 样例 across each."""

from __future__ import annotations

import functools
import io
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pylopdf_fonts_zh_cn import sans_path, serif_path

from agreegen.yaml_text import packaged_words

_DOTS_PER_MM = 300 / 25.4
_OVERSAMPLING = 2
_RED = (200, 22, 29, 255)
_PALE_RED = (200, 22, 29, 130)
_INK = (22, 34, 86, 255)
_PALE_INK = (22, 34, 86, 110)
_WORDS = packaged_words("agreegen.example_pki")
_SAMPLE: str = _WORDS["sample"]


@functools.lru_cache(maxsize=64)
def draw_seal(name: str, *, diameter_mm: float = 42.0) -> bytes:
    """Draw a round red seal with the name along its ring and a star, 样例 across it.

    Args:
        name: Text of the ring.
        diameter_mm: Outer diameter; the picture holds 300 dots an inch at this size.

    Returns:
        A PNG file.
    """
    size = round(diameter_mm * _DOTS_PER_MM) * _OVERSAMPLING
    canvas = Image.new("RGBA", (size, size), (*_RED[:3], 0))
    draw = ImageDraw.Draw(canvas)
    rim = max(2, size // 36)
    draw.ellipse((0, 0, size - 1, size - 1), outline=_RED, width=rim)
    draw.polygon(_star(size / 2, size / 2, size * 0.15), fill=_RED)
    _write_ring(canvas, name, radius=size * 0.385, glyph=_ring_glyph_size(name, size))
    font = _font(sans_path(), round(size * 0.27))
    _write_across(canvas, _SAMPLE, font, _PALE_RED, angle=20)
    small = _font(sans_path(), round(size * 0.075))
    draw.text((size / 2, size * 0.79), _WORDS["example"], font=small, fill=_RED, anchor="mm")
    return _encode(canvas, _RED)


@functools.lru_cache(maxsize=64)
def draw_signature(name: str, *, height_mm: float = 12.0) -> bytes:
    """Draw a slanted, pen-like name with 样例 across it.

    Args:
        name: The name.
        height_mm: Height of the picture at 300 dots an inch; its width follows from the name.

    Returns:
        A PNG file.
    """
    height = round(height_mm * _DOTS_PER_MM) * _OVERSAMPLING
    font = _font(serif_path(), round(height * 0.62))
    width = round(font.getlength(name) + height * 0.7)
    canvas = Image.new("RGBA", (width, height), (*_INK[:3], 0))
    draw = ImageDraw.Draw(canvas)
    draw.text((width / 2, height / 2), name, font=font, fill=_INK, anchor="mm")
    slant = 0.22
    canvas = canvas.transform(
        canvas.size,
        Image.Transform.AFFINE,
        (1, slant, -slant * height / 2, 0, 1, 0),
        Image.Resampling.BICUBIC,
    )
    mark = _font(sans_path(), round(height * 0.3))
    _write_across(canvas, f"{_SAMPLE} EXAMPLE", mark, _PALE_INK, angle=8)
    return _encode(canvas, _INK)


def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    inner = radius * math.sin(math.radians(18)) / math.sin(math.radians(54))
    points = []
    for corner in range(10):
        distance = radius if corner % 2 == 0 else inner
        angle = math.radians(-90 + 36 * corner)
        points.append((x + distance * math.cos(angle), y + distance * math.sin(angle)))
    return points


def _ring_glyph_size(name: str, size: int) -> int:
    return round(min(size * 0.13, size * 1.62 / max(len(name), 1)))


def _write_ring(canvas: Image.Image, text: str, *, radius: float, glyph: int) -> None:
    font = _font(serif_path(), glyph)
    span = min(232.0, max(0.0, math.degrees(glyph * 1.25 / radius)) * (len(text) - 1))
    step = span / (len(text) - 1) if len(text) > 1 else 0.0
    centre = canvas.width / 2
    for index, character in enumerate(text):
        angle = -span / 2 + step * index
        tile = Image.new("RGBA", (glyph * 2, glyph * 2), (*_RED[:3], 0))
        ImageDraw.Draw(tile).text(
            (glyph, glyph), character, font=font, fill=_RED, anchor="mm", stroke_width=1
        )
        tile = tile.rotate(-angle, Image.Resampling.BICUBIC)
        x = centre + radius * math.sin(math.radians(angle)) - glyph
        y = centre - radius * math.cos(math.radians(angle)) - glyph
        canvas.alpha_composite(tile, (round(x), round(y)))


def _write_across(
    canvas: Image.Image, text: str, font: ImageFont.FreeTypeFont, colour: tuple[int, ...], *, angle: float
) -> None:
    layer = Image.new("RGBA", canvas.size, (*colour[:3], 0))
    middle = (canvas.width / 2, canvas.height / 2)
    ImageDraw.Draw(layer).text(middle, text, font=font, fill=tuple(colour), anchor="mm")
    canvas.alpha_composite(layer.rotate(angle, Image.Resampling.BICUBIC))


def _encode(canvas: Image.Image, colour: tuple[int, int, int, int]) -> bytes:
    size = (canvas.width // _OVERSAMPLING, canvas.height // _OVERSAMPLING)
    alpha = canvas.getchannel("A").resize(size, Image.Resampling.LANCZOS)
    # One colour everywhere, shape in the alpha channel alone: a fifth of the size, no dark fringes.
    picture = Image.new("RGBA", size, colour)
    picture.putalpha(alpha)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", dpi=(300, 300), compress_level=9)
    return buffer.getvalue()
