"""Sheets row by row: what one row left in a cell is not in the next."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from agreegen.text_cells import lines_of
from agreegen.unit_sheets import Table, write_tables
from agreegen.workbook_file import LINE_PT, MARGIN_PT

_LONG = "豫州市第二次全国污染源普查领导小组办公室" * 3


def test_each_cell_holds_and_looks_as_its_own_value_asks(tmp_path: Path) -> None:
    rows: list[list[str | int]] = [["=1+1", _LONG], [7, ""], ["007", 12], ["", "短"], [_LONG, _LONG]]
    write_tables(tmp_path / "t.xlsx", [Table("表", [("甲", 12), ("乙", 20)], iter(rows))])

    sheet = load_workbook(tmp_path / "t.xlsx").active

    assert sheet is not None
    found = [list(row) for row in sheet.iter_rows(min_row=2)]
    assert [[cell.value or "" for cell in row] for row in found] == rows
    for row, values in zip(found, rows, strict=True):
        for cell, value in zip(row, values, strict=True):
            assert cell.data_type == ("s" if isinstance(value, str) and value else "n")
            assert cell.number_format == ("@" if isinstance(value, str) else "General")
            assert bool(cell.alignment.wrap_text) == (value == _LONG)
    heights = [sheet.row_dimensions[number].height for number in range(2, 7)]
    lines = [round((height - MARGIN_PT) / LINE_PT) for height in heights if height is not None]
    assert lines == [lines_of(_LONG, 20), 1, 1, 1, lines_of(_LONG, 12)]


def test_text_stays_as_it_is_in_every_reader(tmp_path: Path) -> None:
    """Readers take `_x0041_` for an A; sheets are named by units, which may hold any sign."""
    texts = ["_x0041_", " 前后 ", "</t>&amp;", "一\n二", "'=1"]
    unit = '甲&乙 <"示例">'
    write_tables(tmp_path / "t.xlsx", [Table(unit, [("甲", 12)], [[text] for text in texts])] * 2)

    book = CalamineWorkbook.from_path(tmp_path / "t.xlsx")

    assert book.sheet_names == [unit, f"{unit}~2"]
    assert book.get_sheet_by_index(1).to_python() == [["甲"], *([text] for text in texts)]


def test_unit_with_a_name_that_excel_keeps_for_itself(tmp_path: Path) -> None:
    write_tables(tmp_path / "t.xlsx", [Table("History", [("甲", 12)], [["乙"]])])

    assert CalamineWorkbook.from_path(tmp_path / "t.xlsx").sheet_names == ["History~2"]


def test_rows_that_break_off_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads a damaged register hears of it in one sentence, without a traceback of half a sheet."""

    def rows() -> Iterator[tuple[str, str]]:
        yield "T001", "王秀英"
        raise ValueError("damaged")

    unraised: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraised.append)
    with pytest.raises(ValueError, match="damaged"):
        write_tables(tmp_path / "register.xlsx", [Table("a", (("编号", 8), ("姓名", 8)), rows())])
    gc.collect()
    assert unraised == []
    assert list(tmp_path.iterdir()) == []
