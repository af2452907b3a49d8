"""Bare CFF fonts (Adobe Technical Note 5176): what of them, besides the outlines, decides what is drawn."""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

_ESCAPE = 12
_CHARSET, _CHAR_STRINGS = 15, 17
_MATRIX, _ROS, _FONTS = (_ESCAPE, 7), (_ESCAPE, 30), (_ESCAPE, 36)
_FREE = frozenset(
    {
        *(0, 1, 2, 3, 4, 5, 13, 14, 16, 18, _CHARSET, _CHAR_STRINGS),
        *((_ESCAPE, number) for number in (0, 1, 2, 3, 4, 21, 22, 31, 32, 33, 34, 35, 37, 38)),
    }
)
"""Names, numbers of versions, boxes and offsets: no reader draws by them."""
_NIBBLES = "0123456789.EE -"
_PREDEFINED_CHARSETS = 3

Operator = int | tuple[int, int]
Entries = dict[Operator, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class CffFrame:
    """What leads from a character to an outline, and places the outline on the page.

    Attributes:
        entries: Entries of the top dictionary that are neither names nor offsets, the matrix among them.
        charset: The character of each glyph but the first; one number for a list that the standard defines.
        matrices: The matrix of each font in a font for characters by number; empty without one.
    """

    entries: tuple[tuple[str, tuple[float, ...]], ...]
    charset: tuple[int, ...]
    matrices: tuple[tuple[float, ...], ...]


def read_cff_frame(cff: bytes) -> CffFrame:
    """Read what decides, besides the outlines, what a font draws.

    Raises:
        ValueError: It is damaged, or holds several fonts.
        IndexError: The same.
        struct.error: The same.
    """
    top = _top(cff)
    entries = {operator: values for operator, values in top.items() if operator not in _FREE}
    fonts = entries.pop(_FONTS, None)
    matrices: tuple[tuple[float, ...], ...] = ()
    if fonts is not None:
        parts = _items(cff, int(fonts[-1]))[1]
        matrices = tuple(_dictionary(cff, *part).get(_MATRIX, ()) for part in parts)
    named = tuple(sorted((str(operator), values) for operator, values in entries.items() if operator != _ROS))
    is_by_number = (("ROS", ()),) if _ROS in entries else ()
    return CffFrame((*named, *is_by_number), _charset(cff, top), matrices)


def glyph_count(cff: bytes) -> int:
    """Return the number of char strings.

    Raises:
        ValueError: It is damaged, or holds several fonts.
        IndexError: The same.
        struct.error: The same.
    """
    place = _top(cff).get(_CHAR_STRINGS)
    if not place:
        raise ValueError("there are no char strings")
    return int(struct.unpack_from(">H", cff, int(place[-1]))[0])


def _top(cff: bytes) -> Entries:
    end, names = _items(cff, cff[2])
    _, tops = _items(cff, end)
    if len(names) != 1 or len(tops) != 1:
        raise ValueError("not one font")
    return _dictionary(cff, *tops[0])


def _charset(cff: bytes, top: Entries) -> tuple[int, ...]:
    at = int(top.get(_CHARSET, (0,))[-1])
    if at < _PREDEFINED_CHARSETS:
        return (at,)
    wanted, form, at = glyph_count(cff) - 1, cff[at], at + 1
    if form == 0:
        return struct.unpack_from(f">{wanted}H", cff, at)
    if form not in (1, 2):
        raise ValueError("a damaged charset")
    found: list[int] = []
    while len(found) < wanted:
        first, left = struct.unpack_from(">HB" if form == 1 else ">HH", cff, at)
        at += 2 + form
        found.extend(range(first, first + left + 1))
    return tuple(found[:wanted])


def _items(cff: bytes, at: int) -> tuple[int, list[tuple[int, int]]]:
    """Return the end of an INDEX and the places of its items."""
    count = int.from_bytes(cff[at : at + 2], "big")
    if not count:
        return at + 2, []
    size = cff[at + 2]
    base = at + 3 + size * (count + 1) - 1
    if not 1 <= size <= 4 or base >= len(cff):
        raise ValueError("a damaged INDEX")
    places = [at + 3 + size * number for number in range(count + 1)]
    ends = [base + int.from_bytes(cff[place : place + size], "big") for place in places]
    return ends[-1], list(itertools.pairwise(ends))


def _dictionary(cff: bytes, start: int, end: int) -> Entries:
    """Read a DICT; each operator stands in it once."""
    found: Entries = {}
    operands: list[float] = []
    at = start
    while at < end:
        first = cff[at]
        if first > 21:
            value, at = _operand(cff, at)
            operands.append(value)
            continue
        operator: Operator = first if first != _ESCAPE else (first, cff[at + 1])
        at += 1 if first != _ESCAPE else 2
        if operator in found:
            raise ValueError("an operator twice")
        found[operator] = tuple(operands)
        operands.clear()
    return found


def _operand(cff: bytes, at: int) -> tuple[float, int]:
    """Return an operand of a DICT and the offset behind it."""
    first = cff[at]
    if first == 28:
        return float(struct.unpack_from(">h", cff, at + 1)[0]), at + 3
    if first == 29:
        return float(struct.unpack_from(">i", cff, at + 1)[0]), at + 5
    if first == 30:
        return _real(cff, at + 1)
    if 32 <= first <= 246:
        return float(first - 139), at + 1
    if 247 <= first <= 250:
        return float((first - 247) * 256 + cff[at + 1] + 108), at + 2
    if 251 <= first <= 254:
        return float(-(first - 251) * 256 - cff[at + 1] - 108), at + 2
    raise ValueError("a damaged DICT")


def _real(cff: bytes, at: int) -> tuple[float, int]:
    """Return a real number, two digits a byte, and the offset behind it."""
    digits = ""
    while True:
        for nibble in (cff[at] >> 4, cff[at] & 15):
            if nibble == 15:
                return float(digits), at + 1
            digits += "E-" if nibble == 12 else _NIBBLES[nibble]
        at += 1
