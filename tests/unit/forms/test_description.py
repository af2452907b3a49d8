"""form.yaml is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.errors import ExitCode, InputError
from agreegen.forms.check import check_form
from agreegen.forms.description import load_form
from agreegen.model.complaint import ComplaintsError
from agreegen.model.form import FieldType, RoleKind

from .conftest import edit_description


def test_the_pledge_is_read_as_it_stands(pledge: Path) -> None:
    form = load_form(pledge)
    assert (form.id, form.version, form.title_zh) == ("personal-pledge", "1.0", "保密承诺书")
    assert [field.name for field in form.fields if field.printed] == ["pledger_name", "pledge_date"]
    assert [field.name for field in form.fields if field.required] == ["pledger_name"]
    assert [field.name for field in form.fields if field.identifying] == ["id_number"]
    assert form.field("division_code").example == "410105"  # text, never a number
    assert form.field("holds_state_secrets").type is FieldType.YES_NO
    assert form.conditions[0].field == "holds_state_secrets"
    unit, person = form.roles  # the last required signature locks the document, so the person signs last
    assert (person.id, person.kind, person.required, person.holder) == (
        "pledger",
        RoleKind.SIGNATURE,
        True,
        "pledger_name",
    )
    assert (unit.id, unit.visible, unit.required, unit.holder) == ("unit", False, False, None)


@pytest.mark.parametrize("form_id", ["confidentiality-agreement", "data-use-agreement"])
def test_the_parties_of_an_agreement_differ_and_hold_their_seals(copied_forms: Path, form_id: str) -> None:
    form = load_form(copied_forms / form_id)
    assert form.field("party_a_name").differs_from == "party_b_name"
    assert [(role.id, role.holder, role.order) for role in form.roles] == [
        ("party_a_seal", "party_a_name", 1),
        ("party_a_representative", "party_a_representative", 2),
        ("party_b_seal", "party_b_name", 3),
        ("party_b_representative", "party_b_representative", 4),
    ]
    assert all(role.required and role.visible for role in form.roles)


def test_the_aliases_of_the_roster_are_there(pledge: Path) -> None:
    form = load_form(pledge)
    wanted = {
        "staff_no": {"编号", "序列号", "工号", "人员编号"},
        "pledger_name": {"姓名"},
        "id_number": {"身份证号", "身份证号码", "公民身份号码", "证件号码"},
        "unit": {"单位", "工作单位", "所属单位"},
        "position": {"职务", "岗位"},
        "division_code": {"区划代码"},
        "holds_state_secrets": {"是否涉密"},
        "is_overseas": {"是否境外人员"},
        "training_date": {"培训日期"},
    }
    for name, aliases in wanted.items():
        assert aliases <= set(form.field(name).aliases)


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("source:", "sauce: x\nsource:", "sauce", "unknown key"),
        ('version: "1.0"\n', "", "version", "is missing"),
        ("  en: Confidentiality pledge\n", "", "title.en", "is missing"),
        ("required: true\n    help", "required: yes\n    help", "fields[1].required", "true or false"),
        ("type: staff-no", "type: staff", "fields[3].type", "must be one of"),
        ("max_length: 50", "max_length: 5.5", "fields[6].max_length", "whole number"),
        ("name: unit\n", "name: Unit\n", "fields[5].name", "lower-case"),
        ("name: unit\n", "name: staff_no\n", "fields", "twice"),
        ("id: unit\n", "id: pledger\n", "roles", "twice"),
        ("name: state_secrets_clause", "name: unit", "conditions", "twice"),
        ("holder: pledger_name", "holder: nobody", "pledger", "no printed field"),
        ("holder: pledger_name", "holder: staff_no", "pledger", "no printed field"),
        ("field: holds_state_secrets", "field: unit", "state_secrets_clause", "no yes-no field"),
        ("kind: seal", "kind: stamp", "roles[1].kind", "one of seal, signature"),
        ("order: 2", "order: zero", "roles[2].order", "whole number"),
        ("width_mm: 40", "width_mm: wide", "roles[2].place.width_mm", "a number"),
        ("width_mm: 40", "width_mm: nan", "roles[2].place.width_mm", "between"),
        ("width_mm: 40", "width_mm: 0", "roles[2].id", "width_mm"),
        ("bookmark: pledger, ", "", "roles[2].place.bookmark", "is missing"),
        ("bookmark: pledger, ", "bookmark: [a], ", "roles[2].place.bookmark", "single text"),
        ("[区划代码]", "区划代码", "fields[7].aliases", "list of texts"),
        ("printed: false\n    identifying", "identifying", "id_number", "must not be printed"),
        (
            "  Noto Serif SC: [",
            "  Noto Serif SC: [仿宋;宋体, ",
            "fonts.Noto Serif SC",
            "more than one font name",
        ),
        ("subject: pledger_name", "subject: nobody", "subject", "no field that names"),
        ("subject: pledger_name", "subject: id_number", "subject", "no field that names"),
        ("[staff_no, id_number]", "[staff_no, staff_no]", "row_keys", "twice"),
        ("[staff_no, id_number]", "[is_overseas]", "row_keys", "tell rows apart"),
        ("[staff_no, id_number]", "[number]", "row_keys", "tell rows apart"),
        ("id: personal-pledge", "id: personal-pledge\nid: other", "line 4", "twice"),
        ("id: personal-pledge", "id: &x personal-pledge\nversion: *x\nv: z", "line 4", "aliases"),
        ("id: personal-pledge", "id: [", "form.yaml", "YAML"),
    ],
)
def test_a_wrong_description_is_refused_with_file_and_key(
    pledge: Path, old: str, new: str, place: str, problem: str
) -> None:
    edit_description(pledge, old, new)
    with pytest.raises(InputError) as caught:
        load_form(pledge)
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert str(pledge / "form.yaml") in caught.value.message
    assert place in caught.value.message
    assert problem in caught.value.message


def test_all_mistakes_are_told_in_one_run_with_line_and_remedy(pledge: Path) -> None:
    for old, new in (
        ("source:", "sauce: x\nsource:"),
        ("type: staff-no", "type: staff"),
        ("max_length: 50", "max_length: fifty"),
        ("holder: pledger_name", "holder: nobody"),
        ("width_mm: 40", "width_mm: wide"),
        ("kind: seal", "kind: stamp"),
        ("field: holds_state_secrets", "field: unit"),
    ):
        edit_description(pledge, old, new)
    with pytest.raises(ComplaintsError) as caught:
        load_form(pledge)
    text = (pledge / "form.yaml").read_text("utf-8").splitlines()
    found = {complaint.location.field: complaint for complaint in caught.value.complaints}
    assert set(found) == {
        "sauce", "fields[3].type", "fields[6].max_length", "roles[1].kind", "roles[2].place.width_mm",
        "conditions[1].field",
    }, "nothing is told twice, and nobody is blamed for what another one broke"  # fmt: skip
    for place, complaint in found.items():
        line = int(str(complaint.location.file).rpartition(" ")[2])
        assert str(place).rpartition(".")[2] in text[line - 1]
        assert complaint.remedy
    assert {str(c) for c in check_form(pledge)} == {str(c) for c in caught.value.complaints}


def test_a_default_must_name_another_field(agreement: Path) -> None:
    edit_description(agreement, "default_from: work_description", "default_from: work_scope")
    with pytest.raises(InputError, match="work_scope: default_from names"):
        load_form(agreement)


def test_a_form_that_does_not_say_is_about_its_last_required_name(pledge: Path, agreement: Path) -> None:
    for folder in (pledge, agreement):
        text = (folder / "form.yaml").read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.startswith(("subject:", "row_keys:"))]
        (folder / "form.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert (load_form(pledge).subject, load_form(agreement).subject) == ("pledger_name", "party_b_name")
    assert load_form(pledge).row_keys == ("staff_no", "id_number")
    assert load_form(agreement).row_keys == ()


@pytest.mark.parametrize("name", ["form.yaml", "template.docx"])
def test_a_missing_file_is_named(pledge: Path, name: str) -> None:
    (pledge / name).unlink()
    with pytest.raises(InputError, match=name):
        load_form(pledge)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"- a\n- b\n", b"", b"[" * 5000, b"a: " + b"x" * (1 << 20)]
)
def test_a_file_that_is_no_description_is_refused(pledge: Path, data: bytes) -> None:
    (pledge / "form.yaml").write_bytes(data)
    with pytest.raises(InputError, match=r"form\.yaml"):
        load_form(pledge)


def test_consent_has_version_and_text(pledge: Path) -> None:
    consent = load_form(pledge).consent
    assert consent is not None
    assert consent.version == "1"
    assert consent.text("zh").startswith("本人已逐页阅读")
    assert consent.text("en").startswith("I have read")


def test_a_form_without_consent_is_not_signed_on_devices(copied_forms: Path) -> None:
    assert load_form(copied_forms / "device-signing-agreement").consent is None


def test_consent_without_a_version_is_a_mistake(pledge: Path) -> None:
    edit_description(pledge, '  version: "1"\n', "")
    with pytest.raises(InputError, match=r"consent\.version"):
        load_form(pledge)
