"""未签名单.xlsx: who has not signed, a sheet for each unit, ready to be sent out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agreegen.messages import Message, message, translate
from agreegen.register.coverage import CoverageState
from agreegen.reports.coverage import CoveragePerson
from agreegen.unit_sheets import UnitRow, write_unit_sheets

_COLUMNS = (("number", 6), ("staff-no", 18), ("name", 16), ("unit", 30), ("state", 16), ("detail", 60))
_OPEN = {
    CoverageState.MADE,
    CoverageState.PRINTED,
    CoverageState.REPLACED,
    CoverageState.NO_DOCUMENT,
    CoverageState.UNUSABLE,
    CoverageState.DUPLICATE,
    CoverageState.NAME_DIFFERS,
}
_LANGUAGE = "zh"
"""The list goes to units, whatever the language of who writes it."""


class UnsignedList:
    """Collects the rows that are not signed; only they are kept in memory."""

    def __init__(self) -> None:
        self._units: dict[str, list[tuple[str, str, str, str, str]]] = {}

    def add(self, person: CoveragePerson) -> None:
        """Take in one person; who has signed, or is no longer on the roster, is not listed."""
        if person.state not in _OPEN:
            return
        reason = person.remark
        if person.row is not None and person.state in {CoverageState.UNUSABLE, CoverageState.DUPLICATE}:
            reason = message("reports.unsigned-row", row=person.row, reason=reason)
        word = _said(message(f"reports.unsigned-state.{person.state.value}"))
        row = (person.label, person.name, person.unit or "", word, _said(reason))
        self._units.setdefault(person.unit or _said(message("reports.unsigned-no-unit")), []).append(row)

    def write(self, path: Path) -> None:
        """Write the workbook, readable by its owner only.

        Raises:
            OSError: It cannot be written.
        """
        columns = [(_said(message(f"reports.unsigned-column.{name}")), width) for name, width in _COLUMNS]
        write_unit_sheets(path, columns, self._rows(), empty=_said(message("reports.unsigned-nobody")))

    def _rows(self) -> Iterable[UnitRow]:
        for unit, rows in self._units.items():
            for number, row in enumerate(rows, 1):
                yield unit, (number, *row)


def _said(sentence: Message | str) -> str:
    return translate(sentence, _LANGUAGE)
