"""The cross-references and object streams of a later revision, in the form that every reader reads alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from agreegen.messages import Message, message
from agreegen.pdf.document import Revision, View
from agreegen.pdf.filters import decode
from agreegen.pdf.objects import Ref, Stream, StructureError, Value, same
from agreegen.pdf.spelling import odd_spelling
from agreegen.pdf.xref import Section, parse_indirect, read_section

_CONTAINER_KEYS = frozenset({"Type", "N", "First", "Length", "Filter", "DecodeParms"})
_SECTION_KEYS = frozenset(
    {"Type", "Size", "Index", "Prev", "W", "Root", "Info", "ID", "Encrypt", "Length", "Filter", "DecodeParms"}
)
_PACKINGS: tuple[Value, ...] = (None, "FlateDecode", ["FlateDecode"])
_MOST_BYTES_OF_A_NUMBER = 8


def check_section(old: View, new: View, section: Section) -> Iterator[Message]:
    """Yield what is odd in a later revision's cross-references: where they lead, how they are packed."""
    previous = section.trailer.get("Prev")
    if type(previous) is not int or previous != old.file.revisions[old.index].sections[0].name:
        yield message("verification.prev-later-revision-not-whole-number")
    if "Encrypt" in old.trailer or "Encrypt" in section.trailer:
        yield from encryption_changes(old.trailer, section.trailer)
        encryption = old.trailer.get("Encrypt")
        if isinstance(encryption, Ref) and encryption.num in section.entries:
            yield message("verification.encryption-dictionary-written-again")
    if section.is_stream:
        yield from check_packing(new, section.offset)
        yield from _check_previous(new, section.offset, section.trailer)
    if section.hybrid is not None:
        yield from check_packing(new, section.hybrid)
        yield from _check_previous(new, section.hybrid, section.trailer)
        yield from _check_hybrid(new, section, section.hybrid)


def encryption_changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[Message]:
    """Yield what was changed of that from which the key follows: with another one, readers see other text."""
    if not same(before.get("Encrypt"), after.get("Encrypt")):
        yield message("verification.trailers-encrypt-changed")
    if not same(_first_id(before), _first_id(after)):
        yield message("verification.first-part-id-encrypted-file-changed")


def _first_id(trailer: dict[str, Any]) -> Value:
    found = trailer.get("ID")
    return found[0] if isinstance(found, list) and found else found


def check_packing(new: View, place: int) -> Iterator[Message]:
    """Yield what is odd in a cross-reference stream: it has the rows that it states, of three known types.

    MuPDF rebuilds a file whose ranges of numbers go beyond what it knows, even where they are empty.
    """
    _, _, stream, _ = parse_indirect(new.file.data, place, new.file.limits)
    widths, size = stream.dictionary["W"], stream.dictionary.get("Size")
    index = stream.dictionary.get("Index", [0, size])
    if stream.dictionary.keys() - _SECTION_KEYS or stream.dictionary.get("Filter") not in _PACKINGS:
        yield message("verification.cross-reference-stream-later-revision-other")
    if type(size) is not int or not _lie_within(_ranges(index), size):
        yield message("verification.cross-reference-stream-later-revision-names")
    body = decode(stream, new.file.limits.max_stream_bytes)
    row = sum(widths)
    if max(widths) > _MOST_BYTES_OF_A_NUMBER or len(body) != row * sum(index[1::2]):
        yield message("verification.cross-reference-stream-later-revision-other-2")
    elif _greatest_type(body, row, widths[0]) > 2:
        yield message("verification.cross-reference-stream-later-revision-rows")


def _check_previous(new: View, place: int, trailer: dict[str, Any]) -> Iterator[Message]:
    """The stream and the trailer name the same section before."""
    _, _, stream, _ = parse_indirect(new.file.data, place, new.file.limits)
    previous = stream.dictionary.get("Prev", trailer.get("Prev"))
    if type(previous) is not int or previous != trailer.get("Prev"):
        yield message("verification.prev-cross-reference-stream-another-than")


