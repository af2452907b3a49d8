"""未签名单.xlsx: who has not signed, a sheet for each unit, ready to be sent out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agreegen.messages import translate
from agreegen.register.coverage import CoverageState
from agreegen.reports.coverage import CoveragePerson
from agreegen.unit_sheets import UnitRow, write_unit_sheets

__all__ = ["UnsignedList"]

_NO_UNIT = "（未填单位）"
_EVERYBODY = "全部已签"
_COLUMNS = (("序号", 6), ("编号", 18), ("姓名", 16), ("单位", 30), ("状态", 16), ("说明", 60))
_STATES = {
    CoverageState.MADE: "已制作，未签",
    CoverageState.PRINTED: "已打印，未签",
    CoverageState.REPLACED: "已换新版，未重签",
    CoverageState.NO_DOCUMENT: "尚无文书",
    CoverageState.UNUSABLE: "名单有误，待更正",
    CoverageState.DUPLICATE: "编号重复",
    CoverageState.NAME_DIFFERS: "姓名与文书不符",
}


class UnsignedList:
    """Collects the rows that are not signed; only they are kept in memory."""

    def __init__(self) -> None:
        self._units: dict[str, list[tuple[str, str, str, str, str]]] = {}

    def add(self, person: CoveragePerson) -> None:
        """Take in one person; who has signed, or is no longer on the roster, is not listed."""
        word = _STATES.get(person.state)
        if word is None:
            return
        reason = translate(person.standing.reason or "", "zh")
        if person.row is not None and person.state in {CoverageState.UNUSABLE, CoverageState.DUPLICATE}:
            reason = f"名单第 {person.row} 行：{reason}"
        row = (person.label, person.name, person.unit or "", word, reason)
        self._units.setdefault(person.unit or _NO_UNIT, []).append(row)

    def write(self, path: Path) -> None:
        """Write the workbook, readable by its owner only.

        Raises:
            OSError: It cannot be written.
        """
        write_unit_sheets(path, _COLUMNS, self._rows(), empty=_EVERYBODY)

    def _rows(self) -> Iterable[UnitRow]:
        for unit, rows in self._units.items():
            for number, row in enumerate(rows, 1):
                yield unit, (number, *row)
