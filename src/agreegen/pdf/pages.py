"""The pages of a document, in order (ISO 32000-1, clause 7.7.3)."""

from __future__ import annotations

from agreegen.pdf.document import View
from agreegen.pdf.objects import LimitError, Ref, Value

_MAX_NODES = 200_000


def page_numbers(view: View) -> list[int]:
    """Return the object numbers of the pages in order.

    Raises:
        LimitError: The page tree has too many nodes.
        StructureError: A node cannot be read.
    """
    found: list[int] = []
    seen: set[int] = set()
    pending: list[Value] = [view.catalog.get("Pages")]
    while pending:
        item = pending.pop()
        if not isinstance(item, Ref) or item.num in seen:
            continue
        seen.add(item.num)
        if len(seen) > _MAX_NODES:
            raise LimitError(f"the page tree has more than {_MAX_NODES} nodes")
        kids = view.resolve(view.dictionary(item).get("Kids"))
        if isinstance(kids, list):
            pending.extend(reversed(kids))
        else:
            found.append(item.num)
    return found
