"""What must hold of the whole file, signed bytes included, once anything stands behind them.

A signer signs what is in the file, traps included: a reference that only generous readers see, or a length
that comes true with a later update. These rules name the traps; nobody has an honest use for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agreegen.messages import Message, message
from agreegen.pdf import layout
from agreegen.pdf.document import PdfFile, View
from agreegen.pdf.objects import LimitError, Ref, Stream, StructureError, Value
from agreegen.pdf.spelling import odd_reference
from agreegen.pdf.xref import Entry, parse_indirect

_LINEARIZED = re.compile(b"/" + b"".join(b"(?:%c|#%02x|#%02X)" % (c, c, c) for c in b"Linearized"))
_HEAD_BYTES = 1024
_OTHER_GENERATION = re.compile(rb" [1-9]\d{0,4} R")
_OBJECT = re.compile(rb"(?<!\d)\d{1,10}[\x00\t\n\x0c\r ]+\d{1,5}[\x00\t\n\x0c\r ]+obj")


@dataclass(frozen=True, slots=True)
class _Behind:
    """What stands behind the first signed revision.

    Attributes:
        last: The view of the whole file.
        before: The view of the first signed revision.
        numbers: Objects that are written, named or freed behind it.
        generations: Whether any object has another generation than 0.
    """

    last: View
    before: View
    numbers: frozenset[int]
    generations: bool


def odd_object(views: list[View], first: int) -> int | None:
    """Return the number of an object, of any revision, in which a reference is not one to all readers.

    It is not exactly `n g R`; or it names another generation than the object has, which some readers do not
    care for, and comes behind the first signed revision or leads to what was changed there.

    Args:
        views: The views of all revisions.
        first: Index of the first signed one.
    """
    seen: set[tuple[int, int, int]] = set()
    numbers = frozenset[int]().union(*(_own(view).keys() for view in views[first + 1 :]))
    generations = any(entry.kind == 1 and entry.extra for view in views for entry in _own(view).values())
    behind = _Behind(views[-1], views[first], numbers, generations)
    for view in views:
        for number in _own(view):
            place = view.location(number)
            if place is None or place in seen:
                continue
            seen.add(place)
            if _is_odd(view, number, place, behind):
                return number
    return None


def _own(view: View) -> dict[int, Entry]:
    """Return the entries of a view's own revision: together they are those of all revisions."""
    return view.file.revisions[view.index].entries


def _is_odd(view: View, number: int, place: tuple[int, int, int], behind: _Behind) -> bool:
    try:
        if place[0] == 2:
            data, index = view.container(view.entries[number].place)
            head = index[place[2]][1]
            end = min((start for _, start in index if start > head), default=len(data))
        else:
            data = view.file.data
            head, end = _text_of_object(view, number, place[1])
    except LimitError:
        raise
    except (StructureError, IndexError):
        return False
    if odd_reference(data, head, end) is not None:
        return True
    if not behind.numbers or not (behind.generations or _OTHER_GENERATION.search(data, head, end)):
        return False
    return _misses(behind, view, number)


def _text_of_object(view: View, number: int, start: int) -> tuple[int, int]:
    """Return where an object's text begins and ends, without head and stream; nothing where there is none."""
    data = view.file.data
    try:
        value = view.value(number)
        end = value.start if isinstance(value, Stream) else view.file.ends[start]
    except LimitError:
        raise
    except (StructureError, KeyError):
        end = data.find(b"endobj", start)
    head = layout.after_loose_head(data, start)
    return (end, end) if head is None else (head, end)


def _misses(behind: _Behind, view: View, number: int) -> bool:
    """Tell whether an object refers to another generation than an object has that is new or was changed."""
    wrong = _wrong(behind.last, view.readable_value(number))
    if view.index > behind.before.index:
        known = _wrong(behind.last, behind.before.readable_value(number))
        return bool(wrong - known) or not behind.numbers.isdisjoint(wrong)
    return not behind.numbers.isdisjoint(wrong)


def _wrong(last: View, value: Value) -> set[int]:
    """Return the numbers that a value names with another generation than their objects have."""
    found: set[int] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Ref):
            place = last.location(item.num)
            if place is not None and item.gen != (place[2] if place[0] == 1 else 0):
                found.add(item.num)
        elif isinstance(item, Stream):
            pending.extend(item.dictionary.values())
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return found


def is_linearized(file: PdfFile) -> bool:
    """Tell whether a file says, where readers look for it, that it can be read from its beginning."""
    return _LINEARIZED.search(file.data, 0, _HEAD_BYTES) is not None


def linearization_problem(file: PdfFile) -> Message | None:
    """Return why the linearization dictionary could come true at another length of the file.

    Readers that load while they download (ISO 32000-1, annex F) trust `/L`: where it equals the file's
    length, they read the cross-references at the beginning and not those at the end. So it must be the end of
    the revision whose `startxref` names the section behind that dictionary.
    """
    found = _LINEARIZED.search(file.data, 0, _HEAD_BYTES)
    if found is None:
        return None
    length, section = _stated(file, found.start())
    for revision in file.revisions:
        named = layout.after_line_end(file.data, revision.sections[0].name)
        if named == section and length is not None and _is_end(file.data, length, revision.end):
            return None
    return message("verification.linearization-dictionary-does-not-state-length")


def _stated(file: PdfFile, mark: int) -> tuple[int | None, int | None]:
    """Return `/L` of the dictionary around a place, and where the first thing behind its object stands."""
    heads = list(_OBJECT.finditer(file.data, 0, mark))
    if not heads:
        return None, None
    try:
        _, _, value, end = parse_indirect(file.data, heads[-1].start(), file.limits)
    except StructureError:
        return None, None
    length = value.get("L") if isinstance(value, dict) else None
    behind = layout.after_white(file.data, end)
    return length if type(length) is int else None, behind


def _is_end(data: bytes, length: int, end: int) -> bool:
    return length <= end and data[length:end] in (b"", b"\r", b"\n", b"\r\n")
