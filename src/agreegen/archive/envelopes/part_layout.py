"""How one part lies in its file: the DER around the encrypted content (RFC 5652, 6.1; RFC 5083, 2.1).

The content stands in the middle, its length is known before: a part is written and read as a stream.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

from agreegen.archive.envelopes.ciphers import ContentCipher
from agreegen.archive.envelopes.problems import ContentError
from agreegen.messages import message

_SEQUENCE, _SET, _INTEGER, _OCTETS, _NAME = 0x30, 0x31, 0x02, 0x04, 0x06
_EXPLICIT_0, _CONTENT, _CONTENT_IN_PIECES = 0xA0, 0x80, 0xA0
_DATA = bytes.fromhex("06092a864886f70d010701")
_ENVELOPED = bytes.fromhex("06092a864886f70d010703")
_AUTH_ENVELOPED = bytes.fromhex("060b2a864886f70d0109100117")
_TAG_BYTES = 16
_MOST_RECIPIENT_BYTES, _MOST_IDENTIFIER_BYTES = 1 << 20, 1 << 10


def _head(tag: int, length: int) -> bytes:
    if length < 0x80:
        return bytes([tag, length])
    encoded = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(encoded)]) + encoded


def _value(tag: int, content: bytes) -> bytes:
    return _head(tag, len(content)) + content


@dataclass(frozen=True, slots=True)
class PartFrame:
    """What stands around the encrypted content of a part that is written.

    Attributes:
        recipients: DER of each RecipientInfo.
        identifier: DER of the content encryption's AlgorithmIdentifier.
        cipher: The cipher.
        size: Bytes of encrypted content.
    """

    recipients: tuple[bytes, ...]
    identifier: bytes
    cipher: ContentCipher
    size: int

    def prefix(self) -> bytes:
        """Return everything before the encrypted content."""
        before = _DATA + self.identifier + _head(_CONTENT, self.size)
        content = _head(_SEQUENCE, len(before) + self.size) + before
        body = self._version() + _value(_SET, b"".join(sorted(self.recipients))) + content
        length = len(body) + self.size + (len(self.suffix(bytes(_TAG_BYTES))))
        inner = _head(_SEQUENCE, length) + body
        kind = _AUTH_ENVELOPED if self.cipher.authenticated else _ENVELOPED
        explicit = kind + _head(_EXPLICIT_0, len(inner) - len(body) + length) + inner
        return _head(_SEQUENCE, len(explicit) - len(body) + length) + explicit

    def suffix(self, tag: bytes) -> bytes:
        """Return everything after it."""
        return _value(_OCTETS, tag) if self.cipher.authenticated else b""

    def _version(self) -> bytes:
        """AuthEnvelopedData has version 0; EnvelopedData 2 where a recipient's own is not 0."""
        plain = self.cipher.authenticated or all(info[0] == _SEQUENCE for info in self.recipients)
        return _value(_INTEGER, bytes([0 if plain else 2]))


@dataclass(frozen=True, slots=True)
class PartHead:
    """What was read before the encrypted content.

    Attributes:
        recipients: DER of the set of RecipientInfos.
        identifier: DER of the content encryption's AlgorithmIdentifier.
        size: Bytes of encrypted content, which come next.
        authenticated: Whether a tag follows.
    """

    recipients: bytes
    identifier: bytes
    size: int
    authenticated: bool


def read_part_head(file: BinaryIO) -> PartHead:
    """Read a part up to its encrypted content.

    Raises:
        ContentError: It is no such file, is cut off, or holds more than an envelope.
        OSError: It cannot be read.
    """
    total = os.fstat(file.fileno()).st_size
    if _enter(file, _SEQUENCE) + file.tell() != total:
        raise ContentError(message("archive.envelope-lengths"))
    kind = _take(file, _NAME, 16)
    if kind not in {_ENVELOPED, _AUTH_ENVELOPED}:
        raise ContentError(message("archive.no-envelope"))
    authenticated = kind == _AUTH_ENVELOPED
    if _enter(file, _EXPLICIT_0) + file.tell() != total or _enter(file, _SEQUENCE) + file.tell() != total:
        raise ContentError(message("archive.envelope-lengths"))
    _take(file, _INTEGER, 8)
    recipients = _take(file, _SET, _MOST_RECIPIENT_BYTES)
    end = _enter(file, _SEQUENCE) + file.tell()
    _take(file, _NAME, 16)
    identifier = _take(file, _SEQUENCE, _MOST_IDENTIFIER_BYTES)
    size = _enter(file, _CONTENT)
    tag = _TAG_BYTES + 2 if authenticated else 0
    if size + file.tell() != end or end + tag != total:
        raise ContentError(message("archive.envelope-lengths"))
    return PartHead(recipients, identifier, size, authenticated)


def read_tag(file: BinaryIO, head: PartHead) -> bytes:
    """Read what follows the content; empty where the cipher has no tag.

    Raises:
        ContentError: It is no tag.
    """
    return _take(file, _OCTETS, _TAG_BYTES + 2)[2:] if head.authenticated else b""


def _enter(file: BinaryIO, tag: int) -> int:
    """Read tag and length of a value, in DER; return the length."""
    found = _read(file, 2)
    if found[0] != tag:
        pieces = tag == _CONTENT and found[0] == _CONTENT_IN_PIECES
        raise ContentError(message("archive.envelope-not-der" if pieces else "archive.no-envelope"))
    if found[1] < 0x80:
        return found[1]
    count = found[1] & 0x7F
    if not 1 <= count <= 8:
        raise ContentError(message("archive.envelope-not-der"))
    length = int.from_bytes(_read(file, count))
    if _head(tag, length)[1:] != found[1:] + length.to_bytes(count):
        raise ContentError(message("archive.envelope-not-der"))
    return length


def _take(file: BinaryIO, tag: int, most: int) -> bytes:
    length = _enter(file, tag)
    if length > most:
        raise ContentError(message("archive.no-envelope"))
    return _head(tag, length) + _read(file, length)


def _read(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise ContentError(message("archive.envelope-cut-off"))
    return data
