"""Each row spoils a form in one way, as a clerk may in Word; the check must say what and where."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from agreegen.forms.catalog import forms_folder
from agreegen.forms.check import check_form
from agreegen.model.complaint import Severity

from .conftest import FORM_IDS, Edit, edit_description, edit_template


@pytest.mark.parametrize("form_id", FORM_IDS)
def test_the_packaged_forms_have_nothing_to_complain_about(form_id: str) -> None:
    assert check_form(forms_folder(None) / form_id) == []


def _set_text(number: int, text: str) -> Edit:
    def edit(document: Any) -> None:
        document.paragraphs[number].runs[0].text = text

    return edit


def _cell_text(row: int, column: int, text: str) -> Edit:
    def edit(document: Any) -> None:
        document.tables[0].cell(row, column).paragraphs[0].runs[0].text = text

    return edit


def _align(alignment: WD_ALIGN_PARAGRAPH) -> Edit:
    def edit(document: Any) -> None:
        document.paragraphs[3].alignment = alignment

    return edit


def _justify_style(document: Any) -> None:
    document.styles["Form Text"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY


def _style_fonts(**names: str) -> Edit:
    def edit(document: Any) -> None:
        fonts = document.styles["Form Text"].element.rPr.rFonts
        for key, value in names.items():
            fonts.set(qn(f"w:{key}"), value)

    return edit


def _latin_value(document: Any) -> None:
    """A value may hold Latin text, whatever stands around it."""
    _style_fonts(ascii="Times New Roman", hAnsi="Times New Roman")(document)
    document.paragraphs[3].runs[0].text = "{{ party_a_name }}"


def _latin_value_pair(document: Any) -> None:
    """仿宋 with Times New Roman is every office's pair."""
    _style_fonts(ascii="Times New Roman", hAnsi="Times New Roman")(document)
    document.paragraphs[3].runs[0].text += "（GB/T 15834）"


def _style_font(name: str) -> Edit:
    return _style_fonts(ascii=name, hAnsi=name, eastAsia=name, cs=name)


def _without_bookmark(document: Any) -> None:
    for mark in list(document.element.body.iter(qn("w:bookmarkStart"))):
        if mark.get(qn("w:name")) == "party_b_seal":
            mark.getparent().remove(mark)


def _doubled_bookmark(document: Any) -> None:
    mark = next(
        m for m in document.element.body.iter(qn("w:bookmarkStart")) if m.get(qn("w:name")) == "party_a_seal"
    )
    document.paragraphs[3]._p.append(copy.deepcopy(mark))


def _without_endfor(document: Any) -> None:
    paragraph = next(p for p in document.paragraphs if "endfor" in p.text)
    paragraph._p.getparent().remove(paragraph._p)


def _in_paragraph(number: int, *path: str) -> Edit:
    def edit(document: Any) -> None:
        node = document.paragraphs[number]._p
        node = node.get_or_add_pPr() if path[0] == "pPr" else node.r_lst[0]
        for name in path[1:]:
            child = OxmlElement(f"w:{name}")
            node.append(child)
            node = child

    return edit


def _header_text(document: Any) -> None:
    document.sections[0].header.paragraphs[0].add_run("内部资料")


