"""Who refers to whom: needed to see whether a rewritten object is used anywhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value
from agreegen.pdf.parser import parse_value

TRAILER = -1
Edge = tuple[int, tuple[str | int, ...]]
_REFERENCE = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+R(?![A-Za-z])")
_UNNAMED_TRAILER_KEYS = frozenset(
    {"Prev", "XRefStm", "Length", "Filter", "DecodeParms", "W", "Index", "Size"}
)
_OBJECT = re.compile(rb"[\x00\t\n\x0c\r ]*+\d{1,10}[\x00\t\n\x0c\r ]++\d{1,5}[\x00\t\n\x0c\r ]++obj")
_LOOK_AHEAD = 1 << 16


def references(value: Value) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    """Yield the number and the path of every reference in a value."""
    pending: list[tuple[Value, tuple[str | int, ...]]] = [(value, ())]
    while pending:
        item, path = pending.pop()
        if isinstance(item, Ref):
            yield item.num, path
        elif isinstance(item, Stream):
            pending.append((item.dictionary, path))
        elif isinstance(item, dict):
            pending.extend((child, (*path, key)) for key, child in item.items() if type(child) in _CONTAINERS)
        elif isinstance(item, list):
            pending.extend(
                (child, (*path, at)) for at, child in enumerate(item) if type(child) in _CONTAINERS
            )


_CONTAINERS = (Ref, dict, list, Stream)


class Graph:
    """The references between the objects of one revision, brought forward from revision to revision."""

    def __init__(self) -> None:
        self.by_target: dict[int, set[Edge]] = {}
        self._by_source: dict[int, list[tuple[int, tuple[str | int, ...]]]] = {}

    def load(self, view: View) -> None:
        """Read all objects of a view."""
        for number in list(view.numbers()):
            self.put(view, number)
        self._put(TRAILER, _trailer_references(view))

    def advance(self, view: View, changed: set[int]) -> None:
        """Bring the graph to the next view, in which these objects changed."""
        for number in changed:
            self.put(view, number)
        self._put(TRAILER, _trailer_references(view))

    def put(self, view: View, number: int) -> None:
        """Read one object again."""
        try:
            value = view.value(number)
        except LimitError:
            raise
        except StructureError:
            self._put(number, _raw_references(view, number))
            return
        if isinstance(value, Stream) and value.dictionary.get("Type") in ("XRef", "ObjStm"):
            self._put(number, [])
        else:
            self._put(number, list(references(value)))

    def _put(self, source: int, found: list[tuple[int, tuple[str | int, ...]]]) -> None:
        for target, path in self._by_source.pop(source, ()):
            self.by_target[target].discard((source, path))
        if found:
            self._by_source[source] = found
        for target, path in found:
            self.by_target.setdefault(target, set()).add((source, path))

    def edges(self, number: int) -> set[Edge]:
        """Return the references to an object: source and path in it."""
        return self.by_target.get(number, set())


def _trailer_references(view: View) -> list[tuple[int, tuple[str | int, ...]]]:
    kept = {key: value for key, value in view.trailer.items() if key not in _UNNAMED_TRAILER_KEYS}
    return list(references(kept))


def _raw_references(view: View, number: int) -> list[tuple[int, tuple[str | int, ...]]]:
    """An object that cannot be parsed may still be read by others: take what can be had, or looks like it."""
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
        return [(int(m[1]), ("?",)) for m in _REFERENCE.finditer(data, start, place)]
