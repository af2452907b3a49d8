"""Damage to the DER of signature containers, put back into `/Contents` without moving a byte of the file."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_TOKEN_OID = bytes.fromhex("060b2a864886f70d010910020e")  # id-aa-timeStampToken, RFC 3161, appendix A
_CONSTRUCTED = 0x20
_OIDS = tuple(
    bytes.fromhex(text)
    for text in (
        "06092a864886f70d010702", "06092a864886f70d010701", "06092a864886f70d010904",
        "06092a864886f70d010903", "0609608648016503040201", "0609608648016503040203", "06052b0e03021a",
        "06092a864886f70d01010b", "06092a864886f70d01010a", "06082a8648ce3d040302", "06082a811ccf55018375",
        "060b2a864886f70d010910022f", "0600", "06032b0601", "060aff808080808080808000",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a DER text: where its head starts, where its value starts and ends."""

    start: int
    value: int
    end: int
    tag: int


def elements(data: bytes, start: int = 0, end: int | None = None, depth: int = 0) -> list[Element]:
    """List the elements of a DER text, outer ones first; what cannot be read ends the list."""
    found: list[Element] = []
    position, end = start, len(data) if end is None else end
    while position + 2 <= end and depth < 40:
        tag, length = data[position], data[position + 1]
        value = position + 2
        if length > 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[value : value + count])
            value += count
        elif length == 0x80:
            break
        if value + length > end:
            break
        found.append(Element(position, value, value + length, tag))
        if tag & _CONSTRUCTED:
            found.extend(elements(data, value, value + length, depth + 1))
        position = value + length
    return found


def damage(
    chance: random.Random, data: bytes, ranges: Sequence[tuple[int, int, int, int]], *, token: bool
) -> bytes | None:
    """Damage one container of a file; None where there is none that can be read."""
    gaps = [(first, second) for _, first, second, _ in ranges if second - first > 60 and second <= len(data)]
    if not gaps:
        return None
    start, end = chance.choice(gaps)
    text = data[start:end]
    try:
        raw = bytes.fromhex(text.strip()[1:-1].decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
    room = len(raw)
    used = next((e.end for e in elements(raw)[:1]), room)
    container = raw[:used]
    at = container.find(_TOKEN_OID)
    if token and at < 0:
        return None
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        container = damage_der(chance, container, at if token else 0)
    filled = container[:room].ljust(room, b"\0").hex().encode()
    return data[:start] + b"<" + filled.ljust(end - start - 2, b"0")[: end - start - 2] + b">" + data[end:]


def damage_der(chance: random.Random, data: bytes, low: int = 0) -> bytes:
    """Damage one element of a DER text that starts at `low` or behind."""
    found = [element for element in elements(data) if element.start >= low]
    if not found:
        place = chance.randrange(len(data)) if data else 0
        return data[:place] + bytes((chance.randrange(256),)) + data[place + 1 :]
    return chance.choice(_WAYS)(chance, data, found)


def _flip(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    element = chance.choice(found)
    place = chance.randrange(element.start, max(element.start + 1, element.end))
    return data[:place] + bytes((data[place] ^ (1 << chance.randrange(8)),)) + data[place + 1 :]


def _change_tag(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    place = chance.choice(found).start
    tags = (0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x17, 0x18, 0x30, 0x31, 0x80, 0xA0, 0xA1, 0x1F, 0x24, 0x00)
    return data[:place] + bytes((chance.choice(tags),)) + data[place + 1 :]


def _change_length(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    place = chance.choice(found).start + 1
    lengths = (
        b"\x00",
        b"\x7f",
        b"\x80",
        b"\x81\xff",
        b"\x84\xff\xff\xff\xff",
        b"\x88" + b"\xff" * 8,
        b"\xff",
    )
    return data[:place] + chance.choice(lengths) + data[place + chance.choice((1, 2)) :]


def _replace_value(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    """Give an element another value and mend the lengths around it, so that the DER stays readable."""
    element = chance.choice(found)
    length = element.end - element.value
    value = chance.choice(
        (
            b"",
            bytes(length),
            b"\xff" * length,
            chance.randbytes(length),
            data[element.value : element.end] * 2,
        )
    )
    return rebuilt(data, element, bytes((element.tag,)) + _length(len(value)) + value)


def _replace_oid(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    oids = [element for element in found if element.tag == 0x06]
    if not oids:
        return _flip(chance, data, found)
    return rebuilt(data, chance.choice(oids), chance.choice(_OIDS))


def _remove(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    return rebuilt(data, chance.choice(found), b"")


def _repeat(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    element = chance.choice([e for e in found if e.end - e.start < 4000] or found)
    return rebuilt(data, element, data[element.start : element.end] * chance.choice((2, 3, 20)))


def _transplant(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    element, other = chance.choice(found), chance.choice(found)
    return rebuilt(data, element, data[other.start : other.end])


def _nest(chance: random.Random, data: bytes, found: list[Element]) -> bytes:
    element = chance.choice(found)
    depth = chance.choice((30, 200, 1500))
    return rebuilt(data, element, chance.choice((b"\x30\x80", b"\xa0\x80", b"\x31\x80")) * depth)


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes((size,))
    text = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((0x80 | len(text),)) + text


def rebuilt(data: bytes, element: Element, text: bytes) -> bytes:
    """Replace an element; every element around it gets its new length."""
    around = [
        e for e in elements(data) if e.start < element.start and e.end >= element.end and e.tag & _CONSTRUCTED
    ]
    start, end = element.start, element.end
    for outer in sorted(around, key=lambda e: -e.start):
        text = data[outer.value : start] + text + data[end : outer.end]
        text = bytes((outer.tag,)) + _length(len(text)) + text
        start, end = outer.start, outer.end
    return data[:start] + text + data[end:]


_WAYS = (
    _flip, _flip, _change_tag, _change_length, _replace_value, _replace_value, _replace_oid, _remove, _remove,
    _repeat, _transplant, _nest,
)  # fmt: skip
