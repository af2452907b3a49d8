"""What the ByteRange of each signature covers (ISO 32000-1, clause 12.8.1), and what its dictionary says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from agreegen.messages import Message, message
from agreegen.model.report import Coverage, SignatureKind
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.encryption import plain_padding
from agreegen.pdf.fields import text_of
from agreegen.pdf.finding import Candidate, contents_span
from agreegen.pdf.objects import Ref, StructureError, Value

_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([Z+-])(?:(\d\d)'?(\d\d)?'?)?)?")
_RESERVED = 64
_WHITE = b"\x00\t\n\x0c\r "


@dataclass(slots=True, eq=False)
class Covered:
    """A candidate with its coverage.

    Attributes:
        candidate: Where it was found.
        byte_range: Its four numbers, or None.
        contents: Decoded `/Contents`, or None.
        revision: Index of the revision it signs, or None.
        coverage: What the range covers.
        reasons: Why it covers less than a revision.
    """

    candidate: Candidate
    byte_range: tuple[int, int, int, int] | None
    contents: bytes | None
    revision: int | None
    coverage: Coverage
    reasons: list[Message]


def cover(file: PdfFile, candidate: Candidate) -> Covered:
    """Judge one signature's ByteRange.

    It must start at 0, leave out exactly the hexadecimal string of its own `/Contents`, and end where a
    revision on the `/Prev` chain ends.
    """
    numbers = byte_range_of(candidate.value.get("ByteRange"))
    contents = candidate.value.get("Contents")
    decoded = None
    if isinstance(contents, bytes):
        decoded = plain_padding(file, contents, candidate.number)
    result = Covered(candidate, numbers, decoded, None, Coverage.PARTIAL, [])
    if numbers is None:
        result.reasons.append(message("verification.byterange-missing-or-not-four-whole"))
        return result
    problem = _gap_problem(file, candidate, numbers)
    if decoded is None:
        problem = message("verification.contents-missing-or-not-string")
    if problem is not None:
        result.reasons.append(problem)
        return result
    end = numbers[2] + numbers[3]
    for index, revision in enumerate(file.revisions):
        if _ends_there(file.data, end, revision.end):
            result.revision = index
            rest = file.data[file.revisions[-1].end :]
            last = index == len(file.revisions) - 1 and not rest.strip(_WHITE)
            result.coverage = Coverage.WHOLE_FILE if last else Coverage.REVISION
            return result
    result.reasons.append(message("verification.signed-bytes-end-at-byte-not", end=end))
    return result


def _ends_there(data: bytes, end: int, revision_end: int) -> bool:
    """The range may stop before, in or after the line end that follows `%%EOF`, and nowhere else."""
    if end >= revision_end:
        return end == revision_end
    mark = data[max(0, end - 6) : end].rstrip(b"\r")
    return data[end:revision_end] in (b"\r", b"\n", b"\r\n") and mark.endswith(b"%%EOF")


def byte_range_of(value: Value) -> tuple[int, int, int, int] | None:
    """Return the four numbers of a ByteRange, None where they are not that."""
    if not isinstance(value, list) or len(value) != 4 or not all(type(n) is int for n in value):
        return None
    one, two, three, four = value
    return one, two, three, four


def is_prepared(candidate: Candidate) -> bool:
    """Tell whether a signature was only prepared: neither its value nor its ByteRange was ever filled in."""
    contents, numbers = candidate.value.get("Contents"), byte_range_of(candidate.value.get("ByteRange"))
    blank = contents is None or (isinstance(contents, bytes) and not contents.strip(b"\x00"))
    return candidate.readable and blank and (numbers is None or not any(numbers))


def is_reserved(item: Covered) -> bool:
    """Tell whether room was left for a signature, range and all, which nobody has put there yet."""
    room = item.contents or b""
    return len(room) >= _RESERVED and not any(room) and item.coverage is not Coverage.PARTIAL


def _gap_problem(file: PdfFile, candidate: Candidate, numbers: tuple[int, int, int, int]) -> Message | None:
    start, first, second, length = numbers
    if start != 0:
        return message("verification.signed-bytes-do-not-start-at")
    if first <= 0 or second <= first or length < 0 or second + length > len(file.data):
        return message("verification.byterange-points-outside-file-or-backwards")
    # Some signers leave out the digits alone and sign the brackets, too: that covers more, not less.
    if (
        contents_span(file, candidate, first) != second
        and contents_span(file, candidate, first - 1) != second + 1
    ):
        return message("verification.byterange-leaves-out-something-else-than")
    return None


def kind_of(value: dict[str, Any]) -> SignatureKind:
    """Tell signature and document timestamp apart by SubFilter."""
    return SignatureKind.TIMESTAMP if value.get("SubFilter") == "ETSI.RFC3161" else SignatureKind.SIGNATURE


def certificates_of(view: View, value: Value) -> tuple[bytes, ...]:
    """Return the decoded strings of `/Cert`."""
    try:
        found = view.resolve(value)
    except StructureError:
        return ()
    if isinstance(found, bytes):
        return (found,)
    return tuple(item for item in found if isinstance(item, bytes)) if isinstance(found, list) else ()


def text(view: View, value: Value) -> str | None:
    """Return a text string for display, None where it is missing."""
    try:
        found = view.resolve(value) if isinstance(value, Ref) else value
    except StructureError:
        return None
    return text_of(found) if isinstance(found, bytes) else None


def claimed_time(value: Value) -> datetime | None:
    """Read a date (ISO 32000-1, clause 7.9.4); one without offset is taken as UTC."""
    match = _DATE.match(text_of(value)) if isinstance(value, bytes) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(part) if part else default
        for part, default in zip(match.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
    )
    zone: timezone = UTC
    if match[7] in ("+", "-") and match[8]:
        shift = timedelta(hours=int(match[8]), minutes=int(match[9] or 0))
        if shift < timedelta(hours=24):
            zone = timezone(shift if match[7] == "+" else -shift)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
