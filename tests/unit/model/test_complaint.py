"""Complaints as people read them."""

from __future__ import annotations

from agreegen.messages import foreign_text, message
from agreegen.model.complaint import Complaint, Location, Severity, sort_and_merge


def warning(cell: str, problem: str, field: str = "unit") -> Complaint:
    place = Location("r.xlsx", "人员", 1, cell, "单位", field)
    return Complaint(place, foreign_text(problem), foreign_text("mend it"), Severity.WARNING)


def test_warnings_of_one_kind_are_one_line_and_errors_come_last() -> None:
    place = Location("r.xlsx", "人员", 2, "C2")
    error = Complaint(place, foreign_text("it is required and missing"), foreign_text("enter it"))
    many = [warning(f"D{number}", f"“{number}年4月” is not a date") for number in range(2, 300)]
    lines = sort_and_merge([error, *many, warning("E7", "it is odd", "position"), error])
    assert lines == [
        "warning: r.xlsx, 人员, D2, D3, D4, D5, D6, … (298 in all), 单位 (unit): "
        "e.g. “2年4月” is not a date; mend it",
        "warning: r.xlsx, 人员, E7, 单位 (position): it is odd; mend it",
        "error: r.xlsx, 人员, C2: it is required and missing; enter it",
        "error: r.xlsx, 人员, C2: it is required and missing; enter it",
    ]


def test_row_numbers_in_a_warning_do_not_part_it() -> None:
    lines = sort_and_merge(
        [
            warning("C2", "the same 姓名 stands in row 5, too"),
            warning("C5", "the same 姓名 stands in row 2, 9, too"),
        ]
    )
    assert len(lines) == 1
    assert "C2, C5 (2 in all)" in lines[0]


def test_columns_that_are_not_read_are_one_line() -> None:
    """They say the same sentence; only the name of the column is another one."""
    lines = sort_and_merge(
        [
            Complaint(
                Location("r.xlsx", "人员", 1, cell),
                message("rosters.column-not-field-not-read", texts=name, form="personal-pledge"),
                severity=Severity.WARNING,
            )
            for cell, name in (("A1", "序号"), ("I1", "备注"), ("J1", "手机"))
        ]
    )
    assert len(lines) == 1
    assert "A1, I1, J1 (3 in all)" in lines[0]
