"""Rows that are no person: totals, notes below the table, repeated headers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agreegen.values.problem import RawValue
from agreegen.values.text import fold_width, is_empty
from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.rosters")
_TOTAL, _NOTE = re.compile(_WORDS["total"]), re.compile(_WORDS["note"])


def first_text(row: Sequence[RawValue]) -> str | None:
    """Return the first cell with content, folded; None where there is none, or it is no text."""
    return next((_folded(cell) for cell in row if not is_empty(cell)), None)


def is_total(first: str | None) -> bool:
    """Tell whether a row whose first text this is is a total: it says 合计, 总计, 小计 or the like."""
    return bool(first and _TOTAL.match(first))


def is_note(first: str | None) -> bool:
    """Tell whether a row whose first text this is is a note below the table, such as 填表人：张三."""
    return bool(first and _NOTE.match(first))


def is_footer(row: Sequence[RawValue]) -> bool:
    """Tell whether a note goes over several cells: 填表人：张三 beside 审核人：李四, or label | name."""
    labels = [text for text in map(_folded, row) if is_note(text)]
    return len(labels) > 1 or str(labels[0]).endswith(":")


def _folded(cell: RawValue) -> str | None:
    return "".join(fold_width(cell).split()).casefold() if isinstance(cell, str) else None
