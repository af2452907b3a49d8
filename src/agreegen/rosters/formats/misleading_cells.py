"""Cells that are not what they show: errors, formulas without a result, numbers that a format pads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agreegen.rosters.formats.cell_addresses import parse_range

_MOST_SHOWN = 100_000
_CUSTOM_FORMATS = 164
_CODE_PARTS = re.compile(r'"([^"]*)"|\\(.)|(0+)|(\[[^\]]*\])|([^"\\0\[])')
_PLAIN_MARKS = frozenset("-_/ ")


@dataclass(frozen=True, slots=True)
class PaddingPattern:
    """A number format that shows more than is stored: `000000`, or `"HN"0000`.

    Attributes:
        before: Text before the digits.
        digits: Least number of digits.
        after: Text behind them.
    """

    before: str
    digits: int
    after: str

    @classmethod
    def from_code(cls, code: str) -> PaddingPattern | None:
        """Read a format code (ISO/IEC 29500-1, 18.8.31); None for one that shows a number as it is."""
        texts, digits = ["", ""], 0
        for quoted, escaped, zeros, _, other in _CODE_PARTS.findall(code.partition(";")[0]):
            if zeros:
                if digits:
                    return None  # decimals or a date
                digits = len(zeros)
            elif other and other not in _PLAIN_MARKS:
                return None
            else:
                texts[bool(digits)] += quoted or escaped or other
        shows_more = digits > 1 or (digits and any(text.strip() for text in texts))
        return cls(texts[0], digits, texts[1]) if shows_more else None

    def show(self, number: str) -> str | None:
        """Return what a cell shows for a stored whole number, or None where that is the number itself."""
        if not number.isascii() or not number.isdigit():
            return None
        text = f"{self.before}{number.zfill(self.digits)}{self.after}"
        return None if text == number else text


def padding_patterns(elements: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, PaddingPattern]:
    """Return the cell styles that show more than is stored, by the index that cells name them with.

    Args:
        elements: Names and attributes of the elements of the styles part, in order.
    """
    codes: dict[str, PaddingPattern] = {}
    styles: dict[str, PaddingPattern] = {}
    within, index = False, 0
    for name, attributes in elements:
        if name == "numFmt" and attributes.get("numFmtId", "").isdigit():
            pattern = PaddingPattern.from_code(attributes.get("formatCode", ""))
            if pattern is not None and int(attributes["numFmtId"]) >= _CUSTOM_FORMATS:
                codes[attributes["numFmtId"]] = pattern
        elif name in {"cellXfs", "cellStyles", "dxfs"}:
            within = name == "cellXfs"
        elif within and name == "xf":
            if (found := codes.get(attributes.get("numFmtId", ""))) is not None:
                styles[str(index)] = found
            index += 1
    return styles


class CellReader:
    """Follows the elements c, f, v and is of a worksheet (ISO/IEC 29500-1, 18.3.1.4).

    Args:
        patterns: Style index → format that shows more than is stored.

    Attributes:
        broken: Row and column → the error that the cell shows, empty for a formula without a stored result.
        shown: Row and column → what the cell shows in place of the stored number.
    """

    def __init__(self, patterns: Mapping[str, PaddingPattern]) -> None:
        self.broken: dict[tuple[int, int], str] = {}
        self.shown: dict[tuple[int, int], str] = {}
        self._patterns = patterns
        self._cell: str | None = None
        self._kind: str | None = None
        self._style = ""
        self._value = ""
        self._formula = self._inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element."""
        local = name.rpartition(":")[2]
        if local == "c":
            self._cell = attributes.get("r")
            self._kind = attributes.get("t")
            self._style = attributes.get("s", "")
            self._formula, self._value = False, ""
        elif local == "f":
            self._formula = True
        self._inside = local == "v"

    def text(self, data: str) -> None:
        """Take in text."""
        if self._inside:
            self._value += data

    def end(self, name: str) -> None:
        """Take in the end of an element."""
        self._inside = False
        if name.rpartition(":")[2] != "c":
            return
        uncached = self._formula and not self._value and self._kind != "str"
        if uncached or self._kind == "e":
            self._keep(self.broken, self._value)
        elif self._kind in {None, "n"} and (pattern := self._patterns.get(self._style)) is not None:
            text = pattern.show(self._value)
            if text is not None and len(self.shown) < _MOST_SHOWN:
                self._keep(self.shown, text)

    def _keep(self, found: dict[tuple[int, int], str], text: str) -> None:
        if place := parse_range(f"{self._cell}:{self._cell}"):
            found[place.first_row, place.first_column] = text
