"""How objects are spelled: what every reader splits into the same tokens, and what some read otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agreegen.messages import Message, message
from agreegen.pdf.objects import StructureError
from agreegen.pdf.parser import decode_name, parse_literal

_END = rb"(?=[\t\n\x0c\r ()<>\[\]/%]|\Z)"
_ANY_END = rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"
_REFERENCE = rb"[1-9]\d{0,8} (?:0|[1-9]\d{0,4}) R"
_WHOLE = rb"[+-]?0{0,20}(?:\d{1,9}|1\d{9}|20\d{8})"
_PLAIN = re.compile(
    rb"(?P<white>[\t\n\x0c\r ]+)"
    + rb"|(?P<name>/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*)"
    + rb"|(?P<open><<)"
    + rb"|(?P<close>>>)"
    + rb"|(?P<array>\[)"
    + rb"|(?P<end>\])"
    + rb"|(?P<hex><[0-9A-Fa-f\t\n\x0c\r ]*>)"
    + rb"|(?P<literal>\((?:[^()\\]++|\\.)*+\))"
    + rb"|(?P<string>\()"
    + rb"|(?P<scalar>(?:" + _REFERENCE + rb"|" + _WHOLE
    + rb"|[+-]?(?:\d{1,10}\.\d{0,30}|\.\d{1,30})|true|false|null)" + _END + rb")",
    re.DOTALL,
)  # fmt: skip
"""Whole numbers that fit 31 bits, references of single spaces, no comments, no zero bytes."""

PLAIN_TOKENS = re.compile(
    rb"(?:[\x00\t\n\x0c\r ]++|/[A-Za-z0-9.+_*-]++|<<|>>|\[|\]|[+-]?\d{1,15}+(?:\.\d{1,15}+)?+"
    rb"|\((?:[^()\\\r]++|\\[nrtbf()\\]|\\[0-7]{3})*+\)|<[0-9A-Fa-f]*+>|true|false|null|R|obj|endobj|stream)*+"
)
"""Tokens about which the standard leaves no room, in any order: the order was parsed already."""
_ORDINARY = re.compile(
    rb"(?:[\x00\t\n\x0c\r ]++|/[^\x00\t\n\x0c\r ()<>\[\]{}/%]*+|<<|>>|\[|\]|<[0-9A-Fa-f\x00\t\n\x0c\r ]*+>"
    + rb"|\((?:[^()\\]++|\\.)*+\)|" + _REFERENCE + _ANY_END
    + rb"|[+-]?(?:\d++\.?+\d*+|\.\d++)" + _ANY_END
    + rb"|(?:true|false|null|obj|endobj|stream)" + _ANY_END + rb")*+",
    re.DOTALL,
)  # fmt: skip
_ODD = re.compile(
    rb"%[^\r\n]*+|(?P<reference>[+\-.\d]*+R" + _ANY_END + rb")|[^\x00\t\n\x0c\r ()<>\[\]{}/%]++"
)


@dataclass(slots=True)
class _Level:
    """An open array or dictionary; `keys` is None for an array."""

    keys: set[str] | None
    key_next: bool = True
    repeated: list[str] = field(default_factory=list)


def odd_spelling(data: bytes, start: int, end: int) -> Message | None:
    """Return what some reader could read otherwise in the objects between two places; None where nothing.

    Comments and zero bytes, references that are not `n g R` with single spaces, numbers that some readers
    cannot hold and keys that stand twice have each made one reader show what others did not. In a signature
    dictionary, one with `/ByteRange`, a repeated key is another rule's.

    Args:
        data: The file, or a decoded object stream.
        start: Where the first token stands.
        end: Offset after the last one, before `stream` where there is a stream.
    """
    levels: list[_Level] = []
    position = start
    while position < end:
        token = _PLAIN.match(data, position, end)
        if token is None:
            return message("pdf.byte-begins-something-readers-may-take", position=position)
        position, kind = token.end(), token.lastgroup
        if kind == "white":
            continue
        if kind == "string":
            position = _literal_end(data, token.start())
        elif kind in ("open", "array"):
            levels.append(_Level(set() if kind == "open" else None))
            continue
        elif kind in ("close", "end"):
            problem = _closed(levels, is_dictionary=kind == "close")
            if problem:
                return problem
        _take(levels, token)
    return message("pdf.string-array-or-dictionary-not-closed") if levels or position > end else None


def _literal_end(data: bytes, start: int) -> int:
    try:
        return parse_literal(data, start)[1]
    except StructureError:
        return len(data) + 1


def _closed(levels: list[_Level], *, is_dictionary: bool) -> Message | None:
    if not levels or (levels[-1].keys is not None) != is_dictionary:
        return message("pdf.bracket-closes-nothing")
    level = levels.pop()
    if level.repeated and level.keys is not None and "ByteRange" not in level.keys:
        return message("pdf.key-stands-twice-dictionary", value=level.repeated[0])
    return None


def _take(levels: list[_Level], token: re.Match[bytes]) -> None:
    """Count one value into the array or dictionary that is open."""
    if not levels:
        return
    level, keys = levels[-1], levels[-1].keys
    if keys is not None and level.key_next and token.lastgroup == "name":
        key = str(decode_name(token[0]))
        if key in keys:
            level.repeated.append(key)
        keys.add(key)
    level.key_next = not level.key_next


def odd_reference(data: bytes, start: int, end: int) -> int | None:
    """Return where a reference stands that is not written `n g R`; None where there is none.

    Strict readers take `11 000000 R`, `11 0R` or a comment inside for damage, generous ones for a reference:
    what it leads to is shown by some and unknown to others. Whatever else is odd is skipped.
    """
    # A table of an object stream may name places behind the last byte, where patterns match nothing for ever.
    position, end = start, min(end, len(data))
    while position < end:
        run = _ORDINARY.match(data, position, end)
        position = run.end() if run else position
        if position >= end:
            return None
        if data[position : position + 1] == b"(":
            position = _literal_end(data, position)
            continue
        odd = _ODD.match(data, position, end)
        if odd is not None and odd["reference"]:
            return position
        position = odd.end() if odd else position + 1
    return None
