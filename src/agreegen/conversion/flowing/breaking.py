"""Breaking a paragraph into lines as LibreOffice 7.4 does in Chinese text that is set left.

Every rule was measured, and `compile_flowing` measures again for every form:

- a line ends behind the last character that fits, also inside a Latin word: the language of the forms is
  Chinese for both scripts;
- what may not begin or end a line (`NOT_AT_START`, `NOT_AT_END`) takes its neighbour along;
- one mark of `HANGING` may stand beyond the margin where what follows may begin a line, but not in a table;
- a blank may end a line, and stands beyond the margin where it has no room.

Where the measurements do not reach, `DoesNotFit` is raised, and LibreOffice lays the document out.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

from agreegen.conversion.compiled.layout import Run, glyph_units, has_gap, is_asian, to_twips
from agreegen.conversion.compiled.metrics import FontChain, Glyph
from agreegen.conversion.interface import DoesNotFit
from agreegen.messages import message

HANGING = frozenset("，。、；：？！．,.:;?!")
NOT_AT_START = frozenset("!),.:;?]}·、。〉》」』】〕〗！），．：；？'\"-”’")
NOT_AT_END = frozenset("([{〈《「『【〔〖（'\"“‘")
_NEAR = 1
"""Twips within which a line may or may not fit: LibreOffice measures what it breaks in other units."""
_LATIN_EXTRA = "·"
_QUOTES = "“”‘’"
_SHAPED_BY_LETTERS = frozenset("\"'" + _QUOTES)
"""Signs that are as wide as the letters of their paragraph, nearest first, make them."""


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line of a paragraph.

    Attributes:
        text: Its characters.
        runs: The same, measured; a mark beyond the margin is a run of its own.
    """

    text: str
    runs: tuple[Run, ...]


_ASIAN, _LATIN, _NUMBER = range(3)
"""Scripts; parts of a telephone number up to a hyphen each are runs of their own, `_NUMBER` and more."""

_ASIAN_MARKS = frozenset("、。〇〈〉《》「」『』【】〔〕〖〗！＃＄％＆（）＊＋，－．／：；＜＝＞？＠")
"""East Asian characters but letters and digits that were measured; beside others other rules hold."""


def scripts_of(text: str) -> list[int]:
    """Return for each character of a paragraph whether it is set as Latin.

    A space and a curly quotation mark follow what is before them, marks at the beginning what is behind them.

    Raises:
        DoesNotFit: A character whose script or spacing is not known to be LibreOffice's.
    """
    odd = _SHAPED_BY_LETTERS.intersection(text)
    if odd and not any(map(str.isalpha, text)):
        raise DoesNotFit(message("conversion.spacing-u-not-known-compiled-engine", character=ord(min(odd))))
    found: list[int] = []
    for character in text:
        if character in (" ", *_QUOTES) and found:
            found.append(found[-1])
        elif character in _QUOTES:
            found.append(scripts_of(text.lstrip(_QUOTES))[0])
        elif "!" <= character <= "~" or character in _LATIN_EXTRA:
            found.append(_LATIN)
        elif is_asian(character) and (character in _ASIAN_MARKS or _is_letter(character)):
            found.append(_ASIAN)
        else:
            raise DoesNotFit(
                message("conversion.spacing-u-not-known-compiled-engine", character=ord(character))
            )
    return found


def _is_letter(character: str) -> bool:
    """Tell whether an East Asian character is an ideograph, or a full-width letter or digit."""
    return character.isalnum() and not "\u3000" <= character <= "\u303f"


def break_paragraph(
    text: str,
    chain: FontChain,
    size: float,
    widths: tuple[int, int],
    *,
    in_table: bool = False,
    numbers: Collection[str] = (),
) -> list[BrokenLine]:
    """Break a paragraph.

    Args:
        text: The whole paragraph.
        chain: Its fonts.
        size: Font size in points.
        widths: Twips that the first line and every further one has room for.
        in_table: Whether it stands in a table, where nothing hangs.
        numbers: Telephone numbers with hyphens, which are set so that no line breaks inside of them.

    Raises:
        DoesNotFit: A line that may not be LibreOffice's.
    """
    scripts = _with_numbers(text, scripts_of(text), numbers)
    lines: list[BrokenLine] = []
    start = 0
    while start < len(text) or not lines:
        fitting, runs = _fill(text, scripts, start, chain, size, widths[min(len(lines), 1)])
        end = _line_end(text, start, fitting, frozenset() if in_table else HANGING)
        if _is_inside_number(scripts, end) or _parts_ligatures(text, scripts, end, chain):
            raise DoesNotFit(message("conversion.value-would-break-inside-word-libreoffice"))
        hangs = end > fitting
        if end != fitting:
            runs = _measure(text, scripts, start, min(end, fitting), chain, size)
            if hangs:
                runs += _measure(text, scripts, fitting, end, chain, size)
        lines.append(BrokenLine(text[start:end], runs))
        start = end
    return lines


