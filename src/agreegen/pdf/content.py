"""Content streams (ISO 32000-1, clause 7.8.2): whether one leaves everything as it found it.

What a content stream begins it ends, and it ends nothing else. Readers that keep no account of their own let
a `Q` too many undo the place and the clip that they had drawn it into.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_BLANK = rb"\x00\t\n\x0c\r "
_TOKEN = re.compile(
    rb"[" + _BLANK + rb"]*+(?:(?P<comment>%[^\r\n]*+)|(?P<string>\()|(?P<open><<|\[)|(?P<close>>>|\])"
    rb"|(?P<operand><[0-9A-Fa-f" + _BLANK + rb"]*+>|/[^" + _BLANK + rb"()<>\[\]{}/%]*+)"
    rb"|(?P<word>[^" + _BLANK + rb"()<>\[\]{}/%]++))"
)
_NUMBER = re.compile(rb"[+-]*+(?:\d++\.?+\d*+|\.\d++|\.)-?\d*+")
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_END_OF_IMAGE = re.compile(rb"EI(?=[" + _BLANK + rb"]|$)")
_CONSTANTS = frozenset({b"true", b"false", b"null"})
_BEGINS = {b"q": b"Q", b"BT": b"ET", b"BMC": b"EMC", b"BDC": b"EMC", b"BX": b"EX", b"BI": b"EI"}
_ENDS = frozenset(_BEGINS.values())
_NEEDS = {
    operator: count
    for count, operators in enumerate(
        (
            b"",
            b"w J j M ri i gs sh Do Tc Tw Tz TL Tr Ts Tj TJ ' CS cs G g SC sc SCN scn BMC MP",
            b"d m l Tf Td TD d0 BDC DP",
            b'RG rg "',
            b"v y re K k",
            b"",
            b"cm c Tm d1",
        )
    )
    for operator in operators.split()
}
"""Operands without which readers pass over an operator, and poppler over all that follows, ends included."""
_MOST_OPERANDS = 32
"""A colour of so many parts needs the most; readers differ in what they do with more."""
_PATH = frozenset(b"m l c v y h re".split())
_PAINTS = frozenset(b"S s f F f* B B* b b* n".split())
_CLIPS = frozenset({b"W", b"W*"})
_OTHERS = frozenset(
    b"w J j M d ri i gs cm CS cs SC SCN sc scn G g RG rg K k sh Do Tc Tw Tz TL Tf Tr Ts Td TD Tm T* Tj TJ ' "
    b'" d0 d1 MP DP ID'.split()
)
_OPERATORS = _BEGINS.keys() | _ENDS | _PATH | _PAINTS | _CLIPS | _OTHERS
_Operation = tuple[bytes, int]
"""An operator and how many operands stand before it."""


def leaves_all_as_it_was(content: bytes) -> bool:
    """Tell whether a content stream ends all that it begins, and nothing else, in words that all know.

    Args:
        content: The decoded stream.
    """
    begun: Counter[bytes] = Counter()
    path = clip = False
    for operator, operands in _operations(content):
        if not _is_known(operator, operands):
            return False
        if operator in _BEGINS:
            begun[_BEGINS[operator]] += 1
        elif operator in _ENDS:
            begun[operator] -= 1
            if begun[operator] < 0:
                return False
        path = (path or operator in _PATH) and operator not in _PAINTS
        clip = (clip or operator in _CLIPS) and operator not in _PAINTS
    return not (path or clip or any(begun.values()))


def _is_known(operator: bytes, operands: int) -> bool:
    return operator in _OPERATORS and _NEEDS.get(operator, 0) <= operands <= _MOST_OPERANDS


def _operations(content: bytes) -> Iterator[_Operation]:
    """Yield the operators; what cannot be read is yielded as an operator that does not exist."""
    position, operands, depth = 0, 0, 0
    content = content.rstrip(b"\x00\t\n\x0c\r ")
    while position < len(content):
        token = _TOKEN.match(content, position)
        if token is None:
            yield b"", 0
            return
        position = token.end()
        kind, word = token.lastgroup, token["word"]
        if kind == "comment":
            continue
        if kind == "string":
            position = _end_of_string(content, position)
        depth += (kind == "open") - (kind == "close")
        if word is None or word in _CONSTANTS or _NUMBER.fullmatch(word):
            operands += depth == 0
            continue
        yield word if depth == 0 else b"", operands
        operands = 0
        if word == b"ID":
            position = _end_of_image(content, position)
    if depth or operands:
        yield b"", 0


def _end_of_string(content: bytes, position: int) -> int:
    """Return where a string ends whose opening bracket stands before a position."""
    depth = 1
    for found in _IN_STRING.finditer(content, position):
        depth += (found[0] == b"(") - (found[0] == b")")
        if depth == 0:
            return found.end()
    return len(content) + 1


def _end_of_image(content: bytes, position: int) -> int:
    """Return where the first word that may end the data of an image in the content begins.

    A reader that finds another end than this reads pictures as words; then what follows makes no sense here.
    """
    found = _END_OF_IMAGE.search(content, position)
    return len(content) + 1 if found is None else found.start()
