"""Yes or no."""

from __future__ import annotations

import re

from agreegen.messages import message
from agreegen.model.form import Field
from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import fold_width, plain_text

_YES = frozenset({"是", "有", "yes", "y", "true", "1", "√", "✓", "✔"})
_NO = frozenset({"否", "无", "不是", "没有", "no", "n", "false", "0", "×", "✗", "✘"})


_QUESTION = "是否"
_DENIALS = ("非", "不", "未", "无")
_PERSON = re.compile(r"(?:工作)?人员\Z|人\Z")
_DEGREES = ("核心", "重要", "一般")


def parse_yes_no(field: Field, raw: RawValue) -> bool:
    """Parse yes or no: 是/否, 有/无, yes/no, true/false, √/×, 1/0, and the field's own words.

    For a field 是否涉密, 涉密 and 涉密人员 mean yes, 重要涉密人员 too, 非涉密 and 不涉密 no.

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
    answer = _own_words(field, word)
    if answer is None:
        raise ValueProblem(message("values.neither-yes-nor-no", text=quote(text)), message("values.enter-or"))
    return answer


def _own_words(field: Field, word: str) -> bool | None:
    stem = _PERSON.sub("", field.label_zh.removeprefix(_QUESTION))
    said = _PERSON.sub("", word)
    if not stem:
        return None
    if said == stem or any(said == degree + stem for degree in _DEGREES):
        return True
    return False if any(said == denial + stem for denial in _DENIALS) else None