def _is_inside_number(scripts: list[int], end: int) -> bool:
    """Tell whether a break is inside a telephone number."""
    return end < len(scripts) and min(scripts[end - 1], scripts[end]) >= _NUMBER


def _parts_ligatures(text: str, scripts: list[int], end: int, chain: FontChain) -> bool:
    """Tell whether a line ends inside of Latin text with letters that join."""
    if end == len(text) or _ASIAN in scripts[end - 1 : end + 1]:
        return False
    first, last = end, end
    while first > 0 and scripts[first - 1] != _ASIAN:
        first -= 1
    while last < len(text) and scripts[last] != _ASIAN:
        last += 1
    return any(len(glyph.text) > 1 for glyph in chain.shape(text[first:last], latin=True))


def _with_numbers(text: str, scripts: list[int], numbers: Collection[str]) -> list[int]:
    """Part off the telephone numbers: each run of one ends behind a hyphen.

    Raises:
        DoesNotFit: One touches other Latin text.
    """
    for number in numbers:
        at = text.find(number)
        while at >= 0:
            end = at + len(number)
            if 1 in scripts[max(at - 1, 0) : at] + scripts[end : end + 1]:
                raise DoesNotFit(message("conversion.value-would-break-inside-word-libreoffice"))
            part = _NUMBER
            for place in range(at, end):
                scripts[place] = part
                part += text[place] == "-"
            at = text.find(number, end)
    return scripts


def _line_end(text: str, start: int, fitting: int, hanging: frozenset[str]) -> int:
    if fitting == len(text):
        return fitting
    end = fitting
    if text[end] == " ":
        return _behind_blank(text, end, hanging)
    if text[end] in hanging:
        end += 1
        if end == len(text):
            return end
    while end > start and (text[end] in NOT_AT_START or text[end - 1] in NOT_AT_END):
        end -= 1
    if end == start or text[end] == " ":
        raise DoesNotFit(message("conversion.value-would-break-inside-word-libreoffice"))
    return end


def _behind_blank(text: str, end: int, hanging: frozenset[str]) -> int:
    """Return where a line ends that a blank at `end` no longer fits in: it stands beyond the margin.

    Raises:
        DoesNotFit: More blanks than one, a mark behind it, or a table: there it was not measured.
    """
    around = text[end - 1] + text[end + 1 : end + 2]
    if not hanging or len(around) < 2 or " " in around or text[end + 1] in NOT_AT_START:
        raise DoesNotFit(message("conversion.value-would-break-inside-word-libreoffice"))
    return end + 1


def _fill(
    text: str, scripts: list[int], start: int, chain: FontChain, size: float, room: int
) -> tuple[int, tuple[Run, ...]]:
    """Return where the characters that fit end, and their runs."""
    runs: list[Run] = []
    x, first = 0, start
    while first < len(text):
        last = first + 1
        while last < len(text) and scripts[last] == scripts[first]:
            last += 1
        gap = int(size * 20) // 5 if first > start and has_gap(text[first - 1], text[first]) else 0
        # No line holds more characters than it has eighths of an em.
        last = min(last, first + 1 + 8 * room // int(size * 20))
        glyphs = chain.shape(text[first:last], latin=scripts[first] != _ASIAN)
        units, place = 0, first
        for number, glyph in enumerate(glyphs):
            units += glyph_units(glyph, size)
            over = x + gap + to_twips(units) - room
            if abs(over) <= _NEAR:
                raise DoesNotFit(message("conversion.value-ends-too-near-margin-compiled"))
            if over > 0:
                if number:
                    cut = glyphs[:number]
                    width = to_twips(sum(glyph_units(g, size) for g in cut))
                    runs.append(Run(cut, width, gap))
                return place, tuple(runs)
            place += len(glyph.text)
        runs.append(Run(glyphs, to_twips(units), gap))
        x += gap + to_twips(units)
        first = last
    return first, tuple(runs)


def _measure(
    text: str, scripts: list[int], start: int, end: int, chain: FontChain, size: float
) -> tuple[Run, ...]:
    return _fill(text[:end], scripts[:end], start, chain, size, 1 << 30)[1]


def glyphs_of(text: str, chain: FontChain) -> list[Glyph]:
    """Return the glyphs of a text that is not broken, run by run; marks between words count as Latin."""
    glyphs: list[Glyph] = []
    for latin, group in itertools.groupby(text, lambda character: not is_asian(character)):
        glyphs += chain.shape("".join(group), latin=latin)
    return glyphs
