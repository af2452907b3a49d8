"""Files whose structure cannot be followed: signatures are still found and named."""

from __future__ import annotations

import itertools
import re
from datetime import datetime
from typing import Any

from agreegen.messages import message
from agreegen.model.report import Alarm, Changes, Coverage
from agreegen.pdf.finding import is_signature
from agreegen.pdf.limits import Limits
from agreegen.pdf.objects import StructureError
from agreegen.pdf.parser import parse_value
from agreegen.verification.interface import FoundSignature, Structure
from agreegen.verification.structure import coverage as ranges

_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj")
_MARK = re.compile(rb"/ByteRange|/SubFilter|/DocTimeStamp")
_CONTENTS = re.compile(rb"/Contents[\x00\t\n\x0c\r ]*<")
_BROKEN = message("verification.files-cross-references-cannot-followed-so")
_STOPPED = message("verification.limit-stopped-reading-file-before-what")
_LOOK_BACK = 1 << 16
_MAX_SIGNATURES = 200
_MAX_MARKS = 2000


def scan_wreck(data: bytes, limits: Limits, alarms: list[Alarm], *, undecided: bool) -> Structure:
    """Return what can be said about a file whose cross-references cannot be followed.

    Its signatures are reported with partial coverage: nobody can say what a reader would show. Where a limit
    stopped the reading (`undecided`), that speaks against nothing: nobody has looked.
    """
    signatures = tuple(_found(value, placed=not undecided) for value in _dictionaries(data, limits))
    encrypted = b"/Encrypt" in data[-65536:] or b"/Encrypt" in data[:4096]
    return Structure(
        revisions=(),
        signatures=signatures,
        alarms=tuple(alarms),
        sound=None if undecided or not signatures else False,
        encrypted=encrypted,
        readable=any(alarm.code == "limits" for alarm in alarms) or bool(signatures),
    )


def _dictionaries(data: bytes, limits: Limits) -> list[dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for mark in itertools.islice(_MARK.finditer(data), _MAX_MARKS):
        before = list(_OBJECT.finditer(data, max(0, mark.start() - _LOOK_BACK), mark.start()))
        if not before or before[-1].start() in found:
            continue
        last = before[-1]
        try:
            value, _ = parse_value(data, last.end(), limits.max_depth)
        except StructureError:
            # What looks like a signature and cannot be read is still told of.
            if mark[0] == b"/ByteRange" and _CONTENTS.search(data, last.end(), mark.end() + _LOOK_BACK):
                found[last.start()] = {}
            continue
        if isinstance(value, dict) and is_signature(value):
            found[last.start()] = value
        if len(found) >= _MAX_SIGNATURES:
            break
    return list(found.values())


def _found(value: dict[str, Any], *, placed: bool) -> FoundSignature:
    contents, subfilter = value.get("Contents"), value.get("SubFilter")
    moment: datetime | None = ranges.claimed_time(value.get("M"))
    return FoundSignature(
        field=None,
        kind=ranges.kind_of(value),
        subfilter=subfilter if isinstance(subfilter, str) else None,
        byte_range=ranges.byte_range_of(value.get("ByteRange")),
        contents=contents if isinstance(contents, bytes) else None,
        revision=None,
        coverage=Coverage.PARTIAL,
        changes=Changes.UNKNOWN,
        claimed_time=moment,
        reasons=(_BROKEN if placed else _STOPPED,),
        placed=placed,
    )
