"""Every byte of a later revision has to belong to something that its cross-references name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agreegen.verification.structure.document import View
from agreegen.verification.structure.objects import StructureError
from agreegen.verification.structure.parser import SKIP
from agreegen.verification.structure.xref import parse_indirect

_SKIP = re.compile(SKIP)
_STARTXREF = re.compile(rb"startxref[\x00\t\n\x0c\r ]+\d{1,12}(?=[\x00\t\n\x0c\r ])")
_MAX_REASONS = 5


def unaccounted(view: View) -> Iterator[str]:
    """Yield what stands in the bytes of a revision without being named by its cross-references.

    An object that nothing points to is either rubbish or waits to be shown by another reader.
    """
    file = view.file
    revision = file.revisions[view.index]
    sections = {_after_white(file.data, section.offset): section.end for section in revision.sections}
    known = {entry.place + file.shift for entry in revision.entries.values() if entry.kind == 1}
    known |= {section.hybrid for section in revision.sections if section.hybrid is not None}
    # Some writers name the line end before an object.
    known |= {_after_white(file.data, place) for place in known}
    position, count = revision.start, 0
    while count < _MAX_REASONS:
        gap = _SKIP.match(file.data, position, revision.end)
        position = gap.end() if gap else position
        if position >= revision.end:
            return
        if position in sections:
            position = sections[position]
            continue
        mark = _STARTXREF.match(file.data, position, revision.end)
        if mark:
            position = mark.end()
            continue
        end = file.ends.get(position - file.shift)
        if end is None or position not in known:
            try:
                number, _, _, end = parse_indirect(file.data, position, file.limits, view.length_of)
            except StructureError:
                yield f"bytes were added at {position} that belong to no object"
                return
            if position not in known:
                count += 1
                yield f"object {number} was added at byte {position}, which no cross-reference names"
        position = end


def _after_white(data: bytes, position: int) -> int:
    gap = _SKIP.match(data, position)
    return gap.end() if gap else position
