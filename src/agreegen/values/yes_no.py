"""Yes or no."""

from __future__ import annotations

import re

from agreegen.messages import message
from agreegen.model.form import Field
from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import fold_width, plain_text
from agreegen.yaml_text import packaged_words

_WORDS = packaged_words("agreegen.values")
_YES, _NO = frozenset(_WORDS["yes"]), frozenset(_WORDS["no"])
_PERSON = re.compile(_WORDS["person"])


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
    stem = _PERSON.sub("", field.label_zh.removeprefix(_WORDS["question"]))
    said = _PERSON.sub("", word)
    if not stem:
        return None
    if said == stem or any(said == degree + stem for degree in _WORDS["degrees"]):
        return True
    return False if any(said == denial + stem for denial in _WORDS["denials"]) else None
