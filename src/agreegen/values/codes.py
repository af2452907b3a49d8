"""Staff numbers and administrative division codes."""

from __future__ import annotations

import re

from agreegen.messages import message
from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.resident_id import holds_resident_id
from agreegen.values.text import code_text, fold_width

_STAFF_NO = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_DIVISION_CODE = re.compile(r"[1-9][0-9]{5,11}\Z")


def parse_staff_no(raw: RawValue) -> str:
    """Parse a staff number of letters, digits, `_` and `-`, at most 64; it becomes part of file names.

    Raises:
        ValueProblem: It holds another character, is too long, or is or holds a resident ID number.
    """
    text = code_text(raw)
    number = fold_width(text)
    if not _STAFF_NO.match(number):
        raise ValueProblem(
            message("values.not-staff-number", text=quote(text)), message("values.use-up-64-letters-z-digits")
        )
    if holds_resident_id(number):
        raise ValueProblem(
            message("values.id-number-which-file-names-would"),
            message("values.give-people-numbers-their-own-id"),
        )
    return number


def parse_division_code(raw: RawValue) -> str:
    """Parse an administrative division code of 6 to 12 digits (GB/T 2260, GB/T 10114).

    Raises:
        ValueProblem: It is not such a code.
    """
    text = code_text(raw)
    code = re.sub(r"\s", "", fold_width(text))
    if not _DIVISION_CODE.match(code):
        raise ValueProblem(
            message("values.not-division-code", text=quote(text)),
            message("values.enter-6-12-digits-such-410101"),
        )
    return code
