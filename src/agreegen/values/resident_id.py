"""Resident identity numbers (GB 11643-1999, 公民身份号码)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from agreegen.messages import Message, message
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import code_text, fold_width

_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]\Z")
_WITHIN = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9X](?![0-9])")
_WEIGHTS = tuple(2 ** (17 - position) % 11 for position in range(17))
_CHECK_CHARACTERS = "10X98765432"
_EARLIEST_BIRTH = date(1900, 1, 1)

# Province codes of GB/T 2260, 81/82/83 for residents of Hong Kong, Macao and Taiwan, 91 for foreigners.
_PROVINCES = frozenset(
    str(code)
    for codes in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82, 83, 91),
    )
    for code in codes
)


def parse_resident_id(raw: RawValue, *, today: date | None = None) -> str:
    """Parse a resident identity number of 18 characters.

    Checks the form, the birth date and the check character (ISO 7064 MOD 11-2). The region is not checked
    here, because codes come and go; `resident_id_warnings` looks at it.

    Args:
        raw: Text; a spreadsheet's number of this length has lost digits and is refused.
        today: The day after which nobody was born; the present day if absent.

    Raises:
        ValueProblem: Says which part is wrong, without the number.
    """
    text = code_text(raw)
    number = re.sub(r"[\s\-]", "", fold_width(text)).upper()
    if re.fullmatch(r"[0-9]{15}", number):
        raise ValueProblem(
            message("values.15-digit-number-first-generation"), message("values.enter-18-character-number")
        )
    if len(number) != 18:
        raise ValueProblem(
            message("values.id-number-has-18-characters-one", count=len(number)),
            message("values.compare-identity-card"),
        )
    if not _FORM.match(number):
        raise ValueProblem(
            message("values.id-number-17-digits-digit-or"), message("values.compare-identity-card")
        )
    _check_birth(number, today or datetime.now(UTC).date())
    if check_character(number[:17]) != number[17]:
        raise ValueProblem(
            message("values.check-character-wrong-so-digit"), message("values.compare-identity-card")
        )
    return number


def holds_resident_id(text: str) -> bool:
    """Tell whether a valid resident identity number stands anywhere in a text."""
    for found in _WITHIN.finditer(fold_width(text).upper()):
        try:
            parse_resident_id(found.group())
        except ValueProblem:
            continue
        return True
    return False


def resident_id_warnings(number: str) -> tuple[Message, ...]:
    """Name what is odd about a valid number: an unknown region, an end that rounding may have made."""
    warnings = []
    if number[:2] not in _PROVINCES:
        warnings.append(message("values.region-id-number-not-known", number=number[:2]))
    if number.endswith("000"):
        warnings.append(message("values.id-number-ends-000-number-does"))
    return tuple(warnings)


def check_character(first17: str) -> str:
    """Compute the check character of 17 digits (ISO 7064 MOD 11-2; GB 11643-1999, annex A)."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def _check_birth(number: str, today: date) -> None:
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ValueProblem(
            message("values.birth-date-id-number-does-not"), message("values.compare-digits-7-14")
        ) from None
    if not _EARLIEST_BIRTH <= birth <= today:
        raise ValueProblem(
            message("values.birth-date-id-number-cannot-right"), message("values.compare-digits-7-14")
        )
