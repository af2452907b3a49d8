"""`agreegen generate`: one document, or one report of everything that is wrong and no file."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import docx
import pikepdf
import pytest

from agreegen.conversion.text import extract_text
from agreegen.example_pki.layout import ExamplePki
from agreegen.verification.confined import command_process
from tests.cli.conftest import AGREEMENT_ROLES, SAMPLES, Agreegen, Papers, files_below

AGREEMENT = "confidentiality-agreement"
FORMS = SAMPLES.parent / "forms"
PARAMS = SAMPLES / "confidentiality-agreement.yaml"


def test_agreement_has_fields_and_its_values(papers: Papers) -> None:
    with pikepdf.open(papers.agreement) as pdf:
        fields = {str(field.T): field for field in pdf.Root.AcroForm.Fields}
        attached = json.loads(pdf.attachments["agreegen.json"].get_file().read_bytes())
    assert set(fields) == set(AGREEMENT_ROLES)
    assert all("/V" not in field for field in fields.values())
    assert attached["form"]["id"] == AGREEMENT
    assert attached["values"]["party_a_representative"] == "王建国"
    assert "入河（海）排污口" in extract_text(papers.agreement.read_bytes())


def test_word_file_is_kept_on_demand(agreegen: Agreegen, tmp_path: Path) -> None:
    pdf, docx = tmp_path / "new folder" / "a.pdf", tmp_path / "a.docx"
    result = agreegen("generate", AGREEMENT, "--params", PARAMS, "-o", pdf, "--docx", docx)
    assert result.code == 0
    assert "made by" in result.err
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "王建国" in zipfile.ZipFile(docx).read("word/document.xml").decode()


def test_an_output_is_not_overwritten(agreegen: Agreegen, tmp_path: Path) -> None:
    target = tmp_path / "a.pdf"
    target.write_bytes(b"precious")
    line = ("generate", "personal-pledge", "--params", SAMPLES / "pledge.yaml", "-o", target)
    refused = agreegen(*line)
    assert refused.code == 2
    assert "--force" in refused.err
    assert target.read_bytes() == b"precious"
    assert agreegen(*line, "--force", "--engine", "libreoffice").code == 0
    assert target.read_bytes().startswith(b"%PDF")


def test_the_parameters_are_never_overwritten(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    params.write_text("pledger_name: 张伟\n", "utf-8")
    line = ("generate", "personal-pledge", "--params", params, "--force")
    assert agreegen(*line, "-o", params).code == 2
    assert agreegen(*line, "-o", tmp_path / "a.pdf", "--docx", params).code == 2
    assert params.read_text("utf-8") == "pledger_name: 张伟\n"


def test_a_folder_cannot_be_replaced_by_a_file(agreegen: Agreegen, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").mkdir()
    line = ("generate", "personal-pledge", "--params", SAMPLES / "pledge.yaml", "-o", tmp_path / "a.pdf")
    result = agreegen(*line, "--force")
    assert result.code == 2
    assert f"{tmp_path / 'a.pdf'} is a folder" in result.err


def test_a_file_that_cannot_be_written_is_named_itself(agreegen: Agreegen) -> None:
    line = ("generate", "personal-pledge", "--params", SAMPLES / "pledge.yaml", "-o", "/proc/a.pdf")
    result = agreegen(*line)
    assert result.code == 2
    assert "/proc/a.pdf" in result.err


def test_characters_without_glyph_are_reported_with_all_other_errors(
    agreegen: Agreegen, tmp_path: Path
) -> None:
    params = tmp_path / "p.yaml"
    text = "pledge_date: 2018-13-40\npledger_name: 王\N{CJK UNIFIED IDEOGRAPH-30000}\nid_number: 1\n"
    params.write_text(text, "utf-8")
    result = agreegen("generate", "personal-pledge", "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    assert "has 3 errors" in result.err
    assert f"{params}, row 2, 姓名 (pledger_name)" in result.err
    assert "U+30000" in result.err


def test_a_value_taken_from_another_is_complained_of_once(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    text = re.sub(
        "work_description: .*",
        "work_description: 录入\N{CJK UNIFIED IDEOGRAPH-30000}",
        PARAMS.read_text("utf-8"),
    )
    params.write_text(text, "utf-8")
    result = agreegen("generate", AGREEMENT, "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    assert result.err.count("U+30000") == 1


def test_words_that_the_form_prints_itself_are_told(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    text = re.sub("working_group_name: .*", "working_group_name: 数据处理工作组", PARAMS.read_text("utf-8"))
    params.write_text(text, "utf-8")
    result = agreegen("generate", AGREEMENT, "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 0
    (told,) = (line for line in result.err.splitlines() if line.startswith("warning: "))
    assert "working_group_name" in told
    assert "leave 工作组 out" in told
    assert "warning" not in agreegen("generate", AGREEMENT, "--params", PARAMS, "-o", tmp_path / "b.pdf").err


def test_a_template_that_is_not_released_is_told(agreegen: Agreegen, pki: ExamplePki, tmp_path: Path) -> None:
    forms = tmp_path / "forms"
    shutil.copytree(FORMS, forms)
    template = forms / "personal-pledge" / "template.docx"
    changed = docx.Document(str(template))
    changed.core_properties.comments = "edited"
    changed.save(str(template))
    made, signed = tmp_path / "a.pdf", tmp_path / "s.pdf"
    line = ("generate", "personal-pledge", "--params", SAMPLES / "pledge.yaml", "-o", made)
    result = agreegen(*line, "--forms", forms)
    assert result.code == 3
    assert "differs from the released version 1.0" in result.err
    assert not made.exists()
    (forms / "approved.yaml").unlink()
    assert agreegen(*line, "--forms", forms).code == 0
    seal = pki.credential("unit-seal")
    signing = ("sign", made, "-o", signed, "--role", "unit", "--credential", seal)
    command_process().close()  # each command has its own, which knows the forms of that command
    assert agreegen(*signing, "--forms", forms).code == 0
    judged = agreegen("verify", signed, "--trust", pki.trust, "--forms", FORMS)
    assert judged.code == 1
    assert "name the folder of its forms with --forms" in judged.out


def test_a_list_where_one_value_belongs(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    params.write_text("pledger_name: [张伟, 李娜]\n", "utf-8")
    result = agreegen("generate", "personal-pledge", "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    assert "('" not in result.err
    assert "list" in result.err


def test_every_error_is_reported_at_once_and_nothing_written(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "bad.yaml"
    params.write_text(
        "party_a_name: 豫州市统计局\nparty_b_name: 豫州市统计局\nprotected_items: []\n"
        "party_a_phone: 123\nparty_a_signing_date: 2018-13-40\nsurprise: x\n",
        "utf-8",
    )
    result = agreegen("generate", AGREEMENT, "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    for name in (
        "working_group_name",
        "work_description",
        "protected_items",
        "party_a_phone",
        "party_a_signing_date",
        "surprise",
    ):
        assert name in result.err
    assert files_below(tmp_path) == {"bad.yaml"}


def test_parties_must_differ(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "same.yaml"
    text = PARAMS.read_text("utf-8").replace(
        "豫州市绿源环境监测有限公司", "豫州市第二次全国污染源普查领导小组办公室"
    )
    params.write_text(text, "utf-8")
    result = agreegen("generate", AGREEMENT, "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    assert "party_b_name" in result.err


def test_id_numbers_are_masked(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    params.write_text("pledger_name: 张伟\nid_number: 110105194912310021\n", "utf-8")
    result = agreegen("generate", "personal-pledge", "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    assert "id_number" in result.err
    assert "110105194912310021" not in result.err + result.out


def test_a_character_without_glyph_is_refused(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    params.write_text("pledger_name: 王\N{CJK UNIFIED IDEOGRAPH-30000}\nstaff_no: A1\n", "utf-8")
    result = agreegen("generate", "personal-pledge", "--params", params, "-o", tmp_path / "a.pdf")
    assert result.code == 3
    assert "U+30000" in result.err
    assert files_below(tmp_path) == {"p.yaml"}


def test_values_print_as_themselves(agreegen: Agreegen, tmp_path: Path) -> None:
    text = PARAMS.read_text("utf-8").replace(
        "普查基本单位名录库及清查建库数据", "'<b>&amp; {{ x }} {% if %}'"
    )
    params = tmp_path / "p.yaml"
    params.write_text(text, "utf-8")
    target = tmp_path / "a.pdf"
    assert agreegen("generate", AGREEMENT, "--params", params, "-o", target).code == 0
    squeezed = "".join(extract_text(target.read_bytes()).split())
    assert "<b>&amp;{{x}}{%if%}" in squeezed


def test_without_libreoffice_an_agreement_is_made(
    agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    target = tmp_path / "a.pdf"
    result = agreegen("generate", AGREEMENT, "--params", PARAMS, "-o", target)
    assert result.code == 0
    assert "made by compiled" in result.err
    assert "入河（海）排污口" in extract_text(target.read_bytes())


def with_rare_name(folder: Path) -> Path:
    """Write parameters with a character that the form's first font lacks."""
    params = folder / "p.yaml"
    params.write_text(PARAMS.read_text("utf-8").replace("王建国", "王𠀀国"), "utf-8")
    return params


