"""Retracing the updates of a plain PDF of ours: written again from what they say, byte for byte.

A signature that `signature_update` wrote follows from the file before it, the field, the time, reason and
location, the picture and the CMS. So these are read from the update, it is written again from them, and only
where the result is the very same file is anything said about it. Whatever else there is, it is not for this
module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from agreegen.pdf.plain import NotPlainError, PlainPdf
from agreegen.signing.appearance.pictures import Appearance
from agreegen.signing.plain.long_term_retracing import (
    RetracedStore,
    RetracedTimestamp,
    retrace_store,
    retrace_timestamp,
)
from agreegen.signing.plain.signature_update import SignatureText, Target, append_signature, find_targets

_SIGNATURE = re.compile(
    rb"(\d{1,8}) 0 obj\n<< /Type /Sig /Filter /Adobe\.PPKLite /SubFilter /ETSI\.CAdES\.detached"
    rb" /M \(D:(\d{14})Z\)(?: /Reference \[[^\[\]()]{1,400}\])?"
    rb"(?: /Reason <FEFF([0-9A-F]{0,4000})>)?(?: /Location <FEFF([0-9A-F]{0,4000})>)?"
    rb" /Contents <([0-9A-Fa-f]+)> /ByteRange \[0 \d{1,10} (\d{1,10}) (\d{1,10})\] +>>\nendobj\n"
)
_TABLE = re.compile(rb"\nstartxref\n(\d{1,10})\n%%EOF\n\Z")
_TAIL_BYTES = 64
_OPENING_BYTES = 64
_MAX_PICTURES = 64
_MAX_UPDATES = 32


@dataclass(frozen=True, slots=True)
class RetracedSignature:
    """A signature that was written again and came out the same.

    Attributes:
        field: Name of its field.
        number: Object number of the signature dictionary.
        byte_range: As written.
        contents: The decoded `/Contents`, padding included.
        text: Its time, reason and location.
        pictures: Bodies of the objects of its appearance, which have the numbers after `number`.
        size: Width and height of its field in points; None for an invisible one.
        empty_fields: Names of the signature fields that are still empty, in the order of the form.
        certifies: Whether it certifies the file; the first one does.
        locks: Whether its field locks all fields, so that nobody may sign after it.
    """

    field: str
    number: int
    byte_range: tuple[int, int, int, int]
    contents: bytes
    text: SignatureText
    pictures: tuple[bytes, ...]
    size: tuple[float, float] | None
    empty_fields: tuple[str, ...]
    certifies: bool
    locks: bool

    @property
    def end(self) -> int:
        """Offset behind the update."""
        return sum(self.byte_range[2:])


RetracedUpdate = RetracedSignature | RetracedTimestamp | RetracedStore


def retrace_updates(plain: PlainPdf, signed: bytes) -> tuple[RetracedUpdate, ...]:
    """Say how a plain PDF of ours was signed and extended, one update after the other.

    The caller still owes what `plain` is, what pictures and evidence are, and the cryptography.

    Args:
        plain: The file before anybody signed it.
        signed: The same file with its updates.

    Returns:
        What the updates say, oldest first; nothing where writing them again gives anything else.
    """
    found: list[RetracedUpdate] = []
    try:
        while len(found) < _MAX_UPDATES:
            retraced = _retrace_next(plain, signed)
            if not _may_follow(retraced, found):
                break
            found.append(retraced)
            if retraced.end == len(signed):
                return tuple(found)
            plain = plain.updated(signed[: retraced.end])
    except (NotPlainError, ValueError):
        return ()
    return ()


def _retrace_next(plain: PlainPdf, signed: bytes) -> RetracedUpdate:
    start = len(plain.data)
    opening = signed[start : start + _OPENING_BYTES]
    if b"/Type /Sig " in opening:
        return _retrace_signature(plain, signed)
    if b"/Type /DocTimeStamp " in opening:
        return retrace_timestamp(plain, signed)
    return retrace_store(plain, signed)


def _may_follow(update: RetracedUpdate, earlier: Sequence[RetracedUpdate]) -> bool:
    """Tell whether the signer would have written this: a signature comes first, and none after a lock."""
    if not isinstance(update, RetracedSignature):
        return bool(earlier)
    return not any(isinstance(one, RetracedSignature) and one.locks for one in earlier)


def _retrace_signature(plain: PlainPdf, signed: bytes) -> RetracedSignature:
    head = _SIGNATURE.match(signed, len(plain.data))
    if head is None:
        raise NotPlainError
    signed = signed[: int(head[6]) + int(head[7])]
    table = _TABLE.search(signed, max(len(plain.data), len(signed) - _TAIL_BYTES))
    if table is None or plain.size != int(head[1]):
        raise NotPlainError
    pictures = _pictures(signed, head.end(), int(table[1]), plain.size + 1)
    targets = find_targets(plain)
    found = [target for target in targets if _field_is_changed(signed, head.end(), target)]
    if len(found) != 1 or (found[0].size is not None) != bool(pictures):
        raise NotPlainError
    return _write_again(plain, signed, head, pictures, found[0], targets)


def _write_again(
    plain: PlainPdf,
    signed: bytes,
    head: re.Match[bytes],
    pictures: tuple[bytes, ...],
    target: Target,
    targets: list[Target],
) -> RetracedSignature:
    contents, text = bytes.fromhex(head[5].decode()), _text(head)
    if not any(contents):
        raise NotPlainError  # a placeholder that waits for its signature
    made = append_signature(plain, target, text, len(contents), lambda *_: Appearance(pictures))
    if not made.is_filled_in(signed):
        raise NotPlainError
    return RetracedSignature(
        field=target.name,
        number=plain.size,
        byte_range=made.byte_range,
        contents=contents,
        text=text,
        pictures=pictures,
        size=target.size,
        empty_fields=tuple(other.name for other in targets if other is not target),
        certifies=target.certifies,
        locks=target.locks,
    )


def _field_is_changed(signed: bytes, start: int, target: Target) -> bool:
    head = b"%d 0 obj\n" % target.field
    return signed.startswith(head, start) or signed.find(b"\n" + head, start) >= 0


def _text(head: re.Match[bytes]) -> SignatureText:
    moment = datetime.strptime(head[2].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    reason, location = (
        None if digits is None else bytes.fromhex(digits.decode()).decode("utf-16-be")
        for digits in (head[3], head[4])
    )
    return SignatureText(moment, reason, location)


def _pictures(signed: bytes, start: int, table: int, first: int) -> tuple[bytes, ...]:
    """Return the bodies of the objects from number `first` on; they stand last before the table.

    Raises:
        NotPlainError: There are none of that kind, or too many.
    """
    at = signed.find(b"\n%d 0 obj\n" % first, start, table) + 1
    bodies: list[bytes] = []
    while at and at < table:
        head = b"%d 0 obj\n" % (first + len(bodies))
        following = b"\nendobj\n%d 0 obj\n" % (first + len(bodies) + 1)
        stop = signed.find(following, at, table)
        if stop < 0:
            stop = table - len(b"\nendobj\n")
        if len(bodies) == _MAX_PICTURES or not signed.startswith(head, at) or stop < at:
            raise NotPlainError
        bodies.append(signed[at + len(head) : stop])
        at = stop + len(b"\nendobj\n")
    return tuple(bodies)
