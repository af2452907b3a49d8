"""ZIP packages whose parts unpack to as many gigabytes as one likes, written in a moment.

Deflate cannot do better than 1,032 to 1, so that twelve gigabytes weigh at least 11.9 MB; but a block that is
packed once may be laid down again and again, and its checksum follows by arithmetic. Nothing is ever unpacked
here, and a reader who goes to the end finds a sound package.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20
_LEVEL = 9
_VERSION, _DEFLATED, _DATE = 45, 8, 0x0021
_IN_EXTRA = 0xFFFFFFFF
"""A size that stands in the ZIP64 field (APPNOTE 4.5.3)."""


@dataclass(frozen=True, slots=True)
class Swollen:
    """A part that repeats a few bytes.

    Attributes:
        unit: The bytes.
        total: How many bytes they are repeated to, at least.
        before: What stands before them.
        after: What stands after them.
    """

    unit: bytes
    total: int
    before: bytes = b""
    after: bytes = b""

    def pieces(self) -> Iterator[tuple[bytes, int]]:
        """Yield what it is made of, each with the number of times it follows itself."""
        block = self.unit * (1 + _BLOCK // len(self.unit))
        yield from ((self.before, 1), (block, self.total // len(block) + 1), (self.after, 1))


Part = str | bytes | Swollen


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a part stands in the package, and what its headers say."""

    name: bytes
    start: int
    crc: int
    packed: int
    size: int

    def header(self, *, central: bool) -> bytes:
        """Return its header before the data, or in the directory (APPNOTE 4.3.7, 4.3.12)."""
        large = self.size >= _IN_EXTRA
        extra = struct.pack("<HHQQ", 1, 16, self.size, self.packed) if large else b""
        sizes = (_IN_EXTRA, _IN_EXTRA) if large else (self.packed, self.size)
        head = struct.pack("<HHHHHIII", _VERSION, 0, _DEFLATED, 0, _DATE, self.crc, *sizes)
        head += struct.pack("<HH", len(self.name), len(extra))
        if not central:
            return b"PK\x03\x04" + head + self.name + extra
        place = struct.pack("<HHHII", 0, 0, 0, 0, self.start)
        return b"PK\x01\x02" + struct.pack("<H", _VERSION) + head + place + self.name + extra


def write_package(path: Path, parts: Mapping[str, Part]) -> None:
    """Write a ZIP, its parts in their order."""
    entries: list[_Entry] = []
    with path.open("wb") as file:
        for name, part in parts.items():
            packed, crc, size = _packed(part)
            entry = _Entry(
                name.encode(), file.tell(), crc, sum(len(one) * many for one, many in packed), size
            )
            entries.append(entry)
            file.write(entry.header(central=False))
            for one, many in packed:
                for _ in range(many):
                    file.write(one)
        start = file.tell()
        for entry in entries:
            file.write(entry.header(central=True))
        size = file.tell() - start
        file.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, len(entries), len(entries), size, start, 0))


def _packed(part: Part) -> tuple[list[tuple[bytes, int]], int, int]:
    """Return the packed pieces with how often each is laid down, the checksum, and the unpacked size."""
    if not isinstance(part, Swollen):
        pieces = [(part.encode() if isinstance(part, str) else part, 1)]
    else:
        pieces = list(part.pieces())
    packed: list[tuple[bytes, int]] = []
    crc = size = 0
    for data, many in pieces:
        # After a full flush a piece refers to nothing before it and ends on a whole byte (RFC 1951, 3.2.4).
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed.append((deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH), many))
        crc = _crc_of_repeated(data, many, crc)
        size += len(data) * many
    packed.append((zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS).flush(), 1))
    return packed, crc, size


def _crc_of_repeated(data: bytes, many: int, crc: int) -> int:
    """Return the CRC-32 of bytes repeated behind others; it is linear, so that each step is a few XORs."""
    own, zeros = zlib.crc32(data), bytes(len(data))
    through = [zlib.crc32(zeros, 1 << bit) ^ zlib.crc32(zeros) for bit in range(32)]
    for _ in range(many):
        moved = 0
        for bit in range(32):
            if crc >> bit & 1:
                moved ^= through[bit]
        crc = moved ^ own
    return crc
