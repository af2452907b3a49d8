"""Retracing what raises a plain PDF of ours to B-LT and B-LTA: written again from what it says.

A security store follows from the file before it and the evidence, a document timestamp from the file before
it and the token. What is not, byte for byte, what `validation_update` writes is not for this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agreegen.pdf.plain import Entries, NotPlainError, PlainPdf, items, reference
from agreegen.signing.interface import Evidence
from agreegen.signing.plain.validation_update import (
    field_names,
    free_timestamp_name,
    with_store,
    with_timestamp,
)

_TIMESTAMP = re.compile(
    rb"(\d{1,8}) 0 obj\n<< /Type /DocTimeStamp /Filter /Adobe\.PPKLite /SubFilter /ETSI\.RFC3161"
    rb" /Contents <((?:[0-9A-Fa-f]{2})+)> /ByteRange \[0 \d{1,10} (\d{1,10}) (\d{1,10})\] +>>\nendobj\n"
)
_END = re.compile(rb"\nstartxref\n\d{1,10}\n%%EOF\n")
_KEYS = (b"/Certs", b"/OCSPs", b"/CRLs")
_MAX_ITEMS = 1_000


@dataclass(frozen=True, slots=True)
class RetracedTimestamp:
    """A document timestamp that was written again and came out the same.

    Attributes:
        field: Name of its field.
        number: Object number of its dictionary.
        byte_range: As written.
        contents: The decoded `/Contents`, padding included.
    """

    field: str
    number: int
    byte_range: tuple[int, int, int, int]
    contents: bytes

    @property
    def end(self) -> int:
        """Offset behind the update."""
        return sum(self.byte_range[2:])


@dataclass(frozen=True, slots=True)
class RetracedStore:
    """A security store, or what came to it, that was written again and came out the same.

    Attributes:
        evidence: What is new in it.
        streams: The new streams as they stand in the file, in the same order.
        end: Offset behind the update.
    """

    evidence: Evidence
    streams: tuple[bytes, ...]
    end: int


def retrace_timestamp(plain: PlainPdf, signed: bytes) -> RetracedTimestamp:
    """Say how the document timestamp behind a plain PDF of ours was put there.

    Args:
        plain: The file before.
        signed: The file that begins with it.

    Raises:
        NotPlainError: There is none, or writing it again gives anything else.
    """
    head = _TIMESTAMP.match(signed, len(plain.data))
    if head is None:
        raise NotPlainError
    contents, after = bytes.fromhex(head[2].decode()), signed[: int(head[3]) + int(head[4])]
    name = free_timestamp_name(field_names(plain))
    made = with_timestamp(plain, name, reserved_bytes=len(contents))
    if not any(contents) or not made.is_filled_in(after):
        raise NotPlainError
    return RetracedTimestamp(name, int(head[1]), made.byte_range, contents)


def retrace_store(plain: PlainPdf, signed: bytes) -> RetracedStore:
    """Say how the security store behind a plain PDF of ours was put there, or grew.

    Args:
        plain: The file before.
        signed: The file that begins with it.

    Raises:
        NotPlainError: There is none, or writing it again gives anything else.
    """
    end = _END.search(signed, len(plain.data))
    if end is None:
        raise NotPlainError
    after = signed[: end.end()]
    evidence, streams = _fresh(plain, plain.updated(after))
    if with_store(plain, evidence) != after:
        raise NotPlainError
    return RetracedStore(evidence, streams, len(after))


def _fresh(before: PlainPdf, after: PlainPdf) -> tuple[Evidence, tuple[bytes, ...]]:
    """Return what a store holds more than before: each kind stands behind what there was of it."""
    old, new = _store(before), _store(after)
    fresh = [items(new.get(key, b"[]"))[len(items(old.get(key, b"[]"))) :] for key in _KEYS]
    if sum(map(len, fresh)) > _MAX_ITEMS:
        raise NotPlainError
    streams = tuple(after.raw_stream(item)[0] for kind in fresh for item in kind)
    certificates, ocsps, crls = (tuple(map(after.stream, kind)) for kind in fresh)
    return Evidence(certificates, ocsps, crls), streams


def _store(plain: PlainPdf) -> Entries:
    catalog = plain.dictionary(plain.trailer.get(b"/Root"))
    return plain.object(reference(catalog[b"/DSS"]))[0] if b"/DSS" in catalog else {}
