"""Which objects differ between two revisions."""

from __future__ import annotations

from agreegen.messages import Message, message
from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, StructureError, Value, same


def _generation(view: View, number: int) -> int | None:
    """References to another generation lead nowhere, so it is part of what an object is."""
    location = view.location(number)
    return None if location is None else location[2] if location[0] == 1 else 0


def changed_objects(old: View, new: View) -> tuple[set[int], list[Message]]:
    """Return the numbers of the objects that differ between two views, and what could not be read."""
    candidates = set(new.file.revisions[new.index].entries)
    replaced = {n for n in candidates if old.location(n) != new.location(n)}
    if replaced & old.entries.containers:
        candidates |= {n for n, entry in old.entries.items() if entry.kind == 2 and entry.place in replaced}
    changed: set[int] = set()
    problems: list[Message] = []
    for number in candidates:
        if old.location(number) == new.location(number):
            continue
        try:
            after = new.value(number)
        except LimitError:
            raise
        except StructureError as problem:
            problems.append(
                message("pdf.object-later-revision-cannot-read", number=number, cause=problem.sentence)
            )
            changed.add(number)
            continue
        if _generation(old, number) != _generation(new, number) or not _was(old, number, after):
            changed.add(number)
    return changed, problems


def _was(old: View, number: int, after: Value) -> bool:
    """Tell whether an object had this value before; what could not be read had none."""
    try:
        return same(old.value(number), after)
    except StructureError:
        return False
