"""All fields of a form at once."""

from __future__ import annotations

from pathlib import Path

from agreegen.model.complaint import Location
from agreegen.model.form import Field, FieldType, Form
from agreegen.values.parse import ParsedValues, parse_values
from agreegen.values.problem import RawValue

FORM = Form(
    id="f",
    version="1",
    title_zh="表",
    title_en="Form",
    source="",
    directory=Path("nowhere"),
    template_sha256="0" * 64,
    description_sha256="0" * 64,
    fields=(
        Field("a", "甲", "A", FieldType.ORGANISATION_NAME, required=True, differs_from="b", example="某局"),
        Field("b", "乙", "B", FieldType.ORGANISATION_NAME, required=True, differs_from="a"),
        Field("work", "工作", "Work", FieldType.TEXT, required=True),
        Field("scope", "范围", "Scope", FieldType.TEXT, required=True, default_from="work"),
    ),
    roles=(),
)


def parse(**raw: RawValue) -> ParsedValues:
    return parse_values(FORM, raw, lambda name: Location(field=name))


def test_defaults_are_taken_and_blank_counts_as_missing() -> None:
    parsed = parse(a="示例局", b="示例公司", work="审核", scope="  ")
    assert parsed.complaints == ()
    assert parsed.values == {"a": "示例局", "b": "示例公司", "work": "审核", "scope": "审核"}
    assert parse(a="示例局", b="示例公司", work="审核", scope="别的").values["scope"] == "别的"


def test_every_error_is_reported_once() -> None:
    parsed = parse(b="x\ue123局", work="y" * 300)
    assert [(c.location.field, str(c.problem).split(",")[0]) for c in parsed.complaints] == [
        ("b", "it holds the private-use character U+E123"),
        ("work", "it has 300 characters"),
        ("a", "it is required and missing"),
    ]
    assert str(parsed.complaints[2].remedy) == "enter it, for example 某局"


def test_values_that_must_differ_are_told_once_for_the_pair() -> None:
    (complaint,) = parse(a="示例 局", b="示例局", work="审核").complaints
    assert str(complaint.problem) == "it is the same as 乙 (b)"
