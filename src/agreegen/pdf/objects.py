"""The values of a PDF file (ISO 32000-1, clause 7.3) as plain Python values.

Numbers, booleans and null are Python's own; strings are `bytes`; arrays are lists; dictionaries are `dict`
with names as keys; names, references and streams have the classes below.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from agreegen.errors import InputError
from agreegen.messages import Message


class StructureError(InputError):
    """A file cannot be read as the standard demands; `code` is the alarm it becomes.

    Args:
        code: Stable, lower-case, hyphenated.
        sentence: What is wrong, and where in the file.
    """

    sentence: Message

    def __init__(self, code: str, sentence: Message) -> None:
        super().__init__(sentence)
        self.code = code


class LimitError(StructureError):
    """A limit was hit: the file cannot be judged, which says nothing about forgery."""

    def __init__(self, sentence: Message) -> None:
        super().__init__("limits", sentence)


class Name(str):
    """A name, without its slash and with `#xx` resolved; bytes are kept as Latin-1 characters."""

    __slots__ = ()


class Ref(NamedTuple):
    """An indirect reference."""

    num: int
    gen: int


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A stream: its dictionary and its raw, still encoded bytes.

    Attributes:
        dictionary: The stream dictionary.
        raw: The encoded bytes.
        start: Offset of the first byte in the file.
    """

    dictionary: dict[str, Any]
    raw: bytes
    start: int


class Repeating(dict[str, Any]):
    """A signature dictionary in which keys stand twice with different values; the last ones are kept.

    Attributes:
        repeated: Those keys.
    """

    __slots__ = ("repeated",)

    def __init__(self, entries: dict[str, Any], repeated: tuple[str, ...]) -> None:
        super().__init__(entries)
        self.repeated = repeated


Value: TypeAlias = Any
"""None, bool, int, float, bytes, Name, Ref, list, dict[str, Value] or Stream."""


_ROUNDED, _SMALL = 6e-6, 1e-2


def same(left: Value, right: Value) -> bool:
    """Tell whether two values are the same without following references; null and missing are the same.

    Args:
        left: The value as it was, or as it should be.
        right: The value as it is; its numbers may have been rounded.
    """
    pending = [(left, right)]
    while pending:
        one, two = pending.pop()
        if one is two:
            continue
        if isinstance(one, dict) and isinstance(two, dict):
            pending.extend((one.get(key), two.get(key)) for key in one.keys() | two.keys())
        elif isinstance(one, list) and isinstance(two, list):
            pending += [*zip(one, two, strict=False), (len(one), len(two))]
        elif isinstance(one, Stream) and isinstance(two, Stream):
            pending += [(one.raw, two.raw), (one.dictionary, two.dictionary)]
        elif not _same_scalar(one, two):
            return False
    return True


def _same_scalar(one: Value, two: Value) -> bool:
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, float) or isinstance(two, float):
        numbers = isinstance(one, int | float) and isinstance(two, int | float)
        return numbers and (one == two or _is_rounded(one, two))
    return type(one) is type(two) and bool(one == two)


def _is_rounded(number: float, shorter: float) -> bool:
    """Tell whether a number is another one with fewer digits: some writers keep six of what they write again.

    Digits only go, so that many steps lead no further than one; of a very small number each digit counts,
    since what is drawn by it may be made large again.
    """
    size = max(abs(number), abs(shorter))
    least = _ROUNDED * (max(size, 1) if size >= _SMALL else size)
    return len(repr(shorter)) < len(repr(number)) and abs(number - shorter) < least
