"""References between objects (ISO 32000-1, clause 7.3.10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agreegen.pdf.document import View
from agreegen.pdf.objects import Ref, Stream, StructureError, Value
from agreegen.pdf.parser import parse_value

TRAILER = -1
"""Stands for the trailer where an object number is wanted."""
_REFERENCE = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+R(?![A-Za-z])")
_OBJECT = re.compile(rb"[\x00\t\n\x0c\r ]*+\d{1,10}[\x00\t\n\x0c\r ]++\d{1,5}[\x00\t\n\x0c\r ]++obj")
_LOOK_AHEAD = 1 << 16


def references(value: Value) -> Iterator[int]:
    """Yield the number of every object that a value refers to, without following."""
    pending: list[Value] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Ref):
            yield item.num
        elif isinstance(item, Stream):
            pending.append(item.dictionary)
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def raw_references(view: View, number: int) -> list[int]:
    """Return what an object that cannot be parsed seems to refer to: other readers may still read it."""
    location = view.location(number)
    if location is None or location[0] != 1:
        return []
    start, data = location[1] + view.file.shift, view.file.data
    head = _OBJECT.match(data, start)
    if head is None:
        return []
    try:
        return list(references(parse_value(data, head.end(), view.file.limits.max_depth)[0]))
    except StructureError:
        end = data.find(b"endobj", start, start + _LOOK_AHEAD)
        place = end if end > 0 else start + _LOOK_AHEAD
        return [int(found[1]) for found in _REFERENCE.finditer(data, start, place)]