def test_without_libreoffice_what_does_not_fit_is_refused_by_name(
    agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    result = agreegen("generate", AGREEMENT, "--params", with_rare_name(tmp_path), "-o", tmp_path / "a.pdf")
    assert result.code == 4
    assert "U+20000" in result.err
    assert "libreoffice-writer-nogui" in result.err
    assert files_below(tmp_path) == {"p.yaml"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nothing", "--params", PARAMS), 3),
        ((AGREEMENT, "--params", "nothing.yaml"), 2),
        ((AGREEMENT, "--params", PARAMS, "--engine", "word"), 2),
    ],
)
def test_wrong_names(agreegen: Agreegen, tmp_path: Path, arguments: tuple[object, ...], code: int) -> None:
    assert agreegen("generate", *arguments, "-o", tmp_path / "a.pdf").code == code
    assert files_below(tmp_path) == set()


def test_one_file_for_two_outputs(agreegen: Agreegen, tmp_path: Path) -> None:
    target = tmp_path / "a.pdf"
    line = ("generate", AGREEMENT, "--params", PARAMS, "-o", target, "--docx", target)
    assert agreegen(*line).code == 2


def test_parameters_that_are_no_yaml(agreegen: Agreegen, tmp_path: Path) -> None:
    params = tmp_path / "p.yaml"
    params.write_text("party_a_name: [", "utf-8")
    assert agreegen("generate", AGREEMENT, "--params", params, "-o", tmp_path / "a.pdf").code == 3


