"""Whether values of two revisions are the same, down to the last object that they reach."""

from __future__ import annotations

from dataclasses import dataclass

from agreegen.pdf.document import View
from agreegen.pdf.objects import Ref, Stream, Value, same

_MAX_PAIRS = 20_000
_Open = list[tuple[Value, Value]]


@dataclass(frozen=True, slots=True, eq=False)
class Equality:
    """Compares values of two views.

    Attributes:
        old: The view of the left values.
        new: The view of the right values.
        touched: Numbers of the objects that changed and of all that own them.
    """

    old: View
    new: View
    touched: frozenset[int]

    def kept(self, one: Value, two: Value) -> bool:
        """Tell whether two values say the same; the same reference does, whatever happened behind it.

        What is behind a reference that stayed is judged by its own role.
        """
        return same(one, two) or self._deep(one, two, frozenset())

    def untouched(self, one: Value, two: Value) -> bool:
        """Tell whether two values are the same with everything that hangs on them."""
        return self._deep(one, two, self.touched)

    def _deep(self, one: Value, two: Value, touched: frozenset[int]) -> bool:
        pending: _Open = [(one, two)]
        seen = set[tuple[Value, Value]]()
        while pending:
            left, right = pending.pop()
            if isinstance(left, Ref) or isinstance(right, Ref):
                if left == right and isinstance(left, Ref) and left.num not in touched:
                    continue
                if isinstance(left, Ref) and isinstance(right, Ref):
                    if (left, right) in seen:
                        continue
                    seen.add((left, right))
                    if len(seen) > _MAX_PAIRS:
                        return False
                left, right = self.old.resolve(left), self.new.resolve(right)
            if not _same_level(left, right, pending):
                return False
        return True


def _same_level(left: Value, right: Value, pending: _Open) -> bool:
    """Compare two resolved values without their children, which go onto the list."""
    if isinstance(left, Stream) and isinstance(right, Stream):
        if left.raw != right.raw:
            return False
        one, two = left.dictionary, right.dictionary
        pending.extend((one.get(k), two.get(k)) for k in (one.keys() | two.keys()) - {"Length"})
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        pending.extend((left.get(k), right.get(k)) for k in left.keys() | right.keys())
        return True
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        pending.extend(zip(left, right, strict=True))
        return True
    return same(left, right)
