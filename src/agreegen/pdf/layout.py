"""Where the parts of an incremental update stand, byte by byte (ISO 32000-1, clause 7.5)."""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = rb"(?:\r\n|\n|\r)"
_HEAD = re.compile(rb"([1-9]\d{0,9}) (0|[1-9]\d{0,4}) obj(?=[\t\n\x0c\r ()<>\[\]/])")
_LOOSE_HEAD = re.compile(rb"[\x00\t\n\x0c\r ]*\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj")
_ANY_GAP = rb"(?:[\x00\t\n\x0c\r ]|%[^\r\n]*[\r\n])"
_ANY_HEAD = re.compile(rb"(?<!\d)\d++" + _ANY_GAP + rb"++\d++" + _ANY_GAP + rb"*+obj")
_WHITE = re.compile(rb"[\t\n\x0c\r ]*+")
_COMMENT = re.compile(rb"%([^\r\n]{0,200}+)[\r\n]")
_FORBIDDEN_IN_COMMENTS = re.compile(rb"obj|xref|trailer|stream|%EOF|%PDF")
_TABLE = re.compile(
    rb"xref ?" + _LINE + rb"(?:\d{1,7} 0{0,6}[1-9]\d{0,6} ?" + _LINE
    + rb"(?:\d{10} \d{5} [nf](?: \r| \n|\r\n))*+)*+[\r\n]{0,4}trailer(?=[\t\n\x0c\r <])"
)  # fmt: skip
_END_MARK = re.compile(rb"startxref[ \t]*" + _LINE + rb"(\d{1,10})[ \t]*" + _LINE + rb"%%EOF")
_STREAM_END = re.compile(rb"(?:\r\n|\n|\r)?endstream[\t\n\x0c\r ]{1,8}endobj(?=[\t\n\x0c\r ])")
_PLAIN_NUMBER = re.compile(rb"[\t\n\x0c\r ]+\d{1,10}[\t\n\x0c\r ]+endobj(?=[\t\n\x0c\r ])")
MAX_WHITE = 64
"""White space between two objects, in bytes; honest writers need two."""
MAX_COMMENTS = 8


class Head(NamedTuple):
    """The first line of an object: its number, its generation and the offset after `obj`."""

    number: int
    generation: int
    end: int


def read_head(data: bytes, offset: int) -> Head | None:
    """Read `n g obj` at the start of a line, spelled with single spaces; None where it is not that."""
    found = _HEAD.match(data, offset)
    if found is None or not at_line_start(data, offset):
        return None
    return Head(int(found[1]), int(found[2]), found.end())


def after_loose_head(data: bytes, offset: int) -> int | None:
    """Return the offset after the `obj` of an object at an offset, however its head is spelled."""
    found = _LOOSE_HEAD.match(data, offset)
    return found.end() if found else None


def at_line_start(data: bytes, offset: int) -> bool:
    """Tell whether a line begins at an offset."""
    return offset == 0 or data[offset - 1 : offset] in (b"\n", b"\r")


def after_line_end(data: bytes, offset: int) -> int:
    """Return the offset, or the one after the line end that stands there: some writers name that."""
    if data[offset : offset + 2] == b"\r\n":
        return offset + 2
    return offset + 1 if data[offset : offset + 1] in (b"\n", b"\r") else offset


def after_white(data: bytes, offset: int) -> int:
    """Return the offset after the white space at an offset; zero bytes are none."""
    found = _WHITE.match(data, offset)
    return found.end() if found else offset


def apparent_heads(data: bytes, start: int, end: int) -> list[int]:
    """Return where a reader that rebuilds a file could find an object, in strings and streams, too.

    The gaps may be white space or comments; the offset is that of the number's first digit.
    """
    return [found.start() for found in _ANY_HEAD.finditer(data, start, end)]


def end_of_gap(data: bytes, start: int, end: int, *, comments: bool) -> int | None:
    """Return where the white space after an offset ends; None where there is too much of it, or a zero byte.

    Args:
        data: The file.
        start: Where the gap begins.
        end: Where it must have ended.
        comments: Whether comment lines may stand in it.
    """
    position, white, lines = start, 0, 0
    while position < end:
        run = _WHITE.match(data, position, end)
        if run is not None and run.end() > position:
            white += run.end() - position
            position = run.end()
            continue
        comment = _COMMENT.match(data, position, end) if comments else None
        if comment is None:
            break
        lines += 1
        if _FORBIDDEN_IN_COMMENTS.search(comment[1]) or lines > MAX_COMMENTS:
            return None
        position = comment.end()
    return position if white <= MAX_WHITE else None


def end_of_table(data: bytes, start: int) -> int | None:
    """Return the offset after `trailer` of a table whose entries have 20 bytes each; None for any other."""
    found = _TABLE.match(data, start)
    return found.end() if found and at_line_start(data, start) else None


def read_end_mark(data: bytes, start: int) -> tuple[int, int] | None:
    """Read `startxref`, number and `%%EOF` on lines of their own; return the number and the offset behind."""
    found = _END_MARK.match(data, start)
    return (int(found[1]), found.end()) if found and at_line_start(data, start) else None


def end_of_stream(data: bytes, start: int) -> int | None:
    """Return the offset after `endstream` and `endobj` where a stream's data end at `start`, else None."""
    found = _STREAM_END.match(data, start)
    return found.end() if found else None


def is_plain_number(data: bytes, start: int) -> bool:
    """Tell whether an object whose head ends at `start` is one whole number and nothing else."""
    return _PLAIN_NUMBER.match(data, start) is not None
