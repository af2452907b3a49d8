"""Yes or no."""

from __future__ import annotations

from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import fold_width, plain_text

_YES = frozenset({"是", "有", "yes", "y", "true", "1", "√", "✓", "✔"})
_NO = frozenset({"否", "无", "不是", "没有", "no", "n", "false", "0", "×", "✗", "✘"})


def parse_yes_no(raw: RawValue) -> bool:
    """Parse yes or no: 是/否, 有/无, yes/no, true/false, √/×, 1/0.

    Raises:
        ValueProblem: It is neither.
    """
    if isinstance(raw, bool):
        return raw
    text = plain_text(raw)
    word = fold_width(text).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueProblem(f"{quote(text)} is neither yes nor no", "enter 是 or 否")
