"""Parameter files."""

from __future__ import annotations

import dataclasses
import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreegen.errors import InputError
from agreegen.model.complaint import ComplaintsError
from agreegen.model.form import Field, FieldType, Form
from agreegen.rosters.parameters import read_parameters

from .conftest import ID_A, make_form


@pytest.fixture
def agreement() -> Form:
    kind = FieldType
    return dataclasses.replace(
        make_form(),
        id="agreement",
        fields=(
            Field("party_a_name", "甲方", "Party A", kind.ORGANISATION_NAME, required=True),
            Field(
                "party_b_name",
                "乙方",
                "B",
                kind.ORGANISATION_NAME,
                required=True,
                differs_from="party_a_name",
            ),
            Field("work_description", "工作", "Work", kind.TEXT, required=True),
            Field("work_scope", "范围", "Scope", kind.TEXT, default_from="work_description"),
            Field("protected_items", "保密对象", "Items", kind.LIST, required=True),
            Field("party_a_phone", "电话", "Phone", kind.PHONE),
            Field("party_a_signing_date", "日期", "Date", kind.DATE),
            Field("holds_state_secrets", "是否涉密", "Secrets", kind.YES_NO),
        ),
    )


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "p.yaml"
    path.write_bytes(text.encode(encoding))
    return path


GOOD = """\
party_a_name: 示例市生态环境局
party_b_name: 示例公司
work_description: 第二次全国污染源普查数据的
  审核与汇总
protected_items:
  - 1. 普查对象名录；
  - 原始 <报表> & {{ 数据 }}
party_a_phone: 03711234567
party_a_signing_date: 2018-05-10
holds_state_secrets: no
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_scalars_are_read_as_text_and_typed_by_the_field(
    tmp_path: Path, agreement: Form, encoding: str
) -> None:
    assert dict(read_parameters(write(tmp_path, GOOD, encoding), agreement)) == {
        "party_a_name": "示例市生态环境局",
        "party_b_name": "示例公司",
        "work_description": "第二次全国污染源普查数据的审核与汇总",
        "work_scope": "第二次全国污染源普查数据的审核与汇总",
        "protected_items": ("普查对象名录", "原始 <报表> & {{ 数据 }}"),
        "party_a_phone": "0371-1234567",
        "party_a_signing_date": datetime.date(2018, 5, 10),
        "holds_state_secrets": False,
    }


def test_one_report_names_every_error_with_its_line(tmp_path: Path, agreement: Form) -> None:
    path = write(
        tmp_path,
        f"""\
party_a_name: 示例公司
party_b_name: 示例 公司
party_a_name: 又一个
work_descripton: x
protected_items: {{a: b}}
party_a_phone: {ID_A}
party_a_signing_date: 2018-02-30
""",
    )
    with pytest.raises(ComplaintsError) as caught:
        read_parameters(path, agreement)
    text = str(caught.value)
    assert {c.location.row for c in caught.value.complaints} == {None, 2, 3, 4, 5, 6, 7}
    for part in (
        "given twice",
        "did you mean work_description?",
        "same as 甲方",
        "neither text nor a list",
        "required",
    ):
        assert part in text
    assert ID_A not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2", "not YAML"),
        ("- a\n- b\n", "does not hold named values"),
        ("a: &x [1]\nb: [*x, *x]\n", "aliases"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("[" * 5000, "not YAML|nested too deeply"),
        ("a: '" + "x" * (1 << 20) + "'", "bytes"),
    ],
)
def test_what_is_no_parameter_file_is_told(tmp_path: Path, agreement: Form, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_parameters(write(tmp_path, text), agreement)


def test_empty_and_missing_files(tmp_path: Path, agreement: Form) -> None:
    with pytest.raises(ComplaintsError, match="4 errors"):
        read_parameters(write(tmp_path, "# nothing yet\nparty_a_phone:\n"), agreement)
    with pytest.raises(InputError, match="cannot be read"):
        read_parameters(tmp_path / "missing.yaml", agreement)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_values_or_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("p") / "p.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_parameters(path, make_form())
