"""Rows that are no person: totals, notes below the table, repeated headers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agreegen.values.problem import RawValue
from agreegen.values.text import fold_width, is_empty
from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.rosters")
_TOTAL, _NOTE = re.compile(_WORDS["total"]), re.compile(_WORDS["note"])


def is_total(row: Sequence[RawValue]) -> bool:
    """Tell whether a row is a total: its first cell with content says 合计, 总计, 小计 or the like."""
    first = _first_text(row)
    return bool(first and _TOTAL.match(first))


def is_note(row: Sequence[RawValue]) -> bool:
    """Tell whether a row is a note below the table, such as 填表人：张三."""
    first = _first_text(row)
    return bool(first and _NOTE.match(first))


def is_footer(row: Sequence[RawValue]) -> bool:
    """Tell whether a note goes over several cells: 填表人：张三 beside 审核人：李四, or label | name."""
    if not is_note(row):
        return False
    labels = [text for text in map(_folded, row) if text and _NOTE.match(text)]
    return len(labels) > 1 or labels[0].endswith(":")


def _first_text(row: Sequence[RawValue]) -> str | None:
    for cell in row:
        if not is_empty(cell):
            return _folded(cell)
    return None


def _folded(cell: RawValue) -> str | None:
    return "".join(fold_width(cell).split()).casefold() if isinstance(cell, str) else None
