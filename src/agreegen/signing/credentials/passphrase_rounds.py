"""How much work the protection of a key file asks for, told before it is done.

A PKCS#12 or PKCS#8 file states how often the passphrase is hashed (RFC 8018, RFC 7914). A hostile one states
2³¹−1 rounds, over which the library that opens it would sit for an hour, without a way to interrupt it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asn1crypto import pem

from agreegen.messages import message

MOST_ROUNDS = 5_000_000
"""Some seconds of work, and eight times what is recommended for PBKDF2 today."""

_MOST_SCRYPT_BYTES = 256 << 20
_MOST_DEPTH = 40
_SEQUENCE, _INTEGER, _OID = 0x30, 0x02, 0x06
_SCRYPT = bytes.fromhex("2b06010401da47040b")
_PBES1 = bytes.fromhex("2a864886f70d0105")
_PKCS12_PBE = bytes.fromhex("2a864886f70d010c01")
_KEY_BAGS = (bytes.fromhex("2a864886f70d010c0a0101"), bytes.fromhex("2a864886f70d010c0a0102"))

_Element = tuple[int, bytes]
"""Tag and content of an element."""


class TooSlowError(ValueError):
    """The file asks for more work than a key file may."""


def check_rounds(data: bytes) -> bool:
    """Refuse a protected key that asks for too much work.

    Args:
        data: A PKCS#12 file, or a PKCS#8 key in PEM or DER.

    Returns:
        Whether the protection of the key itself could be seen; it may be wrapped in another.

    Raises:
        TooSlowError: More than five million rounds, or more than 256 MiB for scrypt.
    """
    work = _Work()
    for der in _containers(data):
        elements = _children(der)
        if elements:
            work.add_mac(_children(elements[0][1]))
        for sequence in _walk(elements, 0):
            work.add(sequence)
    return work.seen


def _containers(data: bytes) -> list[bytes]:
    try:
        if not pem.detect(data):
            return [data]
        return [der for name, _, der in pem.unarmor(data, multiple=True) if "KEY" in name]
    except ValueError:
        return []


def _children(data: bytes) -> list[_Element]:
    """Split a run of DER elements (X.690, 8.1); what is none gives an empty list."""
    found: list[_Element] = []
    position = 0
    while position + 2 <= len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big") if size else len(data)
            position += size
        if position + length > len(data):
            return []
        found.append((tag, data[position : position + length]))
        position += length
    return found if position == len(data) else []


def _walk(elements: list[_Element], depth: int) -> Iterator[list[_Element]]:
    """Yield the children of every sequence, also of those packed into octet strings."""
    if depth > _MOST_DEPTH:
        raise TooSlowError(message("signing.nested-too-deep"))
    for tag, content in elements:
        if tag in (_OID, _INTEGER):
            continue
        inner = _children(content)
        if inner and tag == _SEQUENCE:
            yield inner
        yield from _walk(inner, depth + 1)


class _Work:
    """Adds up what the algorithms of a file ask for."""

    def __init__(self) -> None:
        self.seen = False
        self._rounds = 0

    def add(self, sequence: list[_Element]) -> None:
        """Look at one sequence that may be an algorithm or the bag of a key."""
        tag, identifier = sequence[0]
        if tag != _OID or len(sequence) < 2:
            return
        numbers = [
            int.from_bytes(content, "big") for kind, content in _children(sequence[1][1]) if kind == _INTEGER
        ]
        if identifier == _SCRYPT:
            _check_scrypt(numbers)
        elif identifier.startswith((_PBES1, _PKCS12_PBE)):
            self._add_rounds(max(numbers, default=0))
        self.seen = self.seen or identifier in _KEY_BAGS or identifier.startswith(_PBES1)

    def add_mac(self, pfx: list[_Element]) -> None:
        """Look at a PKCS#12 file's own digest (RFC 7292, 4): version, content, MacData."""
        if len(pfx) == 3 and pfx[0][0] == _INTEGER and pfx[2][0] == _SEQUENCE:
            parts = _children(pfx[2][1])
            if len(parts) == 3 and parts[2][0] == _INTEGER:
                self._add_rounds(int.from_bytes(parts[2][1], "big"))

    def _add_rounds(self, rounds: int) -> None:
        self._rounds += rounds
        if self._rounds > MOST_ROUNDS:
            text = message(
                "signing.its-protection-asks-rounds-most-done", rounds=self._rounds, most_rounds=MOST_ROUNDS
            )
            raise TooSlowError(text)


def _check_scrypt(numbers: list[int]) -> None:
    cost, block, parallel = (*numbers, 1, 1, 1)[:3]
    if 128 * cost * block > _MOST_SCRYPT_BYTES or cost * block * parallel > MOST_ROUNDS * 4:
        raise TooSlowError(
            message(
                "signing.its-protection-scrypt-asks-more-than", most_scrypt_bytes=_MOST_SCRYPT_BYTES >> 20
            )
        )
