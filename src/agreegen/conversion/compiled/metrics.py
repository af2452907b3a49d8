"""A chain of fonts: which of them has a glyph for a character, how wide it is, and subsets of them."""

from __future__ import annotations

import functools
import itertools
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import uharfbuzz as hb

from agreegen.conversion.interface import DoesNotFit
from agreegen.forms.fonts import FontFile
from agreegen.messages import message

_COLLECTIONS = frozenset({".ttc", ".otc"})
_LANGUAGE = "zh-cn"
"""Language of the forms; it decides which digits and quotes a font shows."""

_MAX_SINGLES = 8192

_KEPT_TABLES = frozenset({"CFF ", "glyf", "loca", "head", "hhea", "hmtx", "maxp", "cvt ", "fpgm", "prep"})
_FROM_WHOLE = 4
"""Subsets that are cut from a whole face of CFF outlines, until it pays to copy the outlines out of it."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph of a line.

    Attributes:
        font: Number of its font in the chain.
        index: Glyph index in the font.
        text: The characters that it stands for.
        advance_em: Advance in em.
        width: Advance in thousandths of an em, as the PDF gives it.
    """

    font: int
    index: int
    text: str
    advance_em: float
    width: int


@dataclass(frozen=True, slots=True)
class FontFacts:
    """What a font descriptor says (ISO 32000-1, 9.8), in thousandths of an em."""

    name: str
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    is_cff: bool


@dataclass(frozen=True, slots=True)
class FontSubset:
    """A font program with only some glyphs.

    Attributes:
        program: Bare CFF, or a TrueType file.
        codes: Glyph index in the whole font → in the subset, which is also the character identifier.
    """

    program: bytes
    codes: dict[int, int]


class Font:
    """One face, opened once."""

    def __init__(self, file: FontFile) -> None:
        self.file = file
        self.face = hb.Face(hb.Blob.from_file_path(str(file.path)), file.index)
        self._font = hb.Font(self.face)
        self._upem = self.face.upem
        self._tables = frozenset(self.face.table_tags)
        self._singles: dict[tuple[str, int], Glyph] = {}
        self._subsets = 0
        self.facts = self._read_facts("CFF " in self._tables)

    def has(self, character: str) -> bool:
        """Whether the face has a glyph for a character."""
        return bool(self._font.get_nominal_glyph(ord(character)))

    def shape(self, text: str, number: int, *, latin: bool) -> list[Glyph]:
        """Turn characters into glyphs, as number `number` of a chain; Latin text gets its ligatures."""
        if not latin:
            return [self._single(character, number) for character in text]
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction, buffer.script, buffer.language = "ltr", "Latn", _LANGUAGE
        hb.shape(self._font, buffer, {"kern": False})
        infos = buffer.glyph_infos
        starts = [info.cluster for info in infos] + [len(text)]
        if starts != sorted(set(starts)):
            raise DoesNotFit(message("conversion.letters-join-not-known-compiled-engine"))
        return [
            self._glyph(info.codepoint, text[starts[n] : starts[n + 1]], number)
            for n, info in enumerate(infos)
        ]

    def subset(self, glyphs: Iterable[int]) -> FontSubset:
        """Return a font program with only these glyphs (HarfBuzz subsetter)."""
        request = hb.SubsetInput()
        request.glyph_set.update(glyphs)
        # Without subroutines there is nothing to prune: twice as fast for a handful of glyphs.
        request.flags = hb.SubsetFlags.CFF_IDENTITY_CHARSET | hb.SubsetFlags.DESUBROUTINIZE
        plan = hb.SubsetPlan(self._source(request), request)
        made = plan.execute()
        blob = made.reference_table("CFF ") if self.facts.is_cff else made.blob
        return FontSubset(bytes(blob.data), dict(plan.old_to_new_glyph_mapping))

    def _source(self, request: hb.SubsetInput) -> hb.Face:
        """Return what to cut from: of the whole face CFF outlines come out the same, but take longer each."""
        self._subsets += 1
        if not self.facts.is_cff or self._subsets > _FROM_WHOLE:
            return self._outlines
        request.flags |= hb.SubsetFlags.NO_LAYOUT_CLOSURE
        request.drop_table_tag_set.update(
            int.from_bytes(tag.encode(), "big") for tag in self._tables - _KEPT_TABLES
        )
        return self.face

    @functools.cached_property
    def _outlines(self) -> hb.Face:
        """The face with its outlines only: a character map would be inverted for every subset."""
        tables = {tag: bytes(self.face.reference_table(tag).data) for tag in _KEPT_TABLES & self._tables}
        position = 12 + 16 * len(tables)
        directory, bodies = bytearray(), []
        for tag, data in sorted(tables.items()):
            directory += struct.pack(">4sIII", tag.encode(), 0, position, len(data))
            bodies.append(data + bytes(-len(data) % 4))
            position += len(bodies[-1])
        kind = b"OTTO" if self.facts.is_cff else b"\0\1\0\0"
        head = struct.pack(">4sHHHH", kind, len(tables), 0, 0, 0)
        return hb.Face(hb.Blob(b"".join([head, bytes(directory), *bodies])))

    def _single(self, character: str, number: int) -> Glyph:
        known = self._singles.get((character, number))
        if known is None:
            if len(self._singles) >= _MAX_SINGLES:
                self._singles.clear()
            known = self._glyph(int(self._font.get_nominal_glyph(ord(character)) or 0), character, number)
            self._singles[character, number] = known
        return known

    def _glyph(self, index: int, text: str, number: int) -> Glyph:
        advance = self._font.get_glyph_h_advance(index) / self._upem
        return Glyph(number, index, text, advance, int(advance * 1000 + 0.5))

    def _read_facts(self, is_cff: bool) -> FontFacts:
        head = bytes(self.face.reference_table("head").data)
        hhea = bytes(self.face.reference_table("hhea").data)
        scale = 1000 / self._upem
        box = struct.unpack(">4h", head[36:44])
        ascent, descent = struct.unpack(">2h", hhea[4:8])
        name = "".join(c for c in self.file.path.stem if c.isascii() and (c.isalnum() or c == "-"))
        left, bottom, right, top = (round(edge * scale) for edge in box)
        return FontFacts(
            name, (left, bottom, right, top), round(ascent * scale), round(descent * scale), is_cff
        )


