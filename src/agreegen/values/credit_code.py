"""Unified social credit codes (GB 32100-2015, 统一社会信用代码)."""

from __future__ import annotations

import re

from agreegen.messages import message
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import code_text, fold_width


def parse_credit_code(raw: RawValue) -> str:
    """Parse a unified social credit code of 18 characters.

    Raises:
        ValueProblem: Length, characters or check character are wrong (GB 32100-2015, clause 5).
    """
    from stdnum.cn import uscc  # noqa: PLC0415 - takes long to load, and few forms have such a field
    from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError  # noqa: PLC0415 - the same

    text = code_text(raw)
    code = re.sub(r"[\s\-]", "", fold_width(text)).upper()
    try:
        return str(uscc.validate(code))
    except InvalidLength:
        raise ValueProblem(
            message("values.credit-code-has-18-characters-one", count=len(code)),
            message("values.compare-licence"),
        ) from None
    except InvalidChecksum:
        raise ValueProblem(
            message("values.check-character-wrong-so-character"), message("values.compare-licence")
        ) from None
    except ValidationError:
        raise ValueProblem(
            message("values.credit-code-eight-digits-then-digits"),
            message("values.compare-licence"),
        ) from None
