"""Name and time as the appearance of a signature without a picture, in an embedded CJK font subset."""

from __future__ import annotations

import functools
import hashlib

import uharfbuzz as hb
from pylopdf_fonts_zh_cn import serif_path

from agreegen.pdf.pictures.streams import stream_body
from agreegen.signing.appearance.pictures import INK, Appearance, AppearanceMaker, form_body, number

_UNITS = 1000
_LEADING = 1.35
_GREATEST_SIZE_PT = 14.0
_SHARE_OF_WIDTH = 0.94
_REPLACEMENT = "□"


def text_lines(lines: tuple[str, ...]) -> AppearanceMaker:
    """Return the maker for lines of text, centred in the field, as large as it allows up to 14 pt."""
    return functools.partial(_draw, lines)


@functools.lru_cache(maxsize=256)
def _draw(lines: tuple[str, ...], width: float, height: float) -> Appearance:
    glyphs = _layout(lines)
    widest = max(sum(advance for _, advance, _ in line) for line in glyphs) or _UNITS
    fitting_height = height / (_LEADING * len(lines))
    size = min(_GREATEST_SIZE_PT, fitting_height, width * _SHARE_OF_WIDTH * _UNITS / widest)
    mapping, cff = _subset(frozenset(glyph for line in glyphs for glyph, _, _ in line))
    parts = [b"/Ink gs BT /F1 %s Tf 0 g" % number(size)]
    baseline = height / 2 + size * _LEADING * (len(lines) / 2 - 1) + size * 0.3
    for line in glyphs:
        own_width = sum(advance for _, advance, _ in line) * size / _UNITS
        codes = b"".join(b"%04X" % mapping[glyph] for glyph, _, _ in line)
        parts.append(b"1 0 0 1 %s %s Tm <%s> Tj" % (number((width - own_width) / 2), number(baseline), codes))
        baseline -= size * _LEADING
    parts.append(b"ET")
    form = form_body(width, height, INK + b" /Font << /F1 @1@ >>", b"\n".join(parts))
    return Appearance((form, *_font_objects(glyphs, mapping, cff)))


Glyph = tuple[int, int, str]
"""Glyph id, advance in thousandths of an em, and the character it draws."""


def _layout(lines: tuple[str, ...]) -> list[list[Glyph]]:
    font = _font()
    made = []
    for line in lines:
        # A character that the font lacks never becomes an invisible glyph.
        text = [char if font.get_nominal_glyph(ord(char)) else _REPLACEMENT for char in line]
        numbers = [(font.get_nominal_glyph(ord(char)) or 0, char) for char in text]
        made.append([(glyph, round(font.get_glyph_h_advance(glyph)), char) for glyph, char in numbers])
    return made


@functools.lru_cache(maxsize=1)
def _font() -> hb.Font:
    return hb.Font(hb.Face(hb.Blob.from_file_path(str(serif_path()))))


@functools.lru_cache(maxsize=64)
def _subset(glyphs: frozenset[int]) -> tuple[dict[int, int], bytes]:
    face = _font().face
    wanted = hb.SubsetInput()
    wanted.glyph_set.update(glyphs)
    # Codes in the page are CIDs; an identity charset makes them the glyph numbers of the subset.
    wanted.flags = (
        hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.CFF_IDENTITY_CHARSET | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    )
    plan = hb.SubsetPlan(face, wanted)
    mapping = {old: plan.old_to_new_glyph_mapping[old] for old in glyphs}
    return mapping, bytes(plan.execute().reference_table("CFF ").data)


def _font_objects(glyphs: list[list[Glyph]], mapping: dict[int, int], cff: bytes) -> tuple[bytes, ...]:
    used = {mapping[glyph]: (advance, char) for line in glyphs for glyph, advance, char in line}
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(cff).digest()[:6]).encode()
    name = tag + b"+NotoSerifSC-Regular"
    widths = b" ".join(b"%d [%d]" % (code, used[code][0]) for code in sorted(used))
    return (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H "
        b"/DescendantFonts [@2@] /ToUnicode @4@ >>" % name,
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /%s /DW 1000 /W [%s] /FontDescriptor @3@ "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>" % (name, widths),
        b"<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [-1000 -400 2000 1200] /ItalicAngle 0 "
        b"/Ascent 1151 /Descent -286 /CapHeight 734 /StemV 80 /FontFile3 @5@ >>" % name,
        stream_body(b"", _to_unicode({code: char for code, (_, char) in used.items()})),
        stream_body(b"/Subtype /CIDFontType0C", cff),
    )


def _to_unicode(characters: dict[int, str]) -> bytes:
    pairs = b"\n".join(
        b"<%04X> <%s>" % (code, char.encode("utf-16-be").hex().upper().encode())
        for code, char in sorted(characters.items())
    )
    return (
        b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        b"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        b"%d beginbfchar\n%s\nendbfchar\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
        % (len(characters), pairs)
    )
