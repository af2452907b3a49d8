"""Rows that are no person: totals, notes below the table, repeated headers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agreegen.values import RawValue
from agreegen.values.text import fold_width, is_empty

_TOTAL = re.compile(
    r"(?:合计|总计|小计|共计|累计|总数|本页小计)(?:人数)?:?\d*[人名个]?\Z|共\d+[人名]\Z|(?:sub)?total:?\Z"
)
_NOTE = re.compile(
    r"(?:注|备注|说明|附注|填表说明|填表人|填报人|制表|制表人|审核|审核人|负责人|联系人|联系电话|填报日期|日期)\d*:"
)


def is_total(row: Sequence[RawValue]) -> bool:
    """Tell whether a row is a total: its first cell with content says 合计, 总计, 小计 or the like."""
    first = _first_text(row)
    return bool(first and _TOTAL.match(first))


def is_note(row: Sequence[RawValue]) -> bool:
    """Tell whether a row is a note below the table, such as 填表人：张三."""
    first = _first_text(row)
    return bool(first and _NOTE.match(first))


def _first_text(row: Sequence[RawValue]) -> str | None:
    for cell in row:
        if not is_empty(cell):
            return "".join(fold_width(cell).split()).casefold() if isinstance(cell, str) else None
    return None
