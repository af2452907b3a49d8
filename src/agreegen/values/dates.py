"""Dates in the shapes in which offices write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from agreegen.messages import message
from agreegen.values.masking import quote
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.text import fold_width, plain_text
from agreegen.yaml_text import packaged_words

_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 12, 31)
_SERIAL_EPOCH = date(1899, 12, 30)  # the 1900 system, right from 1 March 1900 on
_MAC_EPOCH = date(1904, 1, 1)
_COMPACT_FROM = 1_000_000  # from here on, a number may be a date such as 20180510
_SERIALS = range(
    18_172, 73_051
)  # 1 October 1949 to 31 December 2099: narrower, so that a stray number stands out
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_TIME = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_SEPARATED = re.compile(rf"(\d{{4}})\s*[-./]\s*(\d{{1,2}})\s*[-./]\s*(\d{{1,2}})\.?{_TIME}\Z")
_WORDS = packaged_words("agreegen.values")["dates"]
_FIGURES = re.compile(rf"{_WORDS['figures']}{_TIME}\Z")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})\Z")
_HAN_DIGITS: str = _WORDS["digits"]
_HAN_DATE = re.compile(_WORDS["characters"])
_ZEROS = str.maketrans(dict.fromkeys(_WORDS["zeros"], _HAN_DIGITS[0]))
_INNER_SPACES = re.compile(_WORDS["spaces"])
_REMEDY = message("values.enter-2018-05-10-or-2018")


def parse_date(raw: RawValue) -> date:
    """Parse a date.

    Knows 2018-05-10, 2018.5.10, 2018/05/10, 20180510, 2018年5月10日, 二〇一八年五月十日 (also with 零 or ○),
    dates with a time of day (dropped), a spreadsheet's dates and its serial numbers in the 1900 system.

    Raises:
        ValueProblem: It is no such date, does not exist, or lies outside 1900 to 2100.
    """
    if isinstance(raw, datetime):
        return _bounded(raw.date())
    if isinstance(raw, date):
        return _bounded(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _from_number(raw)
    text = plain_text(raw)
    folded = _INNER_SPACES.sub("", _DASHES.sub("-", fold_width(text)))
    for pattern in (_SEPARATED, _FIGURES, _COMPACT):
        if found := pattern.match(folded):
            year, month, day = (int(part) for part in found.groups())
            return _existing(year, month, day, text)
    if found := _HAN_DATE.match(re.sub(r"\s", "", text).translate(_ZEROS)):
        return _from_han(found, text)
    if re.fullmatch(r"\d{5}", folded):
        return _from_number(int(folded))
    raise ValueProblem(message("values.not-date", text=quote(text)), _REMEDY)


def date_from_1904(raw: RawValue) -> RawValue:
    """Return the date of a bare number in a workbook whose dates count from 1904; other values as they are.

    A number that is no day between 1949 and 2099 comes back as a text that `parse_date` refuses, so that it
    is never taken for a day of the 1900 system.
    """
    text = raw.strip() if isinstance(raw, str) else ""
    number = float(text) if re.fullmatch(r"[0-9]{5}", text) else raw
    if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < _COMPACT_FROM:
        return raw
    day = _MAC_EPOCH + timedelta(days=int(number))
    known = (day - _SERIAL_EPOCH).days in _SERIALS
    return day if known else f"{number:g} (counted from 1904)"


def _from_number(number: float) -> date:
    whole = int(number) if abs(number) < 10**9 else 0
    if whole in _SERIALS:
        return _SERIAL_EPOCH + timedelta(days=whole)
    if whole == number and (found := _COMPACT.match(str(whole))):
        year, month, day = (int(part) for part in found.groups())
        return _existing(year, month, day, str(whole))
    raise ValueProblem(message("values.number-not-date-between-1949-2099", number=quote(number)), _REMEDY)


def _from_han(found: re.Match[str], text: str) -> date:
    year = int("".join(str(_HAN_DIGITS.index(char)) for char in found.group(1)))
    month, day = _han_number(found.group(2)), _han_number(found.group(3).removeprefix(_WORDS["early"]))
    if month is None or day is None:
        raise ValueProblem(message("values.not-date", text=quote(text)), _REMEDY)
    return _existing(year, month, day, text)


def _han_number(text: str) -> int | None:
    if text in _WORDS["first_month"]:
        return 1
    for short, long in _WORDS["tens"].items():
        text = text.replace(short, long)
    tens, ten, units = text.rpartition(_WORDS["ten"])
    if any(len(part) > 1 or part not in _HAN_DIGITS for part in (tens, units)) or not text:
        return None
    value = _HAN_DIGITS.index(units) if units else 0
    if ten:
        value += 10 * (_HAN_DIGITS.index(tens) if tens else 1)
    return value


def _existing(year: int, month: int, day: int, text: str) -> date:
    try:
        return _bounded(date(year, month, day))
    except ValueError:
        raise ValueProblem(message("values.date-does-not-exist", text=quote(text)), _REMEDY) from None


def _bounded(value: date) -> date:
    if not _EARLIEST <= value <= _LATEST:
        raise ValueProblem(
            message("values.year-cannot-right", year=value.year),
            message("values.enter-date-between-1900-2100"),
        )
    return value
