"""Exports."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from agreegen.messages import speaking
from agreegen.register.export import export_csv, export_xlsx
from agreegen.register.store import Register


def test_csv_has_every_document(filled: Register, tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    assert export_csv(filled.documents(), path) == 5
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    assert {row["staff_no"] for row in rows} == {f"S{number:04}" for number in range(5)}
    assert {row["id_number"] for row in rows} == {"11010519491231002X"}


def test_ids_can_be_left_out(filled: Register, tmp_path: Path) -> None:
    export_csv(filled.documents(), tmp_path / "register.csv", omit_ids=True)
    text = (tmp_path / "register.csv").read_text("utf-8-sig")
    assert "id_number" not in text
    assert "11010519491231002X" not in text


def test_the_workbook_is_for_people(filled: Register, tmp_path: Path) -> None:
    """Header, states and roles in the reader's words; numbers whole; printed as a table on A4 across."""
    with speaking("zh"):
        assert export_xlsx(filled.documents(), tmp_path / "register.xlsx") == 5
    sheet = load_workbook(tmp_path / "register.xlsx").active
    assert isinstance(sheet, Worksheet)
    header, first = list(sheet.iter_rows(values_only=True))[:2]
    row = dict(zip(header, first, strict=True))
    assert row["身份证号"] == "11010519491231002X"
    assert row["状态"] in {"已生成", "已核验"}
    assert all(re.search("[\u4e00-\u9fff]", str(title)) for title in header)
    printed = header[: column_index_from_string(str(sheet.print_area).split("$")[3])]
    assert {"姓名（名称）", "状态", "已签"} <= set(printed)
    assert not {"身份证号", "文件哈希（SHA-256）"} & set(printed)
    widths = [sheet.column_dimensions[get_column_letter(each)].width for each in range(1, len(printed) + 1)]
    assert sum(widths) < 160, "at more than this the letters are smaller than 9 points"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.freeze_panes, sheet.page_setup.orientation) == ("A2", "landscape")
    assert sheet.auto_filter.ref.startswith("A1:")
    assert all(cell.data_type in "sn" for cell in sheet[2])


def test_a_csv_for_people_has_their_header_and_one_for_programs_the_names(
    filled: Register, tmp_path: Path
) -> None:
    with speaking("zh"):
        export_csv(filled.documents(), tmp_path / "people.csv", for_people=True)
        export_csv(filled.documents(), tmp_path / "programs.csv")
    assert "身份证号" in (tmp_path / "people.csv").read_text("utf-8-sig").splitlines()[0]
    assert "id_number" in (tmp_path / "programs.csv").read_text("utf-8-sig").splitlines()[0]