class FontChain:
    """Fonts that are tried in turn for each character.

    Args:
        first: The font that text is set in.
        others: Finds what is tried for characters that it lacks; called when there is one.
    """

    def __init__(self, first: FontFile, others: Callable[[], Iterable[FontFile]] = tuple) -> None:
        self.first = open_font(first)
        self._others = others

    @functools.cached_property
    def fonts(self) -> tuple[Font, ...]:
        """All of them, in order."""
        # From a collection LibreOffice may take another face than the one that was asked for, so what stands
        # in one, and behind it, is left to LibreOffice.
        fallback = itertools.takewhile(lambda file: file.path.suffix not in _COLLECTIONS, self._others())
        return (self.first, *map(open_font, fallback))

    def font(self, number: int) -> Font:
        """Return a font by its number; the first is at hand without a search for the others."""
        return self.fonts[number] if number else self.first

    def shape(self, text: str, *, latin: bool) -> tuple[Glyph, ...]:
        """Turn the characters of one run into glyphs, each from the first font that has it.

        Raises:
            DoesNotFit: A character that no font has, or only one that LibreOffice may not choose.
        """
        if all(self.first.has(c) for c in text):
            return tuple(self.first.shape(text, 0, latin=latin))
        if latin:
            raise DoesNotFit(message("conversion.first-font-form-lacks-latin-character"))
        glyphs: list[Glyph] = []
        for character in text:
            number = self._find(character)
            (glyph,) = self.fonts[number].shape(character, number, latin=False)
            if number and glyph.advance_em != 1:
                raise DoesNotFit(message("conversion.u-not-wide-high-font-has", character=ord(character)))
            glyphs.append(glyph)
        return tuple(glyphs)

    def _find(self, character: str) -> int:
        for number, font in enumerate(self.fonts):
            if font.has(character):
                return number
        raise DoesNotFit(
            message(
                "conversion.no-font-compiled-form-has-glyph", character=character, character2=ord(character)
            )
        )


@functools.lru_cache(maxsize=16)
def open_font(file: FontFile) -> Font:
    """Open a face once a process."""
    return Font(file)
