"""Finding every signature dictionary: by the form of each revision, and from the raw bytes, independently."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from agreegen.messages import message
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.fields import SignatureFields
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value, same
from agreegen.pdf.parser import Watch, parse_value
from agreegen.pdf.xref import parse_indirect


def _any_spelling(name: str) -> bytes:
    """Return a pattern for a name however its characters are written (`#xx`)."""
    return b"/" + b"".join(b"(?:%c|#%02x|#%02X)" % (c, c, c) for c in name.encode())


_MARKS = re.compile(b"|".join(_any_spelling(name) for name in ("ByteRange", "SubFilter", "DocTimeStamp")))
_PLAIN_MARKS = re.compile(rb"/(?:ByteRange|SubFilter|DocTimeStamp)")
_ESCAPED = re.compile(rb"/[A-Za-z]*#[0-9A-Fa-f]{2}")
_OBJECT_BEFORE = re.compile(rb"(\d{1,10})[\x00\t\n\x0c\r ]+(\d{1,5})[\x00\t\n\x0c\r ]+obj")
_MAX_SIGNATURES = 2000
_LOOK_BACK = 1 << 16


@dataclass(slots=True, eq=False)
class Candidate:
    """A signature dictionary, wherever it came from.

    Attributes:
        value: The dictionary.
        place: Offset of the object that holds it, or None if it lies in an object stream.
        number: Its object number; None where it is a direct object of another.
        names: Field names by the index of the revision whose form declares it.
        usage_rights: Whether it is the usage rights signature of `/Perms /UR3`.
        readable: Whether it could be read at all.
    """

    value: dict[str, Any]
    place: int | None
    number: int | None
    names: dict[int, str] = field(default_factory=dict)
    usage_rights: bool = False
    readable: bool = True


def find_candidates(file: PdfFile, views: list[View]) -> tuple[list[Candidate], list[str]]:
    """Return all signature dictionaries and the names of the current form's empty signature fields.

    Raises:
        LimitError: There are too many.
    """
    found: dict[object, Candidate] = {}
    empty: list[str] = []
    form = SignatureFields()
    for view in views:
        empty = _declared(view, form, found)
    for candidate in _scan_bytes(file, views):
        key = _key(candidate)
        known = found.get(key)
        if known is None:
            found[key] = candidate
        if len(found) > _MAX_SIGNATURES:
            raise LimitError(message("pdf.file-more-than-signatures", max_signatures=_MAX_SIGNATURES))
    for candidate in _scan_object_streams(views):
        found.setdefault(_key(candidate), candidate)
    _mark_usage_rights(views, found)
    return _without_copies(found.values()), empty


def _without_copies(found: Iterable[Candidate]) -> list[Candidate]:
    """Leave out dictionaries that a later revision wrote again under the same number, the same throughout."""
    kept: list[Candidate] = []
    by_number: dict[int, list[Candidate]] = {}
    for candidate in sorted(found, key=lambda item: item.place or 0):
        twins = by_number.setdefault(candidate.number, []) if candidate.number is not None else []
        first = next((twin for twin in twins if same(twin.value, candidate.value)), None)
        if first is None or not candidate.readable:
            kept.append(candidate)
            twins.append(candidate)
            continue
        first.names = {**candidate.names, **first.names}
        first.usage_rights = first.usage_rights or candidate.usage_rights
    return kept


def _key(candidate: Candidate) -> object:
    if candidate.number is None:
        return (candidate.place, repr(sorted(candidate.value.items(), key=lambda item: item[0]))[:4096])
    return (candidate.place, candidate.number)


def _place(view: View, ref: Ref) -> int | None:
    location = view.location(ref.num)
    return location[1] + view.file.shift if location is not None and location[0] == 1 else None


def _declared(view: View, form: SignatureFields, found: dict[object, Candidate]) -> list[str]:
    empty: list[str] = []
    try:
        fields = form.of(view)
    except LimitError:
        raise
    except StructureError:
        return empty
    for item in fields:
        holder = item.value.get("V")
        try:
            value = view.resolve(holder)
        except StructureError:
            value = False
        if value is None:
            empty.append(item.name)
            continue
        readable = isinstance(value, dict)
        if not readable:
            value = {}
        number = holder.num if isinstance(holder, Ref) else None
        place = _place(view, holder) if isinstance(holder, Ref) else None
        if number is None and item.ref is not None:
            place = _place(view, item.ref)
        candidate = Candidate(value, place, number, readable=readable)
        known = found.setdefault(_key(candidate), candidate)
        # One signature may fill several fields; the first names it.
        known.names.setdefault(view.index, item.name)
    return empty


def _mark_usage_rights(views: list[View], found: dict[object, Candidate]) -> None:
    for view in views:
        try:
            rights = view.dictionary(view.catalog.get("Perms"))
        except StructureError:
            continue
        for key in ("UR3", "UR"):
            holder = rights.get(key)
            wanted = (_place(view, holder), holder.num) if isinstance(holder, Ref) else None
            for place, candidate in found.items():
                if not candidate.names and (place == wanted or candidate.value is holder):
                    candidate.usage_rights = True


def _scan_bytes(file: PdfFile, views: list[View]) -> Iterator[Candidate]:
    """Look for the names that only signature dictionaries have, in the raw bytes of the whole file."""
    data = file.data
    marks = _MARKS if _ESCAPED.search(data) else _PLAIN_MARKS
    starts = _starts(file, views)
    offsets = sorted(starts)
    done: set[int] = set()
    ends: dict[int, int] = {-1: -1}
    strays = 0
    for mark in marks.finditer(data):
        index = bisect_right(offsets, mark.start()) - 1
        start = offsets[index] if index >= 0 else -1
        if start not in ends:
            parsed = _parse_at(file, start, starts[start])
            ends[start] = -1 if parsed is None else parsed[2]
            if parsed is not None and parsed[2] > mark.start():
                yield from _dictionaries(parsed[1], start, parsed[0])
        if ends[start] > mark.start():
            continue
        strays += 1
        if strays > _MAX_SIGNATURES:
            raise LimitError(
                message("pdf.file-more-than-stray-traces-signatures", max_signatures=_MAX_SIGNATURES)
            )
        yield from _orphans(file, mark.start(), done, max(start, 0))


def _starts(file: PdfFile, views: list[View]) -> dict[int, View]:
    """Return where objects begin by the cross-references, each with the newest view that says so."""
    return {
        entry.place + file.shift: view
        for view in views
        for entry in file.revisions[view.index].entries.values()
        if entry.kind == 1
    }


def _parse_at(file: PdfFile, start: int, view: View) -> tuple[int, Value, int] | None:
    try:
        number, generation, value, end = parse_indirect(file.data, start, file.limits, view.length_of)
    except LimitError:
        raise
    except StructureError:
        return None
    if file.decrypt is not None and not isinstance(value, Stream):
        value = file.decrypt(value, number, generation)
    return number, file.parsed.get((1, start - file.shift, generation), value), end


def _orphans(file: PdfFile, mark: int, done: set[int], floor: int) -> Iterator[Candidate]:
    """Parse the object around a mark that no cross-reference points to."""
    before = list(_OBJECT_BEFORE.finditer(file.data, max(floor, mark - _LOOK_BACK), mark))
    if not before or before[-1].start() in done:
        return
    last = before[-1]
    done.add(last.start())
    try:
        value, _ = parse_value(file.data, last.end(), file.limits.max_depth)
    except LimitError:
        raise
    except StructureError:
        return
    yield from _dictionaries(value, last.start(), int(last[1]))


def _dictionaries(value: Value, place: int | None, number: int | None) -> Iterator[Candidate]:
    """Yield the signature dictionaries in a value, at any depth."""
    pending: list[tuple[Value, bool]] = [(value, True)]
    while pending:
        item, top = pending.pop()
        if isinstance(item, Stream):
            continue
        if isinstance(item, dict):
            if is_signature(item):
                yield Candidate(item, place, number if top else None)
            pending.extend((child, False) for child in item.values() if isinstance(child, dict | list))
        elif isinstance(item, list):
            pending.extend((child, False) for child in item if isinstance(child, dict | list))


def is_signature(value: dict[str, Any]) -> bool:
    """Tell whether a dictionary is a signature dictionary by what stands in it."""
    if "ByteRange" in value:
        return True
    return "Contents" in value and (value.get("Type") in ("Sig", "DocTimeStamp") or "SubFilter" in value)


def _scan_object_streams(views: list[View]) -> Iterator[Candidate]:
    for view in views:
        containers = {e.place for e in view.file.revisions[view.index].entries.values() if e.kind == 2}
        for container in containers:
            try:
                body, index = view.container(container)
            except LimitError:
                raise
            except StructureError:
                continue
            if not _MARKS.search(body):
                continue
            for number, start in index:
                try:
                    value, _ = parse_value(body, start, view.file.limits.max_depth)
                except StructureError:
                    continue
                yield from _dictionaries(value, None, number)


def contents_span(file: PdfFile, candidate: Candidate, gap_start: int) -> int | None:
    """Return the end of the hexadecimal string at `gap_start` if it is the candidate's own `/Contents`."""
    if candidate.place is None:
        return None
    head = _OBJECT_BEFORE.match(file.data, candidate.place) or _OBJECT_BEFORE.search(
        file.data, candidate.place, candidate.place + 64
    )
    if head is None:
        return None
    watch = Watch(gap_start)
    try:
        parse_value(file.data, head.end(), file.limits.max_depth, watch)
    except StructureError:
        return None
    if watch.holder is None or watch.key != "Contents":
        return None
    same_range = watch.holder.get("ByteRange") == candidate.value.get("ByteRange")
    return watch.end if same_range else None
