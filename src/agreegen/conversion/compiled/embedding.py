"""Embedding font subsets: the five objects of a composite font, its widths and what its glyphs mean."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Final

from agreegen.conversion.compiled.metrics import FontFacts, FontSubset, Glyph
from agreegen.conversion.file_parts import pdf_stream
from agreegen.conversion.interface import DoesNotFit
from agreegen.messages import message

OBJECTS_PER_FONT = 5
_COMPRESSION_LEVEL = 5
_FONT: Final = (
    b"<</Type/Font/Subtype/Type0/BaseFont/%b/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
)
_DESCENDANT: Final = (
    b"<</Type/Font/Subtype/CIDFontType%b/BaseFont/%b/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
    b"/Supplement 0>>/FontDescriptor %d 0 R/DW 1000/W[%b]%b>>"
)
_DESCRIPTOR: Final = (
    b"<</Type/FontDescriptor/FontName/%b/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d"
    b"/CapHeight %d/StemV 80/%b %d 0 R>>"
)


def font_tables(glyphs: Sequence[Glyph], subset: FontSubset) -> tuple[bytes, bytes]:
    """Return the widths array's content and the ToUnicode CMap (ISO 32000-1, 9.7.4.3 and 9.10.3)."""
    by_code: dict[int, Glyph] = {}
    for glyph in glyphs:
        if by_code.setdefault(subset.codes[glyph.index], glyph).text != glyph.text:
            raise DoesNotFit(message("conversion.shares-its-glyph-another-character-same", text=glyph.text))
    ordered = sorted(by_code.items())
    widths = " ".join(f"{code}[{glyph.width}]" for code, glyph in ordered if glyph.width != 1000)
    lines = [f"<{code:04X}><{glyph.text.encode('utf-16-be').hex()}>" for code, glyph in ordered]
    groups = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    shown = "".join(f"{len(group)} beginbfchar\n{chr(10).join(group)}\nendbfchar\n" for group in groups)
    return widths.encode(), _TO_UNICODE.replace("@", shown).encode()


def font_objects(
    number: int, facts: FontFacts, subset: FontSubset, widths: bytes, unicode: bytes
) -> list[tuple[int, bytes]]:
    """Return the five objects of a composite font (ISO 32000-1, 9.7) from object `number` on."""
    kind = b"0" if facts.is_cff else b"2"
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(unicode).digest()[:6])
    name = f"{tag}+{facts.name}".encode()
    program = zlib.compress(subset.program, _COMPRESSION_LEVEL)
    if facts.is_cff:
        key, details = b"FontFile3", b"/Subtype/CIDFontType0C/Filter/FlateDecode"
    else:
        key, details = b"FontFile2", b"/Length1 %d/Filter/FlateDecode" % len(subset.program)
    mapping = b"" if facts.is_cff else b"/CIDToGIDMap/Identity"
    edges = (*facts.box, facts.ascent, facts.descent, facts.ascent)
    return [
        (number, _FONT % (name, number + 1, number + 4)),
        (number + 1, _DESCENDANT % (kind, name, number + 2, widths, mapping)),
        (number + 2, _DESCRIPTOR % (name, *edges, key, number + 3)),
        (number + 3, pdf_stream(details, program)),
        (number + 4, pdf_stream(b"", unicode)),
    ]


_TO_UNICODE = """/CIDInit/ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
/CMapName/Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><FFFF>
endcodespacerange
@endcmap
CMapName currentdict /CMap defineresource pop
end
end"""