def _lie_within(ranges: Iterable[tuple[int, int]], size: int) -> bool:
    return all(count and first + count <= size for first, count in ranges)


def _greatest_type(body: bytes, row: int, width: int) -> int:
    """Return the greatest type of an entry; without a field for it, all are of type 1."""
    if width == 0:
        return 1
    return max((int.from_bytes(body[at : at + width], "big") for at in range(0, len(body), row)), default=1)


def _ranges(index: list[int]) -> Iterator[tuple[int, int]]:
    return zip(index[::2], index[1::2], strict=True)


def _check_hybrid(new: View, section: Section, place: int) -> Iterator[Message]:
    """Some readers follow /XRefStm and some do not: both have to find the same."""
    number, _, _, _ = parse_indirect(new.file.data, place, new.file.limits)
    listed = read_section(new.file.data, place, new.file.limits).entries
    shown = {n: entry for n, entry in listed.items() if n not in (0, number)}
    table = {n: entry for n, entry in section.entries.items() if n not in (0, number)}
    if section.veiled or section.added - {0, number} or shown != table:
        yield message("verification.table-xrefstm-name-different-objects-later")


def check_containers(known: frozenset[int], new: View) -> Iterator[Message]:
    """Yield what is odd in the object streams of a later revision.

    Args:
        known: Numbers of the object streams that were there before.
        new: The file with the revision.
    """
    revision = new.file.revisions[new.index]
    for number in sorted(known & revision.entries.keys()):
        yield message("verification.object-stream-replaced-under-what-lies", number=number)
    containers: dict[int, dict[int, int]] = {}
    for number, entry in revision.entries.items():
        if entry.kind == 2:
            containers.setdefault(entry.place, {})[number] = entry.extra
    for number, entry in revision.entries.items():
        if entry.kind == 1 and number not in containers and _is_container(new.value(number)):
            yield message("verification.object-stream-later-revision-not-named", number=number)
    for number, members in containers.items():
        yield from _check_container(new, revision, number, members)
    if containers:
        yield from _check_references(new, set(containers))


def _is_container(value: Value) -> bool:
    return isinstance(value, Stream) and value.dictionary.get("Type") == "ObjStm"


def _check_container(
    new: View, revision: Revision, number: int, members: dict[int, int]
) -> Iterator[Message]:
    entry = revision.entries.get(number)
    if entry is None or entry.kind != 1:
        yield message("verification.later-revision-uses-object-stream-not", number=number)
        return
    try:
        body, index = new.container(number)
    except StructureError as problem:
        yield problem.sentence
        return
    stream = new.value(number)
    if not stream.dictionary.keys() <= _CONTAINER_KEYS or stream.dictionary.get("Filter") not in _PACKINGS:
        yield message("verification.object-stream-later-revision-extends-another", number=number)
    if members != {member: place for place, (member, _) in enumerate(index)} or len(members) != len(index):
        yield message("verification.object-stream-later-revision-holds-other", number=number)
    odd = _odd_members(body, [start for _, start in index])
    if odd is not None:
        yield message("verification.object-stream-later-revision", number=number, odd=odd)


def _odd_members(body: bytes, starts: list[int]) -> Message | None:
    """Return what is odd in the objects of a decoded object stream."""
    if starts != sorted(starts):
        return message("verification.objects-not-order")
    spans = zip(starts, [*starts[1:], len(body)], strict=True)
    return next((odd for start, end in spans if (odd := odd_spelling(body, start, end)) is not None), None)


def _check_references(new: View, containers: set[int]) -> Iterator[Message]:
    """An object stream is nothing else: a reference to it would give it a second role."""
    pending: list[Value] = [new.trailer, *(new.readable_value(number) for number in new.numbers())]
    while pending:
        value = pending.pop()
        if isinstance(value, Ref) and value.num in containers:
            yield message("verification.object-stream-later-revision-used-for", num=value.num)
            containers.discard(value.num)
        elif isinstance(value, Stream):
            pending.extend(value.dictionary.values())
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
