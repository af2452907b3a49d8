"""A strict parser of PDF objects (ISO 32000-1, clauses 7.2 and 7.3) that never recurses."""

from __future__ import annotations

import re
from binascii import unhexlify
from dataclasses import dataclass
from typing import Any, cast

from agreegen.messages import message
from agreegen.pdf.objects import LimitError, Name, Ref, Repeating, StructureError, Value, same

WHITE = rb"\x00\t\n\x0c\r "
SKIP = rb"(?:[" + WHITE + rb"]++|%[^\r\n]*+)*+"
"""White space and comments; possessive, so that a long run of it costs no more than its length."""
_END = rb"(?=[" + WHITE + rb"()<>\[\]{}/%]|\Z)"
_TOKEN = re.compile(
    SKIP
    + rb"(?:"
    + rb"(?P<name>/[^" + WHITE + rb"()<>\[\]{}/%]*)"
    + rb"|(?P<ref>(\d{1,10})[" + WHITE + rb"]+(\d{1,5})[" + WHITE + rb"]+R" + _END + rb")"
    + rb"|(?P<int>[+-]?\d+)" + _END
    + rb"|(?P<real>[+-]?(?:\d+\.\d*|\.\d+))" + _END
    + rb"|(?P<open><<)"
    + rb"|(?P<close>>>)"
    + rb"|(?P<array>\[)"
    + rb"|(?P<end>\])"
    + rb"|(?P<hex><[0-9A-Fa-f" + WHITE + rb"]*>)"
    + rb"|(?P<plain>\([^()\\\r]*\))"
    + rb"|(?P<string>\()"
    + rb"|(?P<word>true|false|null)" + _END
    + rb")"
)  # fmt: skip
_ESCAPED_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_STRING_STOP = re.compile(rb"[()\\\r]")
_OCTAL = re.compile(rb"[0-7]{1,3}")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_WORDS = {b"true": True, b"false": False, b"null": None}
_WHITE_BYTES = b"\x00\t\n\x0c\r "
_SIGNATURE_TYPES = {"Sig", "DocTimeStamp"}
"""Some signers write both as /Type; the kind follows from /SubFilter, so it makes no difference."""
_DECISIVE = frozenset({"ByteRange", "Contents", "SubFilter"})
MAX_DIGITS = 40
_NAMES: dict[bytes, Name] = {}
_MAX_CACHED_NAMES = 4096


@dataclass(slots=True)
class Watch:
    """Remembers which dictionary holds the hexadecimal string at one offset.

    Attributes:
        offset: Where the string's `<` stands.
        holder: The dictionary it was found in, once parsed.
        key: The key it is the value of.
        end: Offset after its `>`.
    """

    offset: int
    holder: dict[str, Any] | None = None
    key: str | None = None
    end: int = -1


def decode_name(token: bytes) -> Name:
    """Decode a name token with its slash."""
    found = _NAMES.get(token)
    if found is None:
        raw = token[1:]
        if b"#" in raw:
            raw = _ESCAPED_NAME.sub(lambda m: bytes([int(m[1], 16)]), raw)
        found = Name(raw.decode("latin-1"))
        if len(_NAMES) < _MAX_CACHED_NAMES:
            _NAMES[token] = found
    return found


def decode_hex(token: bytes) -> bytes:
    """Decode a hexadecimal string token with its brackets; an odd digit counts as followed by 0."""
    digits = token[1:-1].translate(None, _WHITE_BYTES)
    return unhexlify(digits + b"0" if len(digits) % 2 else digits)


def parse_literal(data: bytes, start: int) -> tuple[bytes, int]:
    """Parse the literal string whose `(` stands at `start`; return it and the offset after its `)`."""
    parts: list[bytes] = []
    depth, position, mark = 1, start + 1, start + 1
    while True:
        stop = _STRING_STOP.search(data, position)
        if stop is None:
            raise StructureError("syntax", message("pdf.string-at-byte-never-ends", start=start))
        at, sign = stop.start(), stop[0]
        position = at + 1
        if sign == b"(":
            depth += 1
        elif sign == b")":
            depth -= 1
            if depth == 0:
                parts.append(data[mark:at])
                return b"".join(parts), position
        else:
            parts.append(data[mark:at])
            piece, position = _escape(data, at) if sign == b"\\" else _line_end(data, at)
            parts.append(piece)
            mark = position


def _line_end(data: bytes, at: int) -> tuple[bytes, int]:
    return b"\n", at + 2 if data[at + 1 : at + 2] == b"\n" else at + 1


