"""Every field type, in the shapes that people write."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.errors import ExitCode
from agreegen.model.document import Value
from agreegen.model.form import Field, FieldType
from agreegen.values.masking import mask, quote
from agreegen.values.parse import parse_value, warn_about
from agreegen.values.problem import RawValue, ValueProblem
from agreegen.values.resident_id import check_character, parse_resident_id

DAY = date(2018, 5, 10)
ID = "11010519491231002X"


def field(kind: str, max_length: int = 200) -> Field:
    return Field("x", "某", "X", FieldType(kind), max_length=max_length)


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("date", "二〇一八年五月十日", DAY),
        ("date", "二零一八年五月十日", DAY),
        ("date", "二○一八年五月十日", DAY),
        ("date", "二〇一八年十二月卅一日", date(2018, 12, 31)),
        ("date", "二〇一八年五月二十一日", date(2018, 5, 21)),
        ("date", "2018.5.10", DAY),
        ("date", "2018/05/10", DAY),
        ("date", "2018-05-10 00:00:00", DAY),
        ("date", "20180510", DAY),
        ("date", 20180510, DAY),
        ("date", 43230.0, DAY),
        ("date", "43230", DAY),
        ("date", "２０１８年５月１０日", DAY),
        ("date", "2018 年 5 月 10 日", DAY),
        ("date", DAY, DAY),
        ("date", datetime(2018, 5, 10, 9, tzinfo=UTC), DAY),
        ("phone", "13800000000", "13800000000"),
        ("phone", 13800000000.0, "13800000000"),
        ("phone", "+86 138-0000-0000", "13800000000"),
        ("phone", "03711234567", "0371-1234567"),
        ("phone", "（0371）60000000转801", "0371-60000000-801"),
        ("phone", "０１０—６２３４５６７８", "010-62345678"),
        ("phone", "+86 10 6234 5678", "010-62345678"),
        ("phone", "400-800-1234", "400-800-1234"),
        ("phone", "+1 415 555 2671", "+14155552671"),
        ("person-name", "张 三", "张三"),
        ("person-name", "欧阳\u3000建国", "欧阳建国"),
        ("person-name", "阿卜杜热合曼•买买提", "阿卜杜热合曼\u00b7买买提"),
        ("person-name", "阿卜杜热合曼 ‧ 买买提", "阿卜杜热合曼\u00b7买买提"),
        ("person-name", "阿卜杜热合曼・买买提", "阿卜杜热合曼\u00b7买买提"),
        ("person-name", "㛃𬭚", "㛃𬭚"),
        ("person-name", "\uf900更", "\uf900更"),
        ("person-name", "J. Smith", "J. Smith"),
        ("person-name", "甲" * 50, "甲" * 50),
        ("organisation-name", "示例市 统计局（东区）", "示例市统计局（东区）"),
        ("resident-id", "１１０１０５１９４９１２３１００２x", ID),
        ("resident-id", "110105 19491231 002x", ID),
        ("credit-code", "91110000600037341l", "91110000600037341L"),
        ("staff-no", "ＨＮ０００１", "HN0001"),
        ("staff-no", 7.0, "7"),
        ("staff-no", "110105194912310021", "110105194912310021"),
        ("division-code", 410101.0, "410101"),
        ("yes-no", "是", True),
        ("yes-no", "无", False),
        ("yes-no", "No", False),
        ("yes-no", True, True),
        ("list", "1. 甲；\n2、乙；\n（3）丙。", ("甲", "乙", "丙")),
        ("list", "1.5米影像；2017年数据", ("1.5米影像", "2017年数据")),
        ("list", ("a", " ", "b；"), ("a", "b")),
        ("text", "甲\n乙", "甲乙"),
        ("text", "a\nb", "a b"),
        ("text", "{{ x }} <b> & %}", "{{ x }} <b> & %}"),
        ("text", 3.5, "3.5"),
    ],
)
def test_reads(kind: str, raw: RawValue, expected: Value) -> None:
    assert parse_value(field(kind), raw) == expected


@pytest.mark.parametrize(
    ("kind", "raw", "problem"),
    [
        ("date", "2018-02-30", "does not exist"),
        ("date", "18.5.10", "not a date"),
        ("date", "5/10/2018", "not a date"),
        ("date", "二〇一八年十十月十日", "not a date"),
        ("date", 3, "not a date"),
        ("date", float("nan"), "not a date"),
        ("date", float("inf"), "not a date"),
        ("date", True, "not text"),
        ("date", "1018-05-10", "1018"),
        ("phone", "123", "not a phone"),
        ("phone", "0371-60000000、0371-60000001", "not a phone"),
        ("phone", "1.38E+10", "lost"),
        ("person-name", "张三（女）", r"U\+FF08"),
        ("person-name", "张3", r"U\+0033"),
        ("person-name", "张.三", r"U\+002E"),
        ("person-name", "⼀二", r"U\+2F00"),
        ("person-name", "王\u200b五", r"U\+200B"),
        ("person-name", "王\x07五", r"U\+0007"),
        ("person-name", "李\ue81e", r"U\+E81E"),
        ("person-name", "李\ue123", r"U\+E123"),
        ("person-name", "李\ufffd", r"U\+FFFD"),
        ("person-name", 123, "number"),
        ("person-name", "·三", "begins"),
        ("organisation-name", "123", "organisation"),
        ("resident-id", "110105194912310021", "check character"),
        ("resident-id", "110105209912310021", "birth date"),
        ("resident-id", "110105199002300021", "birth date"),
        ("resident-id", "110105491231002", "first generation"),
        ("resident-id", 1.10105194912e17, "lost"),
        ("resident-id", 110105194912310020, "lost"),
        ("resident-id", "1.10105E+17", "lost"),
        ("credit-code", "91110000600037341M", "check character"),
        ("credit-code", "9111000060003734", "18 characters"),
        ("credit-code", "9111000060003734OL"[:18], "without I, O"),
        ("staff-no", "张三", "staff number"),
        ("staff-no", "../x", "staff number"),
        ("staff-no", "11010519491231002X", "file names would show"),
        ("staff-no", "11010519491231002x", "file names would show"),
        ("staff-no", "HN-11010519491231002X", "file names would show"),
        ("staff-no", DAY, "date"),
        ("division-code", "0101", "division code"),
        ("yes-no", "maybe", "neither"),
        ("list", "；", "no items"),
        ("list", ("a", "a"), "repeats"),
        ("list", ("x" * 300,), "item 1: it has 300"),
        ("text", "x" * 201, "201 characters"),
        ("text", "#N/A", "error #N/A"),
    ],
)
def test_refuses(kind: str, raw: RawValue, problem: str) -> None:
    with pytest.raises(ValueProblem, match=problem) as caught:
        parse_value(field(kind), raw)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert caught.value.remedy


def test_names_the_standard_character_for_a_known_private_one() -> None:
    with pytest.raises(ValueProblem) as caught:
        parse_value(field("person-name"), "李\ue81e")
    assert "\u9fb4 (U+9FB4)" in str(caught.value.remedy)


def test_odd_but_valid_values_are_warnings() -> None:
    number = "99" + "01051949123100"
    number += "2" + check_character(number + "2")
    assert "99" in str(warn_about(field("resident-id"), parse_value(field("resident-id"), number))[0])
    assert warn_about(field("resident-id"), ID) == ()
    assert warn_about(field("person-name"), "㛃")


def test_nobody_is_born_tomorrow() -> None:
    digits = "11010520180511002"
    number = digits + check_character(digits)
    assert parse_resident_id(number, today=DAY + timedelta(days=1)) == number
    with pytest.raises(ValueProblem, match="birth date"):
        parse_resident_id(number, today=DAY)


def test_numbers_are_masked_wherever_they_stand() -> None:
    for text in (
        ID,
        f"号码{ID[:6]} {ID[6:14]} {ID[14:]}",
        "91110000600037341L",
        "１１０１０５１９４９１２３１００２Ｘ",
    ):
        assert "19491231" not in quote(text)
        assert "6000373" not in quote(text)
        assert "*" in quote(text)
    for kind in ("phone", "staff-no", "division-code", "yes-no", "date"):
        with pytest.raises(ValueProblem) as caught:
            parse_value(field(kind), f"{ID[:6]}-{ID[6:14]}-{ID[14:]}是")
        assert "19491231" not in str(caught.value)


@given(st.text(max_size=30))
def test_masking_keeps_the_length_and_little_else(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    if len(text) >= 2 and "*" not in text:
        assert masked.count("*") >= len(text) // 2


@given(st.dates(date(1949, 10, 1), date(2099, 12, 31)))
def test_dates_round_trip_in_every_shape(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    shapes: list[RawValue] = [
        day,
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        serial,
        float(serial),
        _in_han(day),
    ]
    assert {parse_value(field("date"), shape) for shape in shapes} == {day}


@given(st.integers(100_000, 659_999), st.dates(date(1900, 1, 1), date(2018, 1, 1)), st.integers(0, 999))
def test_ids_round_trip_and_single_errors_are_caught(region: int, birth: date, order: int) -> None:
    digits = f"{region}{birth:%Y%m%d}{order:03d}"
    number = digits + check_character(digits)
    assert parse_resident_id(number.lower()) == number
    for position in range(17):
        wrong = number[:position] + str((int(number[position]) + 1) % 10) + number[position + 1 :]
        with pytest.raises(ValueProblem):
            parse_resident_id(wrong)


raw_values = (
    st.none()
    | st.text(max_size=60)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.datetimes()
    | st.lists(st.text(max_size=10), max_size=4).map(tuple)
)


@given(st.sampled_from(list(FieldType)), raw_values)
def test_anything_is_read_or_refused_and_reading_again_changes_nothing(
    kind: FieldType, raw: RawValue
) -> None:
    try:
        value = parse_value(field(kind), raw)
    except ValueProblem as exc:
        assert exc.problem  # noqa: PT017 - both ways out are right; the point is that there is no third
        return
    if value or kind is not FieldType.TEXT:
        assert parse_value(field(kind), value) == value


def _in_han(day: date) -> str:
    digits = "〇一二三四五六七八九"

    def number(value: int) -> str:
        tens, units = divmod(value, 10)
        return ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (
            digits[units] if units else ""
        )

    year = "".join(digits[int(char)] for char in str(day.year))
    return f"{year}年{number(day.month)}月{number(day.day)}日"


def test_a_name_may_hold_an_ideograph_newer_than_the_interpreter() -> None:
    # U+31350 came with Unicode 15, the tables of Python 3.11 are of Unicode 14.
    name = Field("pledger_name", "姓名", "Name", FieldType.PERSON_NAME)
    assert parse_value(name, "赵\U00031350") == "赵\U00031350"
