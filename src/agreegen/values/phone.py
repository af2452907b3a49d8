"""Phone numbers: mobile, landline with area code and extension, service numbers, international."""

from __future__ import annotations

import re

from agreegen.messages import message
from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import code_text, fold_width
from agreegen.yaml_text import packaged_words

_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc\u2500_]")
_EXTENSION = re.compile(packaged_words("agreegen.values")["extension"], re.IGNORECASE)
_MOBILE = re.compile(r"1[3-9]\d{9}\Z")
# Area codes are 010, 02x, or 03xx to 09xx; local numbers have 7 or 8 digits and never begin with 0.
_LANDLINE = re.compile(r"(010|02\d|0[3-9]\d\d)([1-9]\d{6,7})\Z")
_DASHED = re.compile(r"(?:(010|02\d|0[3-9]\d\d)-?)?([1-9]\d{6,7})(?:-(\d{1,6}))?\Z")
_SERVICE = re.compile(r"([48]00)(\d{3})(\d{4})\Z")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}\Z")
_REMEDY = message("values.enter-one-number-such-13800000000-or")


def parse_phone(raw: RawValue) -> str:
    """Parse one phone number.

    Mobile numbers come out as eleven digits, landlines as `0371-60000000` or `0371-60000000-801`, numbers
    abroad as `+` and digits (ITU-T E.164).

    Raises:
        ValueProblem: It is no phone number, or more than one.
    """
    text = code_text(raw)
    compact = re.sub(r"[\s().（）]", "", _DASHES.sub("-", fold_width(text)))
    extension = ""
    if found := _EXTENSION.search(compact):
        extension, compact = found.group(1), compact[: found.start()].rstrip("-,;")
    compact = re.sub(r"^(?:\+|00)86-?", "", compact)
    if (
        compact
        and compact[0] in "12"
        and re.match(r"(?:10|2\d)-?[2-9]", compact)
        and text.lstrip().startswith(("+86", "0086"))
    ):
        compact = "0" + compact  # +86 10 … is written without the trunk zero
    number = _normalise(compact, extension)
    if number is None:
        raise ValueProblem(message("values.not-phone-number", text=quote(text)), _REMEDY)
    return number


def _normalise(compact: str, extension: str) -> str | None:
    suffix = f"-{extension}" if extension else ""
    digits = compact.replace("-", "")
    if _MOBILE.match(digits) and not extension:
        return digits
    if landline := _DASHED.match(compact):
        parts = [part for part in (*landline.groups(), extension) if part]
        twice = bool(landline[3] and extension)
        return None if twice else "-".join(parts)
    if landline := _LANDLINE.match(digits):
        return f"{landline.group(1)}-{landline.group(2)}{suffix}"
    if service := _SERVICE.match(digits):
        return "-".join(service.groups()) + suffix
    if _INTERNATIONAL.match(digits):
        return digits + suffix
    return None
