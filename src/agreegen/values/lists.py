"""Lists: several items in one field; numbering and punctuation are the template's affair."""

from __future__ import annotations

import re

from agreegen.messages import message
from agreegen.model.form import Field
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import parse_text, plain_text

_SEPARATORS = re.compile(r"[\r\n；;]+")
_NUMBERING = re.compile(r"\s*(?:\d{1,3}\s*[.．、)）](?!\d)|[（(]\d{1,3}[)）]|[①-⑳])\s*")
_END = re.compile(r"[\s；;。]+\Z")
_MOST_ITEMS = 500


def parse_list(field: Field, raw: RawValue) -> tuple[str, ...]:
    """Parse a list: items of a sequence, or the lines of a text (also separated by ；).

    Leading numbers and a closing ； or 。 are dropped, because the template sets them.

    Raises:
        ValueProblem: An item is too long, given twice, or holds a forbidden character; or there are none.
    """
    parts = raw if isinstance(raw, tuple) else _SEPARATORS.split(plain_text(raw))
    items: list[str] = []
    for part in parts:
        text = _END.sub("", _NUMBERING.sub("", part, count=1) if _NUMBERING.match(part) else part).strip()
        if not text:
            continue
        try:
            item = parse_text(field, text)
        except ValueProblem as exc:
            raise ValueProblem(
                message("values.item", len=len(items) + 1, cause=exc.problem), exc.remedy
            ) from None
        if item in items:
            raise ValueProblem(
                message("values.item-repeats-item", count=len(items) + 1, item=items.index(item) + 1),
                message("values.give-each-item-once"),
            )
        items.append(item)
    if not items:
        raise ValueProblem(message("values.list-has-no-items"), message("values.give-least-one"))
    if len(items) > _MOST_ITEMS:
        raise ValueProblem(
            message("values.list-has-items", count=len(items)),
            message("values.most-fit", most_items=_MOST_ITEMS),
        )
    return tuple(items)
