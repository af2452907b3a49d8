"""Laying out one line as LibreOffice does: runs of one script, gaps between them, tenths of a point.

All figures were found by measuring LibreOffice 7.4 with its default reference device; `compile_form` measures
again for every form and refuses to compile where they do not hold:

- an advance is rounded to 1/120 pt, a distance from the start of a run to a twip (1/20 pt), half up;
- the page shows twips halved, rounded down, in tenths of a point;
- between a Han letter and a Latin letter or digit stands a gap of a fifth of the font size; beside
  punctuation there is none.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agreegen.conversion.compiled.metrics import FontChain, Glyph
from agreegen.conversion.interface import DoesNotFit
from agreegen.messages import message

_LATIN_EXTRA = "·_"
_WEAK = " -."
NOT_AT_START = frozenset("）】〕》〉」』，。、；：？！·…—")
NOT_AT_END = frozenset("（【〔《〈「『“‘")
_UNITS_PER_TWIP = 6
_FIRST_SUPPLEMENTARY = 0x10000


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one script; LibreOffice measures and places each run on its own.

    Attributes:
        glyphs: In order.
        width: In twips.
        gap: Twips of empty space before it.
    """

    glyphs: tuple[Glyph, ...]
    width: int
    gap: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Glyphs of one font that are shown with one operator.

    Attributes:
        font: Number of the font in the chain.
        x: Tenths of a point from the left edge of the page.
        glyphs: In order.
        adjustments: For each glyph the number that follows it in the array of TJ (ISO 32000-1, 9.4.3).
    """

    font: int
    x: int
    glyphs: tuple[Glyph, ...]
    adjustments: tuple[int, ...]


@functools.lru_cache(maxsize=64)
def split_runs(text: str, chain: FontChain, size: float) -> tuple[Run, ...]:
    """Split a line into runs and measure them.

    Raises:
        DoesNotFit: A character whose script or spacing is not known to be LibreOffice's.
    """
    runs: list[Run] = []
    start = 0
    scripts = _scripts(text)
    for end in range(1, len(text) + 1):
        if end < len(text) and scripts[end] == scripts[start]:
            continue
        glyphs = chain.shape(text[start:end], latin=scripts[start])
        units = sum(glyph_units(glyph, size) for glyph in glyphs)
        gap = int(size * 20) // 5 if start and has_gap(text[start - 1], text[start]) else 0
        runs.append(Run(glyphs, to_twips(units), gap))
        start = end
    return tuple(runs)


def line_width(runs: Sequence[Run]) -> int:
    """Return the width of a line in twips."""
    return sum(run.width + run.gap for run in runs)


def run_starts(runs: Sequence[Run], start: int) -> list[int]:
    """Return where each run starts, in twips, for a line that starts at `start`."""
    starts = []
    for run in runs:
        start += run.gap
        starts.append(start)
        start += run.width
    return starts


def place_runs(runs: Sequence[Run], start: int, size: float) -> list[Piece]:
    """Place the glyphs of a line.

    Args:
        runs: The line.
        start: Where it starts, in twips, with the page's offset.
        size: Font size in points.
    """
    pieces: list[Piece] = []
    for run, begin in zip(runs, run_starts(runs, start), strict=True):
        positions, units = [0], 0
        for glyph in run.glyphs:
            units += glyph_units(glyph, size)
            positions.append(to_twips(units) // 2)
        first = 0
        for number in range(1, len(run.glyphs) + 1):
            if number < len(run.glyphs) and run.glyphs[number].font == run.glyphs[first].font:
                continue
            glyphs = run.glyphs[first:number]
            steps = [positions[n + 1] - positions[n] for n in range(first, number)]
            adjusted = [_adjustment(g, step, size) for g, step in zip(glyphs, steps, strict=True)]
            adjusted[-1] = 0
            pieces.append(Piece(glyphs[0].font, begin // 2 + positions[first], glyphs, tuple(adjusted)))
            first = number
    return pieces


def show_piece(piece: Piece, codes: Mapping[int, int]) -> str:
    """Return the operand and operator that show a piece; `codes` are those of its font by glyph index."""
    if not any(piece.adjustments):
        return f"<{''.join(f'{codes[g.index]:04X}' for g in piece.glyphs)}>Tj"
    shown, group = [], ""
    for glyph, adjustment in zip(piece.glyphs, piece.adjustments, strict=True):
        group += f"{codes[glyph.index]:04X}"
        if adjustment:
            shown.append(f"<{group}>{adjustment}")
            group = ""
    if group:
        shown.append(f"<{group}>")
    return f"[{''.join(shown)}]TJ"


def _adjustment(glyph: Glyph, step: int, size: float) -> int:
    # Truncated towards zero after adding a half, as LibreOffice does.
    return int(glyph.width - step * 100 / size + 0.5)


def glyph_units(glyph: Glyph, size: float) -> int:
    """Return an advance in 1/120 pt."""
    return int(glyph.advance_em * size * 120 + 0.5)


def to_twips(units: int) -> int:
    """Round 1/120 pt to twips, half up."""
    return (2 * units + _UNITS_PER_TWIP) // (2 * _UNITS_PER_TWIP)


def _scripts(text: str) -> list[bool]:
    """Return for each character whether it is set as Latin; weak ones follow the Latin letter before them."""
    if min(text, default="") >= "\u4e00" and max(text) <= "\u9fff":
        return [False] * len(text)  # ideographs alone, as most values are
    found: list[bool] = []
    for number, character in enumerate(text):
        if (character.isascii() and character.isalnum()) or character in _LATIN_EXTRA:
            found.append(True)
        elif is_asian(character):
            found.append(False)
        elif character in _WEAK and _between_latin(text, number):
            found.append(True)
        else:
            raise DoesNotFit(
                message("conversion.spacing-u-not-known-compiled-engine", character=ord(character))
            )
    return found


def _between_latin(text: str, number: int) -> bool:
    around = text[number - 1 : number] + text[number + 1 : number + 2]
    return len(around) == 2 and all(c.isascii() and (c.isalnum() or c in _WEAK) for c in around)


_ASIAN = (
    ("\u4e00", "\u9fff"),  # unified ideographs
    ("\u3000", "\u303f"),  # CJK symbols and punctuation
    ("\u3400", "\u4dbf"),  # extension A
    ("\uf900", "\ufaff"),  # compatibility ideographs
    ("\uff01", "\uff5e"),  # full-width forms
    ("\U00020000", "\U000323af"),  # extensions B to H
)


@functools.lru_cache(maxsize=8192)
def is_asian(character: str) -> bool:
    """Whether a character is an East Asian letter or mark."""
    return any(first <= character <= last for first, last in _ASIAN)


def has_gap(before: str, after: str) -> bool:
    """Whether a gap stands between two neighbours of different scripts."""
    if not (_is_letter(before) and _is_letter(after)):
        return False
    if max(ord(before), ord(after)) >= _FIRST_SUPPLEMENTARY:
        raise DoesNotFit(
            message("conversion.gap-beside-u-not-known-compiled", before=max(ord(before), ord(after)))
        )
    return True


def _is_letter(character: str) -> bool:
    return character.isalnum() or ord(character) >= _FIRST_SUPPLEMENTARY


def break_lines(text: str, chain: FontChain, size: float, *, fits: int, breaks: int) -> list[str]:
    """Break a paragraph into one or two lines.

    Args:
        text: The whole paragraph.
        chain: Its fonts.
        size: Font size in points.
        fits: Widest line in twips that is known to fit.
        breaks: Narrowest width in twips that is known not to.

    Raises:
        DoesNotFit: More than two lines, or a break that may not be LibreOffice's.
    """
    width = line_width(split_runs(text, chain, size))
    if width <= fits:
        return [text]
    end = _last_that_fits(text, chain, size, fits, breaks)
    while end and (text[end] in NOT_AT_START or text[end - 1] in NOT_AT_END):
        end -= 1
    if not end or not (is_asian(text[end - 1]) and is_asian(text[end])):
        raise DoesNotFit(message("conversion.value-would-break-inside-word-libreoffice"))
    rest = text[end:]
    if line_width(split_runs(rest, chain, size)) > fits:
        raise DoesNotFit(message("conversion.value-needs-more-lines-than-compiled"))
    return [text[:end], rest]


def _last_that_fits(text: str, chain: FontChain, size: float, fits: int, breaks: int) -> int:
    for end in range(1, len(text) + 1):
        width = line_width(split_runs(text[:end], chain, size))
        if width > fits:
            if width < breaks:
                raise DoesNotFit(message("conversion.value-ends-too-near-margin-compiled"))
            return end - 1
    return len(text)