def test_without_libreoffice_a_pledge_is_made(
    agreegen: Agreegen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    target = tmp_path / "p.pdf"
    result = agreegen("generate", "personal-pledge", "--params", SAMPLES / "pledge.yaml", "-o", target)
    assert result.code == 0
    assert "made by compiled" in result.err
    assert "阿卜杜热合曼·买买提" in extract_text(target.read_bytes())


def test_libreoffice_makes_the_agreements_that_the_compiled_engine_refuses(
    agreegen: Agreegen, tmp_path: Path
) -> None:
    target = tmp_path / "a.pdf"
    line = ("generate", AGREEMENT, "--params", with_rare_name(tmp_path), "-o", target)
    assert agreegen(*line, "--engine", "compiled").code == 5
    assert files_below(tmp_path) == {"p.yaml"}
    made = agreegen(*line)
    assert made.code == 0
    assert "made by libreoffice" in made.err


def test_both_engines_give_the_same_word_file(agreegen: Agreegen, tmp_path: Path) -> None:
    made = {}
    for engine in ("compiled", "libreoffice"):
        pdf, docx = tmp_path / f"{engine}.pdf", tmp_path / f"{engine}.docx"
        line = ("generate", "personal-pledge", "--params", SAMPLES / "pledge.yaml", "-o", pdf)
        result = agreegen(*line, "--docx", docx, "--engine", engine)
        assert result.code == 0
        assert f"made by {engine}" in result.err
        made[engine] = docx.read_bytes()
    assert made["compiled"] == made["libreoffice"]
