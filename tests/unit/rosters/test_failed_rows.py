"""The rows that failed, and reading them again."""

from __future__ import annotations

import stat
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.model.form import Form
from agreegen.rosters.failed_rows import write_failed_rows
from agreegen.rosters.formats.csv_files import guard, unguard
from agreegen.rosters.roster import open_roster

from .conftest import HEADER, ID_A, ID_B

ROWS = [
    ("HN0001", "张伟", ID_A, "=1+1局", "是"),
    ("HN 2", "王\x07芳", ID_B, "-示例\n局", "否"),
    ("0003", "李娜", "", "'@局", ""),
]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_can_be_run_again_as_they_are(tmp_path: Path, form: Form, suffix: str) -> None:
    first = write_failed_rows(tmp_path / "out" / "failed-rows", HEADER, [(row, "坏; bad") for row in ROWS])
    path = next(path for path in first if path.suffix == suffix)
    roster = open_roster(path, form, sheet="人员")
    assert roster.header == HEADER
    rows = list(roster.rows())
    assert [row.failed for row in rows] == [False, True, False]
    assert rows[0].values["unit"] == "=1+1局"
    assert rows[2].values["unit"] == "'@局"
    assert rows[2].staff_no == "0003"
    assert rows[0].id_number == ID_A
    assert not any("失败原因" in str(c) for c in roster.check())
    again = write_failed_rows(
        tmp_path / "again", roster.header, [(row.cells, str(row.reason)) for row in rows]
    )
    assert again[0].read_text(encoding="utf-8-sig").count("失败原因") == 1


def test_is_private_and_safe_to_open(tmp_path: Path) -> None:
    csv_path, xlsx_path = write_failed_rows(tmp_path / "failed-rows", HEADER, [(row, "=bad") for row in ROWS])
    for path in (csv_path, xlsx_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert csv_path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert ",'=1+1局," in csv_path.read_text(encoding="utf-8-sig")
    sheet = openpyxl.load_workbook(xlsx_path).worksheets[0]
    for line in sheet.iter_rows():
        for cell in line:
            assert cell.value is None or (cell.data_type == "s" and cell.number_format == "@")
    assert sorted(tmp_path.iterdir()) == [csv_path, xlsx_path]


def test_nothing_half_written_when_the_rows_break_off(tmp_path: Path) -> None:
    def rows() -> object:
        yield ROWS[0], "bad"
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_failed_rows(tmp_path / "failed-rows", HEADER, rows())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=20) | st.from_regex(r"'{0,3}[=+\-@\t]?.{0,5}", fullmatch=True))
def test_guard_is_undone(text: str) -> None:
    guarded = guard(text)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r"))
    if not text.startswith('="'):
        assert unguard(guarded) == text


def test_the_sheet_opens_ready_to_be_mended(tmp_path: Path) -> None:
    """Numbers are seen whole, the header stays in sight, the reason is read in full, and it prints on A4."""
    reason = "公民身份号码 F16：校验码不符，说明有一位写错（请与身份证核对），并在名册中改正后再运行"
    _, xlsx_path = write_failed_rows(tmp_path / "failed-rows", HEADER, [(row, reason) for row in ROWS])
    sheet = openpyxl.load_workbook(xlsx_path).worksheets[0]
    assert sheet.freeze_panes == "A2"
    wide = [column for column in sheet.column_dimensions.values() if column.width >= 18]
    places = [(column.min or 0, column.max or 0) for column in wide]
    assert {number for first, last in places for number in range(first, last + 1)} >= set(range(1, 7))
    last = sheet.cell(2, len(HEADER) + 1)
    assert (last.value, last.alignment.wrap_text, sheet.page_setup.orientation) == (reason, True, "landscape")
    assert sheet.row_dimensions[2].height == pytest.approx(35, abs=0.75), (
        "two lines: not every program finds that out by itself"
    )