def _escape(data: bytes, at: int) -> tuple[bytes, int]:
    sign = data[at + 1 : at + 2]
    if sign in _ESCAPES:
        return _ESCAPES[sign], at + 2
    octal = _OCTAL.match(data, at + 1)
    if octal:
        return bytes([int(octal[0], 8) & 255]), octal.end()
    if sign == b"\r":
        return b"", _line_end(data, at + 1)[1]
    return (b"" if sign == b"\n" else sign), at + 2


def parse_value(data: bytes, start: int, max_depth: int, watch: Watch | None = None) -> tuple[Value, int]:
    """Parse one value; return it and the offset after it.

    Args:
        data: The file, or a decoded object stream.
        start: Where to begin; white space and comments are skipped.
        max_depth: Greatest nesting of arrays and dictionaries.
        watch: Filled in when the string it names is met.

    Raises:
        StructureError: What stands there is not a value, or it is nested too deeply.
    """
    stack, dictionary_at = list[list[Any]](), list[bool]()
    position, value = start, cast(Value, None)
    while True:
        token = _TOKEN.match(data, position)
        if token is None:
            raise StructureError("syntax", message("pdf.there-no-pdf-value-at-byte", position=position))
        position = token.end()
        kind = token.lastgroup
        if kind in ("open", "array"):
            stack.append([])
            dictionary_at.append(kind == "open")
            if len(stack) > max_depth:
                raise LimitError(
                    message("pdf.values-nested-deeper-than-at-byte", max_depth=max_depth, position=position)
                )
            continue
        if kind in ("close", "end"):
            if not stack or dictionary_at.pop() != (kind == "close"):
                raise StructureError(
                    "syntax", message("pdf.bracket-closes-nothing-at-byte", position=position)
                )
            items = stack.pop()
            value = items if kind == "end" else _dictionary(items, position, watch)
        elif kind == "string":
            value, position = parse_literal(data, token.start(kind))
        else:
            value = _simple(kind, token, watch)
        if not stack:
            return value, position
        stack[-1].append(value)


def _watched(value: bytes, token: re.Match[bytes], watch: Watch | None) -> bytes:
    """Return a hexadecimal string, marked where it is the one that is watched."""
    if watch is None or token.start("hex") != watch.offset:
        return value
    watch.end = token.end()
    return _Watched(value)


class _Watched(bytes):
    """The string that is watched, while its dictionary is still open."""


def _simple(kind: str | None, token: re.Match[bytes], watch: Watch | None) -> Value:
    if kind == "name":
        return decode_name(token["name"])
    if kind == "ref":
        return Ref(int(token[3]), int(token[4]))
    if kind in ("int", "real"):
        return _number(token[kind])
    if kind == "hex":
        return _watched(decode_hex(token["hex"]), token, watch)
    if kind == "plain":
        return token["plain"][1:-1]
    return _WORDS[token["word"]]


def _number(digits: bytes) -> int | float:
    if len(digits) > MAX_DIGITS:
        raise StructureError("syntax", message("pdf.number-too-many-digits"))
    return float(digits) if b"." in digits else int(digits)


def _dictionary(items: list[Any], position: int, watch: Watch | None) -> dict[str, Any]:
    if len(items) % 2:
        raise StructureError("syntax", message("pdf.key-no-value-dictionary-before-byte", position=position))
    result: dict[str, Any] = {}
    repeated: list[str] = []
    for index in range(0, len(items), 2):
        key, value = items[index], items[index + 1]
        if type(key) is not Name:
            raise StructureError(
                "syntax", message("pdf.key-not-name-dictionary-before-byte", position=position)
            )
        if key in result and not same(result[key], value) and not _both_types(result[key], value):
            repeated.append(str(key))
        if isinstance(value, _Watched) and watch is not None:
            watch.holder, watch.key, value = result, str(key), bytes(value)
        result[key] = value
    return _with_repeated(result, repeated, position) if repeated else result


def _with_repeated(result: dict[str, Any], repeated: list[str], position: int) -> dict[str, Any]:
    """Keep the last values in a signature's dictionary, which is signed all the same; else it is an error.

    Raises:
        StructureError: It is another dictionary, or one of the keys by which a signature is found.
    """
    signature = "ByteRange" in result and isinstance(result.get("Contents"), bytes)
    if not signature or not _DECISIVE.isdisjoint(repeated):
        text = message("pdf.key-stands-twice-dictionary-before-byte", repeated=repeated[0], position=position)
        raise StructureError("duplicate-key", text)
    return Repeating(result, tuple(dict.fromkeys(repeated)))


def _both_types(one: Value, two: Value) -> bool:
    return isinstance(one, Name) and isinstance(two, Name) and {one, two} == _SIGNATURE_TYPES