SPOILED: list[tuple[str, Edit, str, str]] = [
    ("undefined", _set_text(3, "{{ party_name }}"), "paragraph 4", "variable party_name is no field"),
    ("undefined in cell", _cell_text(3, 1, "{{ phone }}"), "row 4, column 2", "variable phone is no"),
    ("unused", _cell_text(3, 0, "联系电话："), "template.docx", "party_a_phone of form.yaml stands nowhere"),
    ("bookmark", _without_bookmark, "template.docx", "bookmark party_b_seal of the role"),
    ("bookmark twice", _doubled_bookmark, "table 1, row 1, column 1", "stands at paragraph 4, too"),
    ("no endfor", _without_endfor, "paragraph 8", "endfor"),
    ("open tag", _set_text(1, "甲方：{{ party_a_name"), "paragraph 2", "not complete"),
    ("open tag in cell", _cell_text(0, 0, "{{ party_a_name }"), "table 1, row 1, column 1", "not complete"),
    ("empty tag", _set_text(1, "甲方：{{ }}{{ party_a_name }}"), "paragraph 2", "Expected an expression"),
    ("unknown tag", _set_text(1, "{% wenn %}{{ party_a_name }}"), "paragraph 2", "unknown tag 'wenn'"),
    ("endif alone", _cell_text(0, 0, "{{ party_a_name }}{% endif %}"), "table 1, row 1, column 1", "endif"),
    ("call", _set_text(1, "{{ party_a_name.upper() }}"), "paragraph 2", "may stand here: call"),
    ("run tag", _set_text(1, "{{r party_a_name }}"), "paragraph 2", "a {{r tag"),
    ("font list", _style_font("仿宋;宋体"), "paragraph 4", "more than one font (仿宋;宋体)"),
    ("theme font", _style_fonts(eastAsiaTheme="minorEastAsia"), "paragraph 4", "font ＭＳ 明朝 is not named"),
    ("other font", _style_font("仿宋"), "paragraph 4", "font 仿宋 is not named"),
    ("latin font", _latin_value, "paragraph 4", "font Times New Roman is not named"),
    ("numbering", _in_paragraph(3, "pPr", "numPr"), "paragraph 4", "automatic numbering"),
    ("comment", _in_paragraph(3, "r", "commentReference"), "paragraph 4", "a comment"),
    ("text box", _in_paragraph(3, "r", "pict"), "paragraph 4", "a picture or shape"),
    ("header", _header_text, "header or footer", "other than a page number"),
    ("glyph", _set_text(3, "\ue000经双方协商一致"), "paragraph 4", "U+E000"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("edit", "place", "problem"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED]
)
def test_a_spoiled_template_is_complained_about(
    agreement: Path, edit: Edit, place: str, problem: str
) -> None:
    edit_template(agreement, edit)
    complaints = check_form(agreement)
    assert any(
        place in str(c.location) and problem in str(c.problem) and c.severity is Severity.ERROR
        for c in complaints
    ), [str(c) for c in complaints]


@pytest.mark.parametrize(
    "edit", [_align(WD_ALIGN_PARAGRAPH.JUSTIFY), _align(WD_ALIGN_PARAGRAPH.DISTRIBUTE), _justify_style]
)
def test_justified_text_is_told_and_printed_left(agreement: Path, edit: Edit) -> None:
    edit_template(agreement, edit)
    complaints = check_form(agreement)
    assert {c.severity for c in complaints} == {Severity.WARNING}
    assert any("paragraph 4" in str(c.location) and "justified" in str(c.problem) for c in complaints)


def test_fonts_of_text_that_is_not_there_do_not_count(agreement: Path) -> None:
    def edit(document: Any) -> None:
        style = document.styles.add_style("Never Used", WD_STYLE_TYPE.PARAGRAPH)
        style.font.name = "Comic Sans MS"
        # The Latin half of a pair counts only where Latin text or a value stands.
        document.paragraphs[3].runs[0].text = "经双方协商一致，签订本协议。"
        fonts = document.paragraphs[3].runs[0]._r.get_or_add_rPr().get_or_add_rFonts()
        fonts.set(qn("w:asciiTheme"), "minorHAnsi")

    edit_template(agreement, edit)
    assert [str(c) for c in check_form(agreement) if "font" in str(c.problem)] == []


def test_a_pair_of_fonts_is_ordinary(agreement: Path) -> None:
    edit_template(agreement, _latin_value_pair)
    edit_description(
        agreement, "\nfonts:\n", "\nfonts:\n  Times New Roman: [Liberation Serif, Noto Serif SC]\n"
    )
    assert [str(c) for c in check_form(agreement) if c.severity is Severity.ERROR] == []


@pytest.mark.parametrize("order", ["order: 3", "order: 1"])
def test_nobody_signs_after_the_role_that_locks_the_document(agreement: Path, order: str) -> None:
    edit_description(agreement, "order: 4", order)
    told = [str(c.problem) for c in check_form(agreement) if "cannot sign after" in str(c.problem)]
    # With order 3, the representative of party b still comes last in the list and locks; the seal is as late.
    expected = "party_b_seal" if order == "order: 3" else None
    assert [expected] == [problem.split()[2] for problem in told] if expected else told == []


def test_an_optional_role_behind_the_lock_is_complained_of(pledge: Path) -> None:
    edit_description(pledge, "order: 1", "order: 3")
    (told,) = [c for c in check_form(pledge) if "cannot sign after" in str(c.problem)]
    assert "unit" in str(told.problem)
    assert "form.yaml" in str(told.location)


def test_a_metadata_field_must_not_be_printed(pledge: Path) -> None:
    edit_template(pledge, _set_text(1, "身份证号：{{ id_number }}"))
    (complaint,) = check_form(pledge)
    assert "id_number is kept as metadata only" in str(complaint.problem)


def test_a_font_that_is_not_there_is_an_error_and_a_replaced_one_a_warning(pledge: Path) -> None:
    chain = "[Noto Serif SC, LXGW WenKai, HanaMinA, HanaMinB, Noto Serif CJK SC, BabelStone Han]"
    edit_description(pledge, chain, "[No Such Font, Noto Serif SC]")
    (complaint,) = check_form(pledge)
    assert complaint.severity is Severity.WARNING
    assert "No Such Font" in str(complaint.problem)
    edit_description(pledge, "[No Such Font, Noto Serif SC]", "[No Such Font, Nor This One]")
    (complaint,) = check_form(pledge)
    assert complaint.severity is Severity.ERROR
    assert "none of the fonts No Such Font, Nor This One" in str(complaint.problem)


def test_a_broken_description_is_a_complaint(pledge: Path) -> None:
    edit_description(pledge, "kind: seal", "kind: stamp")
    (complaint,) = check_form(pledge)
    assert "roles[1].kind" in str(complaint.problem)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no word file"])
def test_a_file_that_is_no_word_document_is_a_complaint(pledge: Path, data: bytes) -> None:
    (pledge / "template.docx").write_bytes(data)
    (complaint,) = check_form(pledge)
    assert "not a Word document" in str(complaint.problem)


def test_a_template_changed_after_its_release_is_an_error(pledge: Path) -> None:
    shutil.copy(forms_folder(None) / "approved.yaml", pledge.parent)
    assert check_form(pledge) == []
    edit_template(pledge, lambda document: document.paragraphs[1].runs[0].add_text("。"))
    (complaint,) = check_form(pledge)
    assert "differs from the released version 1.0" in str(complaint.problem)
    edit_description(pledge, 'version: "1.0"', 'version: "1.1"')
    (complaint,) = check_form(pledge)
    assert complaint.severity is Severity.WARNING
    assert "1.1 is not released" in str(complaint.problem)


def test_saving_unchanged_in_word_keeps_the_form_usable(agreement: Path) -> None:
    edit_template(agreement, lambda document: None)
    assert check_form(agreement) == []
    assert len(docx.Document(str(agreement / "template.docx")).tables) == 1
