"""A form proposed from an ordinary Word document, as a clerk would have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn

from agreegen.errors import InputError, UsageError
from agreegen.forms.check import check_form
from agreegen.forms.description import load_form
from agreegen.forms.drafting.starting import start_form_from_docx
from agreegen.model.complaint import Severity
from agreegen.model.form import FieldType, Form, RoleKind


def letter(path: Path, *lines: str, underlined: bool = False) -> Path:
    """Write a document as Word does in an office: 仿宋 with Times New Roman, justified, a title in 黑体."""
    document: Any = docx.Document()
    style = document.styles["Normal"]
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key, name in (("ascii", "Times New Roman"), ("hAnsi", "Times New Roman"), ("eastAsia", "仿宋")):
        fonts.set(qn(f"w:{key}"), name)
    style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    title = document.add_paragraph().add_run("保密责任书")
    title._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "黑体")
    for line in lines:
        document.add_paragraph(line)
    if underlined:
        paragraph = document.add_paragraph("联系电话：")
        paragraph.add_run("            ").underline = True
        paragraph.add_run("，如有变动及时报告。")
    document.save(str(path))
    return path


def begin(tmp_path: Path, *lines: str, underlined: bool = False) -> Form:
    """Begin a form with a document of these lines; it has to pass its check."""
    tmp_path.mkdir(exist_ok=True)
    source = letter(tmp_path / "责任书.docx", *lines, underlined=underlined)
    folder = start_form_from_docx(source, "baomi-zerenshu", tmp_path / "forms")
    assert [str(c) for c in check_form(folder) if c.severity is Severity.ERROR] == []
    return load_form(folder)


def printed(form: Form) -> list[str]:
    """The paragraphs of a form's template."""
    return [paragraph.text for paragraph in docx.Document(str(form.template)).paragraphs]


def test_blanks_become_fields_by_the_words_before_them(tmp_path: Path) -> None:
    form = begin(tmp_path, "本人____，身份证号______，系【工作单位】工作人员。", underlined=True)
    assert printed(form)[1] == "本人{{ person_name }}，身份证号{{ id_number }}，系{{ unit }}工作人员。"
    assert printed(form)[2] == "联系电话：{{ phone }}，如有变动及时报告。"
    types = {field.name: field.type for field in form.fields if field.printed}
    assert types == {
        "person_name": FieldType.PERSON_NAME,
        "id_number": FieldType.RESIDENT_ID,
        "unit": FieldType.ORGANISATION_NAME,
        "phone": FieldType.PHONE,
    }
    assert form.subject == "person_name"
    assert form.row_keys == ("staff_no", "id_number"), "a roster needs what tells its rows apart"
    assert not form.field("staff_no").printed


def test_a_date_is_one_field_and_equal_words_are_one(tmp_path: Path) -> None:
    form = begin(tmp_path, "承诺人：____", "承诺人：____（签字）", "____年__月__日")
    name = "承诺人：{{ person_name }}"
    assert printed(form)[1:] == [name, f"{name}（签字）", "{{ date }}"]
    (role,) = form.roles
    assert role.kind is RoleKind.SIGNATURE
    assert role.holder == "person_name"


def test_a_header_belongs_to_the_field_that_is_called_so(tmp_path: Path) -> None:
    form = begin(tmp_path, "本人____承诺。", "责任人：__________    日期：____年__月__日")
    first, second = (field for field in form.fields if field.type is FieldType.PERSON_NAME)
    assert (first.label_zh, second.label_zh) == ("姓名", "责任人")
    assert "责任人" not in first.aliases
    assert second.aliases == ("责任人",)


def test_words_that_nobody_knows_are_numbered(tmp_path: Path) -> None:
    form = begin(tmp_path, "车牌号：____，颜色：____，____", "姓名：____")
    assert printed(form)[1] == "车牌号：{{ field_1 }}，颜色：{{ field_2 }}，{{ field_3 }}"
    assert [field.label_zh for field in form.fields[:3]] == ["车牌号", "颜色", "空白3"]


def test_words_behind_an_open_bracket_ask_for_their_own(tmp_path: Path) -> None:
    form = begin(tmp_path, "本人（姓名：____，身份证号：____）承诺：", "甲方（盖章）：____", "责任人(____)")
    assert printed(form)[1] == "本人（姓名：{{ person_name }}，身份证号：{{ id_number }}）承诺："
    assert [field.name for field in form.fields if field.printed] == [
        "person_name",
        "id_number",
        "party_a_name",
        "person_name_2",
    ]


def test_what_stands_there_twice_is_counted_in_the_words_of_the_form(tmp_path: Path) -> None:
    form = begin(tmp_path, "姓名：____，自____年__月__日起。", "____年__月__日")
    dates = [field for field in form.fields if field.type is FieldType.DATE]
    assert [(field.name, field.label_zh) for field in dates] == [("date", "日期"), ("date_2", "日期2")]
    assert "日期2" in dates[1].aliases


def test_signing_lines_become_roles_in_order(tmp_path: Path) -> None:
    form = begin(tmp_path, "甲方：____", "乙方：____", "甲方（盖章）：", "乙方代表人（签字）：")
    assert [(role.label_zh, role.kind, role.order) for role in form.roles] == [
        ("甲方", RoleKind.SEAL, 1),
        ("乙方代表人", RoleKind.SIGNATURE, 2),
    ]
    sentence = begin(tmp_path / "other", "姓名：____，本人签字后生效。")
    assert [role.id for role in sentence.roles] == ["signer"], "a sentence about signing is no place to sign"


def test_a_form_without_a_name_gets_one_for_the_register(tmp_path: Path) -> None:
    form = begin(tmp_path, "同意____。")
    assert form.subject == "person_name"
    assert not form.field("person_name").printed


@pytest.mark.parametrize("data", [b"", b"no word file"])
def test_what_is_no_document_is_refused_and_leaves_nothing(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "x.docx"
    source.write_bytes(data)
    with pytest.raises(InputError, match="not a Word document"):
        start_form_from_docx(source, "own", tmp_path / "forms")
    assert not (tmp_path / "forms").exists()


def test_an_empty_document_is_refused(tmp_path: Path) -> None:
    empty: Any = docx.Document()
    empty.save(str(tmp_path / "x.docx"))
    with pytest.raises(InputError, match="there is no text"):
        start_form_from_docx(tmp_path / "x.docx", "own", tmp_path / "forms")


def test_a_form_that_is_there_is_kept(tmp_path: Path) -> None:
    form = begin(tmp_path, "姓名：____")
    before = (form.directory / "form.yaml").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        start_form_from_docx(tmp_path / "责任书.docx", "baomi-zerenshu", tmp_path / "forms")
    assert (form.directory / "form.yaml").read_bytes() == before
