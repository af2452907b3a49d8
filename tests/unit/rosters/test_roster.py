"""Rosters as offices make them."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from agreegen.errors import InputError
from agreegen.model.complaint import ComplaintsError, Severity
from agreegen.model.form import Form
from agreegen.rosters.formats import workbooks
from agreegen.rosters.formats.csv_files import unguard
from agreegen.rosters.roster import Roster, open_roster
from agreegen.rosters.row import RosterRow

from .conftest import HEADER, ID_A, ID_B, make_form

Make = Callable[..., Path]
PERSON = ("HN0001", "张伟", ID_A, "示例市统计局", "是")
OTHER = ("HN0002", "王芳", ID_B, "示例市统计局", "否")

CELL_TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12)


def errors(roster: Roster) -> list[str]:
    return [str(c) for c in roster.check() if c.severity is Severity.ERROR]


def warnings(roster: Roster) -> list[str]:
    return [str(c) for c in roster.check() if c.severity is Severity.WARNING]


@pytest.mark.parametrize("stream", [False, True])
def test_reads_an_office_workbook(make_xlsx: Make, form: Form, monkeypatch: Any, stream: bool) -> None:
    if stream:
        monkeypatch.setattr(workbooks, "STREAM_ABOVE_BYTES", 0)
    path = make_xlsx(
        [
            ("示例市普查人员名册", None, None, None, None),
            (None, None, None, None, None),
            ("编　号*", "姓 名", "身份证号码\n(18位)", "工作单位", "是否涉密："),
            ("ＨＮ０００１", "张 伟", ID_A, "示例市 统计局", "是"),
            (None, None, None, None, None),
            ("HN0002", "阿卜杜热合曼•买买提", ID_B, None, "否"),
            ("合 计", "2人", None, None, None),
            ("填表人：赵敏", None, None, None, None),
        ],
        merges=["A1:E1", "D4:D6"],
    )
    roster = open_roster(path, form)
    rows = list(roster.rows())
    assert [row.number for row in rows] == [4, 6]
    assert dict(rows[0].values) == {
        "pledger_name": "张伟",
        "staff_no": "HN0001",
        "id_number": ID_A,
        "unit": "示例市统计局",
        "holds_state_secrets": True,
    }
    assert rows[1].values["pledger_name"] == "阿卜杜热合曼·买买提"
    assert rows[1].values["unit"] == "示例市统计局", "the merged cell holds for both rows"
    assert errors(roster) == []
    assert roster.count == 2
    assert any("note" in text and "row 8" in text for text in warnings(roster))


@pytest.mark.parametrize(
    "footer",
    [
        ("填表人：赵敏", None, "审核人：钱进", None, "填表日期：2018年5月10日"),
        ("填表人：", "赵敏", "审核人：", "钱进", None),
        ("单位负责人（签字）：", "孙丽", None, "填报单位：示例市统计局", None),
        ("经 办 人：赵敏", "复核人：钱进", None, None, None),
    ],
)
def test_a_footer_over_several_cells_is_no_person(
    make_xlsx: Make, form: Form, footer: tuple[str | None, ...]
) -> None:
    roster = open_roster(make_xlsx([HEADER, ("HN0001", "张伟", ID_A, None, "是"), footer]), form)
    assert [row.number for row in roster.rows()] == [2]
    assert errors(roster) == []
    assert any("note" in text and "row 3" in text for text in warnings(roster))


def test_cells_beyond_the_last_header_are_told(make_csv: Make, form: Form) -> None:
    path = make_csv(
        [
            ("编号", "姓名", "单位"),
            ("HN1", "张伟", "某局"),
            ("HN2", "李娜", "某市", "某局"),
            ("HN3", "王芳", "某局", ""),
        ]
    )
    (told,) = warnings(open_roster(path, form))
    assert "rows 3)" in told
    assert "comma" in told


def test_a_person_with_a_remark_in_the_first_column_is_kept(make_xlsx: Make, form: Form) -> None:
    rows = [("备注", *HEADER), ("备注：新进", "HN0001", "张伟", ID_A, None, "是")]
    assert [row.staff_no for row in open_roster(make_xlsx(rows), form).rows()] == ["HN0001"]


def test_names_the_cell_sheet_and_label_and_masks_ids(make_xlsx: Make, form: Form) -> None:
    wrong = ID_A[:-1] + "9"
    path = make_xlsx([("名册",), HEADER, PERSON, ("HN 2", "王芳", wrong, "局" * 300, "也许")])
    (row,) = [row for row in open_roster(path, form).rows() if row.failed]
    cells = {c.location.cell: c for c in row.complaints}
    assert set(cells) == {"A4", "C4", "D4", "E4"}
    assert cells["C4"].location.sheet == "人员"
    assert cells["C4"].location.label == "身份证号"
    assert wrong not in "".join(map(str, row.complaints))
    assert "也许" in str(cells["E4"])


@pytest.mark.parametrize("stream", [False, True])
def test_refuses_ids_that_lost_digits(make_xlsx: Make, form: Form, monkeypatch: Any, stream: bool) -> None:
    if stream:
        monkeypatch.setattr(workbooks, "STREAM_ABOVE_BYTES", 0)
    path = make_xlsx([HEADER, ("HN0001", "张伟", int(ID_A), "单位", "是"), (7, "王芳", ID_B, "单位", True)])
    roster = open_roster(path, form)
    (text,) = errors(roster)
    assert "C2" in text
    assert "lost" in text
    first, second = roster.rows()
    assert re.fullmatch(r"4\.19900E\+17", first.cells[2]), "no digits are made up for failed-rows"
    assert second.values["staff_no"] == "7"
    assert second.values["holds_state_secrets"] is True


@pytest.mark.parametrize("stream", [False, True])
def test_reads_dates_and_cached_formulas(tmp_path: Path, form: Form, monkeypatch: Any, stream: bool) -> None:
    if stream:
        monkeypatch.setattr(workbooks, "STREAM_ABOVE_BYTES", 0)
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["编号", "姓名", "承诺日期"])
    sheet.append(["HN1", "张伟", datetime.date(2018, 5, 10)])
    sheet.append(["HN2", "王芳", 43230])
    sheet.append(["HN3", '="李"&"娜"', "二〇一八年五月十日"])
    path = tmp_path / "r.xlsx"
    workbook.save(path)
    rows = list(open_roster(path, form).rows())
    assert [row.values.get("pledge_date") for row in rows] == [datetime.date(2018, 5, 10)] * 3
    (complaint,) = rows[2].complaints
    assert complaint.location.cell == "B4"
    assert "formula" in str(complaint.problem)
    assert rows[0].cells == ("HN1", "张伟", "2018-05-10")


def test_rows_that_share_a_number_all_fail_and_names_only_warn(make_csv: Make, form: Form) -> None:
    path = make_csv(
        [
            HEADER,
            ("HN0001", "张伟", ID_A, "", ""),
            ("ｈｎ０００１", "王芳", "", "", ""),
            ("HN0003", "张 伟", ID_A, "", ""),
            ("HN0004", "李娜", ID_B, "", ""),
        ]
    )
    roster = open_roster(path, form)
    assert [row.failed for row in roster.rows()] == [True, True, True, False]
    assert [row.failed for row in open_roster(path, form, limit=1).rows()] == [True], "also beyond the limit"
    found = errors(roster)
    assert any("A2" in text and "row 3" in text for text in found)
    assert any("C4" in text and "row 2" in text for text in found)
    assert not any("姓名" in text for text in warnings(roster)), "what an error says is not said twice"


def test_names_are_doubted_only_where_nothing_else_tells_the_people_apart(make_csv: Make, form: Form) -> None:
    path = make_csv(
        [
            HEADER,
            ("HN1", "张伟", ID_A, "", ""),
            ("HN2", "张伟", ID_B, "", ""),
            ("HN3", "王芳", "", "一处", ""),
            ("HN4", "王芳", "", "二处", ""),
            ("HN5", "李娜", "", "一处", ""),
            ("HN6", "李 娜", ID_B[:-1], "一处", ""),
            ("HN7", "周杰", "", "", ""),
            ("HN8", "周杰", "", "", ""),
        ]
    )
    rows = {row.number: row for row in open_roster(path, form).rows()}
    doubted = [
        n for n, row in rows.items() if any("different people" in str(c.remedy) for c in row.complaints)
    ]
    assert doubted == [6, 7, 8, 9]


def test_needs_a_number_in_every_row_and_a_column_for_it(make_csv: Make, form: Form) -> None:
    path = make_csv([HEADER, ("", "张伟", "", "单位", ""), ("", "王芳", ID_B, "", "")])
    first, second = open_roster(path, form).rows()
    assert first.failed
    assert second.id_number == ID_B
    assert not second.failed
    with pytest.raises(InputError, match=r"no column tells the rows apart.*姓名, 电话"):
        open_roster(make_csv([("姓名", "电话"), ("张伟", "1")], name="n.csv"), form)
    with pytest.raises(InputError, match=r"required columns are missing: 姓名.*编号, 单位"):
        open_roster(make_csv([("编号", "单位"), ("1", "局")], name="m.csv"), form)
    with pytest.raises(InputError, match="no header row"):
        open_roster(make_csv([("a", "b"), ("1", "局")], name="h.csv"), form)


def test_columns_defaults_and_limit(make_csv: Make, form: Form) -> None:
    path = make_csv([("No", "Who", "姓名"), ("1", "张伟", "x"), ("2", "王芳", "y"), ("3", "李娜", "z")])
    roster = open_roster(
        path,
        form,
        columns={"pledger_name": "Ｗ ho", "staff_no": "no"},
        defaults={"pledge_date": "2018-05-10", "unit": "示例局"},
        limit=2,
    )
    rows = list(roster.rows())
    assert [row.values["pledger_name"] for row in rows] == ["张伟", "王芳"]
    assert {row.values["pledge_date"] for row in rows} == {datetime.date(2018, 5, 10)}
    assert roster.count == 2
    assert any("姓名" in text and "C1" in text for text in warnings(roster))
    with pytest.raises(InputError, match="states for unit"):
        open_roster(path, form, columns={"unit": "没有"})
    with pytest.raises(InputError, match="no field unitt") as caught:
        open_roster(path, form, columns={"unitt": "No"})
    assert caught.value.hint == "did you mean unit?"
    with pytest.raises(ComplaintsError, match="does not exist"):
        open_roster(path, form, defaults={"pledge_date": "2018-02-30"})
    with pytest.raises(ComplaintsError, match="tells rows apart"):
        open_roster(path, form, defaults={"staff_no": "1"})


def test_two_columns_for_one_field_are_refused(make_csv: Make, form: Form) -> None:
    path = make_csv([("编号", "工号", "姓名"), ("1", "2", "张伟")])
    with pytest.raises(InputError, match="编号 and 工号"):
        open_roster(path, form)
    (row,) = open_roster(path, form, columns={"staff_no": "工号"}).rows()
    assert row.values["staff_no"] == "2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_encodings_and_separators(make_csv: Make, form: Form, encoding: str, separator: str) -> None:
    path = make_csv([("名册,一;二",), HEADER, PERSON, OTHER], encoding=encoding, separator=separator)
    roster = open_roster(path, form)
    assert [row.values["pledger_name"] for row in roster.rows()] == ["张伟", "王芳"]
    assert errors(roster) == []


def test_gb18030_of_older_tables_is_read_by_the_2022_edition(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "r.csv"
    text = (
        "编号,姓名\r\nHN1,李".encode("gb18030")
        + b"\xfe\x59"
        + "\r\nHN2,㛃阿·买".encode("gb18030")
        + b"\r\nHN3,"
    )
    path.write_bytes(text + "王".encode("gb18030") + b"\xfe\x51\r\n")
    rows = list(open_roster(path, form).rows())
    assert rows[0].values["pledger_name"] == "李\u9fb4"
    assert rows[1].values["pledger_name"] == "㛃阿·买"
    assert "U+E816" in str(rows[2].reason)
    assert "𠂇" in str(rows[2].reason)


def test_csv_damage_is_named(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "r.csv"
    path.write_text('编号,姓名\n1,"张伟\n2,王芳\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"line \d"):
        list(open_roster(path, form).rows())
    path.write_bytes(b"\xff\xff\x80\x81")
    with pytest.raises(InputError, match="neither UTF-8 nor GB 18030"):
        open_roster(path, form)


def test_the_content_counts_not_the_name(make_xlsx: Make, make_csv: Make, tmp_path: Path, form: Form) -> None:
    workbook = make_xlsx([HEADER, PERSON], name="x.xlsx").rename(tmp_path / "x.csv")
    text = make_csv([HEADER, PERSON], name="y.csv").rename(tmp_path / "y.xlsx")
    assert [row.staff_no for path in (workbook, text) for row in open_roster(path, form).rows()] == [
        "HN0001",
        "HN0001",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"<html><table>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04 cut off", "damaged"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "damaged"),
        (b"abc\0def", "not a text file"),
    ],
)
def test_what_is_no_roster_is_told(tmp_path: Path, form: Form, content: bytes, message: str) -> None:
    path = tmp_path / "r.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        open_roster(path, form)
    with pytest.raises(InputError, match="cannot be read"):
        open_roster(tmp_path / "missing.xlsx", form)


def test_sheets(tmp_path: Path, form: Form) -> None:
    workbook = openpyxl.Workbook()
    cover = workbook.active
    assert cover is not None
    cover.title = "说明"
    cover.append(["请填写"])
    for title, state, name in (
        ("旧", "hidden", "旧人"),
        ("人员", "visible", "张伟"),
        ("二组", "visible", "王芳"),
    ):
        sheet = workbook.create_sheet(title)
        sheet.sheet_state = state
        sheet.append(["编号", "姓名"])
        sheet.append(["1", name])
    path = tmp_path / "r.xlsx"
    workbook.save(path)

    def name_in(sheet: int | str | None) -> object:
        (row,) = open_roster(path, form, sheet=sheet).rows()
        return row.values["pledger_name"]

    assert name_in(None) == "张伟"
    assert name_in(2) == "张伟"
    assert name_in("二组") == "王芳"
    assert name_in("旧") == "旧人"
    assert name_in("3") == "王芳"
    assert any("二组" in text for text in warnings(open_roster(path, form)))
    with pytest.raises(InputError, match="no sheet 四") as caught:
        name_in("四")
    assert "说明、人员、二组" in str(caught.value.hint)


def test_a_header_of_two_rows(make_xlsx: Make, form: Form) -> None:
    path = make_xlsx(
        [
            ("编号", "基本情况", None),
            (None, "姓名", "身份证号"),
            ("HN1", "张伟", ID_A),
            ("编号", "姓名", "身份证号"),
        ],
        merges=["A1:A2", "B1:C1"],
    )
    (row,) = open_roster(path, form).rows()
    assert (row.staff_no, row.values["pledger_name"], row.id_number) == ("HN1", "张伟", ID_A)


def test_a_file_that_changes_under_us_is_refused(make_csv: Make, form: Form) -> None:
    path = make_csv([HEADER, PERSON])
    roster = open_roster(path, form)
    assert roster.count == 1
    make_csv([HEADER, PERSON, OTHER])
    with pytest.raises(InputError, match="changed"):
        list(roster.rows())


def test_an_empty_roster_is_an_error(make_csv: Make, form: Form) -> None:
    assert any("no rows" in text for text in errors(open_roster(make_csv([HEADER, ("合计", "0")]), form)))


def test_a_far_away_cell_does_not_fill_the_memory(tmp_path: Path, form: Form) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["编号", "姓名"])
    sheet.append(["1", "张伟"])
    sheet["XFD300000"] = "x"
    path = tmp_path / "r.xlsx"
    workbook.save(path)
    assert [row.staff_no or row.id_number for row in open_roster(path, form).rows()] == ["1"]


def test_reads_xls(make_xls: Make, form: Form) -> None:
    path = make_xls(
        [
            ("名册", None),
            HEADER,
            ("HN1", "张伟", ID_A, "示例局", "是"),
            (2.0, "㛃雨", float(ID_B), None, "否"),
        ],
        merge=(2, 3, 3, 3),
    )
    first, second = open_roster(path, form).rows()
    assert first.cells == ("HN1", "张伟", ID_A, "示例局", "是")
    assert not first.failed
    assert second.staff_no == "2"
    assert second.values["unit"] == "示例局"
    assert [c.location.cell for c in second.complaints] == ["C4"]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)  # each table is read in a process of its own
@given(st.lists(st.tuples(st.from_regex(r"[A-Z0-9]{1,4}", fullmatch=True), CELL_TEXT), max_size=6))
def test_any_table_is_read_whole_or_refused_with_one_error(
    tmp_path: Path, people: list[tuple[str, str]]
) -> None:
    path = tmp_path / "any.csv"
    text = io.StringIO()
    csv.writer(text).writerows([("编号", "姓名"), *people])
    path.write_bytes(text.getvalue().encode())
    rows = list(open_roster(path, make_form()).rows())
    assert len(rows) == len(people)
    for row, (number, name) in zip(rows, people, strict=True):
        lost = re.fullmatch(r"\dE\d\d", number)  # what a spreadsheet leaves of a long number is refused
        assert row.staff_no == (None if lost else number)
        assert row.failed or "".join(str(row.values["pledger_name"]).split()) != ""
        assert row.cells[1] in {name, unguard(name)}


def test_total_rows_and_repeated_headers_are_no_people(make_csv: Make, form: Form) -> None:
    totals = ["合 计", "总计：3人", "小计", "共3人", "Total"]
    rows = [HEADER, PERSON, *[(text, "", "", "", "") for text in totals], HEADER, OTHER]
    path = make_csv(
        [("序号", *HEADER), *[("7" if row[0] != HEADER[0] else "序号", *row) for row in rows[1:]]]
    )
    assert [row.staff_no or row.id_number for row in open_roster(path, form).rows()] == ["HN0001", "HN0002"]


def test_the_reason_of_a_failed_row_says_where_and_what_without_the_number(
    make_csv: Make, form: Form
) -> None:
    wrong = ID_A[:-1] + "9"
    (row,) = open_roster(make_csv([HEADER, ("HN1", "", wrong, "", "")]), form).rows()
    assert "C2" in str(row.reason)
    assert "B2" in str(row.reason)
    assert wrong not in str(row.reason)


@pytest.mark.parametrize("stream", [False, True])
def test_error_cells_and_chinese_date_formats(
    tmp_path: Path, form: Form, monkeypatch: Any, stream: bool
) -> None:
    if stream:
        monkeypatch.setattr(workbooks, "STREAM_ABOVE_BYTES", 0)
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["编号", "姓名", "承诺日期", "单位"])
    sheet.append(["1", "张伟", 43230, "#REF!"])
    sheet.append(["2", "王芳", 43230, "示例局"])
    sheet["C2"].number_format = 'yyyy"年"m"月"d"日"'
    sheet["C3"].number_format = "[$-804]yyyy/m/d;@"
    path = tmp_path / "r.xlsx"
    workbook.save(path)
    first, second = open_roster(path, form).rows()
    assert [c.location.cell for c in first.complaints] == ["D2"]
    assert "#REF!" in str(first.complaints[0].problem)
    assert not first.failed, "the unit is optional and not printed"
    assert first.values["pledge_date"] == second.values["pledge_date"] == datetime.date(2018, 5, 10)


def test_a_file_without_header_does_not_spill_its_first_row(make_csv: Make, form: Form) -> None:
    with pytest.raises(InputError, match="no header row") as caught:
        open_roster(make_csv([PERSON, OTHER]), form)
    assert ID_A not in str(caught.value)
    assert ID_A[6:14] not in str(caught.value)


def cells_warned(row: RosterRow) -> list[str | None]:
    return [c.location.cell for c in row.complaints if c.severity is Severity.WARNING]


def test_an_optional_value_that_is_never_printed_stops_nobody(make_csv: Make, form: Form) -> None:
    texts = ["非涉密", "涉密人员", "重要涉密人员", "不涉密", "/", "——", "－", "大概是", "", "是"]
    rows = [(f"HN{number}", "张伟", "", f"单位{number}", text) for number, text in enumerate(texts)]
    read = list(open_roster(make_csv([HEADER, *rows]), form).rows())
    assert not any(row.failed for row in read)
    assert [row.values.get("holds_state_secrets") for row in read] == [
        False, True, True, False, None, None, None, None, None, True,
    ]  # fmt: skip
    assert [row.number for row in read if row.complaints] == [9]
    assert "left empty" in str(read[7].complaints[0].remedy)


def test_a_wrong_number_that_tells_people_apart_still_stops_its_row(make_csv: Make, form: Form) -> None:
    path = make_csv(
        [HEADER, ("HN1", "张伟", ID_A[:-1], "", ""), ("/", "王芳", ID_B, "", ""), ("—", "李娜", "/", "", "")]
    )
    first, second, third = open_roster(path, form).rows()
    assert first.failed
    assert not second.failed, "a stroke is no number"
    assert second.staff_no is None
    assert third.failed
    assert "nothing tells this row" in str(third.reason)


def test_the_better_header_counts_where_two_mean_one_field(make_csv: Make, form: Form) -> None:
    fields = tuple(
        replace(item, aliases=("单位", "部门", "科室")) if item.name == "unit" else item
        for item in form.fields
    )
    lax = replace(form, fields=fields)
    path = make_csv([("编号", "姓名", "科室", "单位"), ("1", "张伟", "一科", "某局")])
    roster = open_roster(path, lax)
    assert next(roster.rows()).values["unit"] == "某局"
    assert ["科室" in text and "单位" in text for text in warnings(roster)] == [True]
    with pytest.raises(InputError, match="two columns mean pledger_name"):
        open_roster(make_csv([("编号", "姓名", "承诺人"), ("1", "张伟", "王芳")]), lax)


def test_hidden_rows_are_read_and_said_so(make_xlsx: Make, form: Form) -> None:
    path = make_xlsx([HEADER, ("1", "张伟"), ("2", "王芳"), ("3", "李娜")])
    workbook = openpyxl.load_workbook(path)
    workbook.worksheets[0].row_dimensions[3].hidden = True
    workbook.save(path)
    roster = open_roster(path, form)
    assert [row.staff_no for row in roster.rows()] == ["1", "2", "3"]
    assert [text for text in warnings(roster) if "hidden" in text and "rows 3" in text]


@pytest.mark.parametrize(
    ("code", "shown"),
    [("000000", "000001"), ('"HN"0000', "HN0001"), ("0", None), ("0.00", None), ("yyyy-mm-dd", None)],
)
def test_a_number_that_looks_longer_than_it_is_warns(
    make_xlsx: Make, form: Form, code: str, shown: str | None
) -> None:
    path = make_xlsx([HEADER, (1, "张伟"), ("000002", "王芳")])
    workbook = openpyxl.load_workbook(path)
    workbook.worksheets[0]["A2"].number_format = code
    workbook.save(path)
    first, second = open_roster(path, form).rows()
    assert cells_warned(first) == ([] if shown is None else ["A2"])
    assert shown is None or shown in str(first.complaints[0].problem)
    assert cells_warned(second) == []


@pytest.mark.parametrize("value", [41768, "41768"])
def test_dates_of_a_workbook_that_counts_from_1904(make_xlsx: Make, form: Form, value: object) -> None:
    path = make_xlsx(
        [
            ("编号", "姓名", "承诺日期"),
            ("1", "张伟", value),
            ("2", "王芳", datetime.date(2018, 5, 10)),
            ("3", "李娜", 12),
            ("4", "赵云", 20180510),
        ]
    )
    workbook = openpyxl.load_workbook(path)
    workbook.epoch = CALENDAR_MAC_1904
    workbook.save(path)
    rows = list(open_roster(path, form).rows())
    assert [row.values.get("pledge_date") for row in rows] == [
        datetime.date(2018, 5, 10),
        datetime.date(2018, 5, 10),
        None,
        datetime.date(2018, 5, 10),
    ]
    assert rows[2].failed


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark(make_csv: Make, form: Form, encoding: str) -> None:
    roster = open_roster(make_csv([HEADER, PERSON], encoding=encoding), form)
    assert [row.staff_no for row in roster.rows()] == ["HN0001"]


@pytest.mark.parametrize("sign", ["'", "`", "’", "＇", "´"])
def test_a_sign_before_a_number_that_kept_it_text(make_csv: Make, form: Form, sign: str) -> None:
    (row,) = open_roster(make_csv([HEADER, (f"{sign}HN1", "张伟", sign + ID_A, "", "")]), form).rows()
    assert (row.staff_no, row.id_number, row.failed) == ("HN1", ID_A, False)
