"""`agreegen forms` and `agreegen doctor`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreegen.forms.catalog import find_form, forms_folder
from agreegen.programs import run_program
from tests.cli.conftest import Agreegen
from tests.unit.conversion.flowing.test_template_layout import changed
from tests.unit.forms.drafting.test_proposing import letter

FORMS = {
    "confidentiality-agreement",
    "data-use-agreement",
    "device-signing-agreement",
    "leaving-pledge",
    "ledger-report",
    "personal-pledge",
}


@pytest.fixture
def own_forms(tmp_path: Path) -> Path:
    """A folder of forms that belongs to the test."""
    folder = tmp_path / "forms"
    shutil.copytree(forms_folder(), folder)
    return folder


def test_list_json(agreegen: Agreegen) -> None:
    listed = agreegen("forms", "list", "--json").json()
    assert {form["id"] for form in listed} == FORMS
    for form in listed:
        assert form["template_sha256"] == find_form(form["id"], forms_folder()).template_sha256


def test_list_for_people(agreegen: Agreegen) -> None:
    result = agreegen("forms", "list")
    assert result.code == 0
    assert all(form_id in result.out for form_id in FORMS)


def test_show_json_names_fields_and_roles(agreegen: Agreegen) -> None:
    shown = agreegen("forms", "show", "personal-pledge", "--json").json()
    required = {field["name"] for field in shown["fields"] if field["required"]}
    assert required == {"pledger_name"}
    assert [(role["id"], role["required"], role["holder"]) for role in shown["roles"]] == [
        ("unit", False, None),
        ("pledger", True, "pledger_name"),
    ]


def test_show_for_people(agreegen: Agreegen) -> None:
    result = agreegen("forms", "show", "data-use-agreement")
    assert result.code == 0
    assert "protected_items" in result.out
    assert "party_b_seal" in result.out


def test_unknown_form_names_the_known_ones(agreegen: Agreegen) -> None:
    result = agreegen("forms", "show", "nothing")
    assert result.code == 3
    assert all(form_id in result.err for form_id in FORMS)


def test_check_all(agreegen: Agreegen) -> None:
    assert agreegen("forms", "check").code == 0
    assert agreegen("forms", "check", "--json").json() == []


def test_check_finds_what_spoils_a_form(agreegen: Agreegen, own_forms: Path) -> None:
    description = own_forms / "personal-pledge" / "form.yaml"
    text = description.read_text("utf-8")
    description.write_text(text.replace("name: pledge_date", "name: pledge_day"), "utf-8")
    result = agreegen("forms", "check", "personal-pledge", "--forms", own_forms)
    assert result.code == 3
    assert "pledge_date" in result.out
    assert f"1 form(s) checked: {result.out.count(': error: ')} errors, " in result.err
    by_path = agreegen("forms", "check", own_forms / "personal-pledge", "--json")
    assert by_path.code == 3
    assert {complaint["form"] for complaint in by_path.json()} == {"personal-pledge"}


def test_check_tells_who_lays_out_a_form_that_cannot_be_compiled(agreegen: Agreegen, tmp_path: Path) -> None:
    assert agreegen("forms", "new", "office", "--from", "data-use-agreement", "-o", tmp_path).code == 0
    plain = agreegen("forms", "check", tmp_path / "office")
    assert plain.code == 0
    assert "LibreOffice" not in plain.err
    grid = b'<w:docGrid w:type="lines"/></w:sectPr>'
    (tmp_path / "office" / "template.docx").write_bytes(changed(b"</w:sectPr>", grid))
    told = agreegen("forms", "check", tmp_path / "office")
    assert told.code == 0
    assert "office: LibreOffice lays out its pages" in told.err
    assert "a document grid" in told.err
    assert "in Word: Page Setup, Document Grid: No grid" in told.err
    chinese = agreegen("--lang", "zh", "forms", "check", tmp_path / "office")
    assert "页面由 LibreOffice 排版" in chinese.err
    assert agreegen("forms", "check", tmp_path / "office", "--json").json() == []


def test_check_of_a_form_that_is_not_there(agreegen: Agreegen) -> None:
    result = agreegen("forms", "check", "nothing")
    assert result.code == 3
    assert "form.yaml" in result.out


def test_forms_folder_from_the_environment(
    agreegen: Agreegen, own_forms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(own_forms / "data-use-agreement")
    monkeypatch.setenv("AGREEGEN_FORMS", str(own_forms))
    # A folder of one's own adds to the packaged forms.
    assert {form["id"] for form in agreegen("forms", "list", "--json").json()} == FORMS
    option = agreegen("forms", "list", "--json", "--forms", forms_folder(None).parent / "forms")
    assert option.code == 0


def test_a_missing_forms_folder_is_a_usage_error(agreegen: Agreegen, tmp_path: Path) -> None:
    assert agreegen("forms", "list", "--forms", tmp_path / "nothing").code == 2


def test_doctor(agreegen: Agreegen) -> None:
    found = agreegen("doctor", "--json").json()
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert states["LibreOffice"] == "ok"
    assert {f"form {form_id}" for form_id in FORMS} <= set(states)
    assert "failed" not in states.values()
    assert agreegen("doctor").code == 0


def test_doctor_names_the_fonts_and_what_they_print(agreegen: Agreegen) -> None:
    checks = {check["name"]: check for check in agreegen("doctor", "--json").json()["checks"]}
    assert "Extension B 100 %" in checks["font HanaMinB"]["detail"]
    assert "Extension F 0 %" in checks["font LXGW WenKai"]["detail"]
    assert checks["GB 18030-2022"]["state"] == "ok"
    assert checks["GB 18030-2022"]["detail"].count("100 %") == 7


def test_doctor_says_what_is_lost_without_libreoffice(
    agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = agreegen("doctor", "--json")
    assert result.code == 4
    checks = {check["name"]: check for check in result.json()["checks"]}
    assert checks["LibreOffice"]["state"] == "missing"
    states = {form_id: checks[f"form {form_id}"]["state"] for form_id in FORMS}
    compiled = {"personal-pledge", "confidentiality-agreement", "data-use-agreement"}
    assert {form_id for form_id, state in states.items() if state == "ok"} == compiled
    assert set(states.values()) == {"ok", "failed"}
    assert "libreoffice-writer-nogui" in checks["LibreOffice"]["detail"]


def test_doctor_fails_where_no_form_can_be_used(agreegen: Agreegen, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "form.yaml").write_text("id: own\n", "utf-8")
    assert agreegen("doctor", "--forms", tmp_path).code == 4


@pytest.mark.libreoffice
def test_a_new_form_from_a_word_document_can_be_used_at_once(agreegen: Agreegen, tmp_path: Path) -> None:
    source = letter(tmp_path / "责任书.docx", "本人____，编号____，保守秘密。", "承诺人（签字）：")
    made = agreegen("forms", "new", "zerenshu", "--docx", source, "-o", tmp_path / "own")
    assert made.code == 0, made.err
    (tmp_path / "p.yaml").write_text("person_name: 王𠀀丽\nstaff_no: HN-0001\n", "utf-8")
    out = tmp_path / "one.pdf"
    args = ("--params", tmp_path / "p.yaml", "-o", out, "--forms", tmp_path / "own")
    assert agreegen("generate", "zerenshu", *args).code == 0
    assert "本人王𠀀丽" in run_program(["pdftotext", out, "-"], timeout_s=60).stdout.decode()
    both = agreegen("forms", "new", "other", "--docx", source, "--from", "zerenshu", "-o", tmp_path / "own")
    assert both.code == 2


def test_a_packaged_form_that_a_folder_replaces_is_told(agreegen: Agreegen, own_forms: Path) -> None:
    assert "in place of" not in agreegen("forms", "list", "--forms", own_forms).err
    path = own_forms / "personal-pledge" / "form.yaml"
    path.write_text(path.read_text("utf-8") + "# ours\n", "utf-8")
    told = agreegen("forms", "list", "--forms", own_forms)
    assert told.code == 0
    assert "the form personal-pledge" in told.err
    assert "in place of the packaged one" in told.err


def test_a_new_form_is_a_copy_that_checks(agreegen: Agreegen, tmp_path: Path) -> None:
    made = agreegen("forms", "new", "visitor-pledge", "-o", tmp_path / "own")
    assert made.code == 0, made.err
    folder = tmp_path / "own" / "visitor-pledge"
    assert sorted(path.name for path in folder.iterdir()) == ["form.yaml", "template.docx"]
    shown = agreegen("forms", "show", "visitor-pledge", "--json", "--forms", tmp_path / "own").json()
    assert (shown["id"], shown["version"], shown["subject"]) == ("visitor-pledge", "0.1", "pledger_name")
    assert agreegen("forms", "new", "visitor-pledge", "-o", tmp_path / "own").code == 2
    assert agreegen("forms", "new", "../x", "-o", tmp_path / "own").code == 2
    assert agreegen("forms", "new", "y", "--from", "nothing", "-o", tmp_path / "own").code == 3


@pytest.mark.libreoffice
def test_what_cannot_be_compiled_is_told_with_its_place_and_nothing_is_written(
    agreegen: Agreegen, own_forms: Path
) -> None:
    before = {path: path.read_bytes() for path in own_forms.rglob("*") if path.is_file()}
    result = agreegen("forms", "compile", "leaving-pledge", "--forms", own_forms)
    assert result.code == 5
    assert "paragraph 10: line spacing that is not exact" in result.err
    assert "in Word: Paragraph, Line spacing: Exactly, Before: 0" in result.err
    assert {path: path.read_bytes() for path in own_forms.rglob("*") if path.is_file()} == before
