"""What stands behind the first signed revision has one form, which every reader reads alike.

Readers agree on plain updates and on nothing else: what one repairs, another refuses and a third rebuilds
from whatever looks like an object. So each later revision consists of objects, one cross-reference section
and its end mark, spelled in one way (ISO 32000-1, clause 7.5.6), or it is an alarm. What is in the objects is
judged elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from agreegen.messages import Message, message
from agreegen.pdf import layout
from agreegen.pdf.document import Revision, View
from agreegen.pdf.objects import Ref, Stream, StructureError
from agreegen.pdf.spelling import odd_spelling
from agreegen.pdf.xref import Entry, Section, parse_indirect
from agreegen.verification.structure.canonical_streams import check_containers, check_packing, check_section
from agreegen.verification.structure.whole_form import is_linearized

_TAIL_BYTES = 1024
_MAX_NUMBER = 4_194_304
"""PDFium knows no greater object numbers, MuPDF and others stop at twice as many."""
_MAX_REASONS = 5
_FREE = Entry(0, 0, 65535)
_HEADER = re.compile(rb"%PDF-[12]\.\d[\r\n]")


@dataclass(frozen=True, slots=True)
class _Part:
    """An object of the update: where its head stands, its number and generation by the cross-references."""

    start: int
    number: int
    generation: int


def deviations(old: View, new: View) -> list[Message]:
    """Return in what a later revision is not written in the canonical form, a few reasons at most.

    Args:
        old: The file as it was before the update.
        new: The file with the update.
    """
    return list(islice(_deviations(old, new), _MAX_REASONS))


def _deviations(old: View, new: View) -> Iterator[Message]:
    revision = new.file.revisions[new.index]
    yield from _check_end_before(new, old.file.revisions[old.index])
    if len(revision.sections) != 1 or revision.sections[0].stated is not None:
        yield message("verification.later-revision-more-than-one-cross")
        return
    section = revision.sections[0]
    yield from check_section(old, new, section)
    yield from _check_numbers(old, new, revision)
    parts, problem = _parts(new, revision, section)
    if problem is not None:
        yield problem
        return
    yield from _check_layout(new, revision, section, parts)
    yield from check_containers(old.entries.containers, new)


def is_plain_throughout(views: list[View], last: int) -> bool:
    """Tell whether a file has the canonical form from its first byte to the end of a revision.

    Then readers have nothing to repair, to guess or to rebuild in it, before an update nor after it. Nobody
    is accused where it has not: what a signer found in the file was signed.

    Args:
        views: The views of all revisions.
        last: Index of the revision; those behind it may not be hybrid, linearized or encrypted either.
    """
    file = views[0].file
    sections = [section for revision in file.revisions for section in revision.sections]
    return (
        all(section.hybrid is None and "Encrypt" not in section.trailer for section in sections)
        and not is_linearized(file)
        and _is_plain_beginning(views[0])
        and not any(deviations(views[index], views[index + 1]) for index in range(last))
    )


def _is_plain_beginning(view: View) -> bool:
    """Tell it of the first revision, which is held against nothing."""
    data, revision = view.file.data, view.file.revisions[0]
    section = revision.sections[0]
    size = revision.trailer.get("Size")
    plain = (
        _HEADER.match(data) is not None
        and len(revision.sections) == 1
        and section.stated is None
        and "Prev" not in revision.trailer
        and type(size) is int
        and max(revision.entries, default=0) < size <= _MAX_NUMBER
        and not any(entry.kind and _generation(entry) for entry in revision.entries.values())
    )
    if not plain:
        return False
    parts, problem = _parts(view, revision, section)
    packing = check_packing(view, section.offset) if section.is_stream else ()
    return problem is None and not any(
        (*_check_layout(view, revision, section, parts), *packing, *check_containers(frozenset(), view))
    )


def _check_end_before(new: View, revision: Revision) -> Iterator[Message]:
    """What was signed was found by its own end mark: where readers rebuilt it, an update mends it."""
    data = new.file.data
    place = data.rfind(b"startxref", revision.start, revision.end)
    mark = layout.read_end_mark(data, place) if place >= 0 else None
    if mark is None or mark[1] > revision.end or revision.end - place > _TAIL_BYTES:
        yield message("verification.end-mark-revision-before-update-not")


def _check_numbers(old: View, new: View, revision: Revision) -> Iterator[Message]:
    """/Size is above every number of the chain, and an object keeps its generation."""
    size = revision.trailer.get("Size")
    highest = max(new.entries.highest, *revision.entries, 0)
    if type(size) is not int or not highest < size <= max(_MAX_NUMBER, highest + 1):
        yield message("verification.size-later-revision-not-above-every", highest=highest)
    known = old.trailer.get("Size")
    if max(revision.entries, default=0) >= max(_MAX_NUMBER, known if type(known) is int else 0):
        yield message("verification.object-later-revision-number-some-readers")
    if revision.entries.get(0, _FREE).kind:
        yield message("verification.later-revision-object-number-0")
    for number, entry in revision.entries.items():
        before = old.entries.get(number)
        if entry.kind and _generation(entry) != (_generation(before) if before and before.kind else 0):
            yield message("verification.object-another-generation-later-revision", number=number)


def _generation(entry: Entry) -> int:
    return entry.extra if entry.kind == 1 else 0


def _parts(new: View, revision: Revision, section: Section) -> tuple[list[_Part], Message | None]:
    """Return the objects that the cross-references name, in order; or why they do not name them plainly."""
    data = new.file.data
    found: dict[int, _Part] = {}
    for number, entry in revision.entries.items():
        if entry.kind != 1:
            continue
        start = layout.after_line_end(data, entry.place)
        if not revision.start <= start < revision.end:
            return [], message("verification.entry-object-names-bytes-outside-own", number=number)
        if start in found:
            return [], message(
                "verification.objects-share-one-place", number=found[start].number, number2=number
            )
        found[start] = _Part(start, number, entry.extra)
    for place in _unlisted(section):
        start = layout.after_line_end(data, place)
        head = layout.read_head(data, start)
        if head is None or start < revision.start:
            return [], message("verification.cross-reference-stream-not-where-file")
        found.setdefault(start, _Part(start, head.number, head.generation))
    if len({part.number for part in found.values()}) < len(found):
        return [], message("verification.object-stands-twice-later-revision")
    return [found[start] for start in sorted(found)], None


def _unlisted(section: Section) -> Iterator[int]:
    """Yield the places of cross-reference streams: they need not list themselves."""
    if section.is_stream:
        yield section.offset
    if section.hybrid is not None:
        yield section.hybrid


def _check_layout(new: View, revision: Revision, section: Section, parts: list[_Part]) -> Iterator[Message]:
    """Walk over the bytes of the revision: objects, section, end mark, and nothing besides."""
    position = revision.start
    for part in parts:
        first = position == revision.start
        if layout.end_of_gap(new.file.data, position, revision.end, comments=first) != part.start:
            yield message("verification.something-else-than-object-or-line", position=position)
            return
        position, problem = _check_object(new, revision, part)
        if problem is not None:
            yield problem
            return
    if not section.is_stream:
        problem = _table_problem(new.file.data, position, section, comments=not parts)
        if problem is not None:
            yield problem
            return
        position = section.end
    yield from _check_end(new, revision, position)
    yield from _check_appearances(new.file.data, revision, [part.start for part in parts])


def _table_problem(data: bytes, position: int, section: Section, *, comments: bool) -> Message | None:
    """Return what is odd in the table and the trailer that follow the objects."""
    start = layout.end_of_gap(data, position, section.end, comments=comments)
    head = None if start is None else layout.end_of_table(data, start)
    if head is None or start != layout.after_line_end(data, section.offset):
        return message("verification.no-cross-reference-table-with-entries", position=position)
    odd = odd_spelling(data, head, section.end)
    return None if odd is None else message("verification.trailer-later-revision", odd=odd)


def _check_appearances(data: bytes, revision: Revision, starts: list[int]) -> Iterator[Message]:
    """A reader that rebuilds the file finds the same objects, whatever strings and streams hold."""
    strays = sorted(set(layout.apparent_heads(data, revision.start, revision.end)) ^ set(starts))
    if strays:
        yield message("verification.something-looks-like-object-stands-at", strays=strays[0])


def _check_end(new: View, revision: Revision, position: int) -> Iterator[Message]:
    """The end mark stands behind the section, on lines of its own, where readers look for it."""
    data = new.file.data
    gap = layout.end_of_gap(data, position, revision.end, comments=True)
    mark = layout.read_end_mark(data, gap) if gap is not None else None
    if gap is None or mark is None or mark[1] > revision.end or data[mark[1] : revision.end].strip(b"\r\n"):
        yield message("verification.end-mark-later-revision-not-on", position=position)
        return
    last = new.index == len(new.file.revisions) - 1
    if (len(data) if last else revision.end) - gap > _TAIL_BYTES:
        yield message("verification.end-mark-later-revision-not-within", tail_bytes=_TAIL_BYTES)


def _check_object(new: View, revision: Revision, part: _Part) -> tuple[int, Message | None]:
    """Return the offset behind an object, or what is not canonical in it."""
    data = new.file.data
    head = layout.read_head(data, part.start)
    if head is None or (head.number, head.generation) != (part.number, part.generation):
        return 0, message("verification.object-does-not-begin-as-n", number=part.number)
    try:
        _, _, value, end = parse_indirect(data, part.start, new.file.limits, new.length_of)
    except StructureError as problem:
        return 0, message(
            "verification.object-later-revision-cannot-read", number=part.number, cause=problem.sentence
        )
    text_end = end - len(b"endobj")
    if isinstance(value, Stream):
        text_end = data.rfind(b"stream", head.end, value.start)
        if layout.end_of_stream(data, value.start + len(value.raw)) != end:
            return 0, message("verification.stream-object-does-not-fit-length", number=part.number)
        if not _is_plain_length(new, revision, value.dictionary.get("Length")):
            return 0, message("verification.length-object-no-plain-number-same", number=part.number)
    if not data.startswith(b"endobj", end - 6) or end > revision.end:
        return 0, message("verification.object-later-revision-not-closed-by", number=part.number)
    odd = odd_spelling(data, head.end, text_end)
    return end, None if odd is None else message(
        "verification.object-later-revision", number=part.number, odd=odd
    )


def _is_plain_length(new: View, revision: Revision, length: object) -> bool:
    if not isinstance(length, Ref):
        return type(length) is int
    entry = revision.entries.get(length.num)
    if entry is None or entry.kind != 1 or entry.extra != length.gen:
        return False
    head = layout.read_head(new.file.data, layout.after_line_end(new.file.data, entry.place))
    return head is not None and layout.is_plain_number(new.file.data, head.end)
