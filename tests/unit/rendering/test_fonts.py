"""Glyph coverage against the real font files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agreegen.errors import MissingProgramError
from agreegen.forms.fonts import covered_characters, find_chain, find_font, font_folders
from agreegen.model.document import build_document
from agreegen.rendering.fonts import check_glyphs

from .conftest import FORM_IDS, packaged_form, sample_document


def test_the_packaged_font_is_found_first_and_has_the_common_characters() -> None:
    font = find_font("Noto Serif SC")
    assert font is not None
    assert (font.path.name, font.index) == ("NotoSerifSC-Regular.otf", 0)
    assert {ord(c) for c in "㛃·—_年"} <= covered_characters(font)
    assert set(range(0x4E00, 0x9FA6)) <= covered_characters(font)


def test_a_family_that_is_not_there_is_not_replaced_by_another() -> None:
    assert find_font("No Such Font") is None
    with pytest.raises(MissingProgramError, match="No Such Font"):
        find_chain(("No Such Font",))


def test_the_folders_of_a_form_hold_its_fonts() -> None:
    folders = font_folders(packaged_form("personal-pledge"))
    assert any((folder / "NotoSerifSC-Regular.otf").is_file() for folder in folders)
    assert len(folders) == len(set(folders))


@pytest.mark.parametrize("form_id", FORM_IDS)
def test_ordinary_values_are_covered(form_id: str) -> None:
    form = packaged_form(form_id)
    assert check_glyphs(form, sample_document(form, full=True)) == []


@pytest.mark.parametrize("name", ["㛃", "阿卜杜热合曼·买买提"])
def test_rare_and_minority_names_are_covered(name: str) -> None:
    form = packaged_form("personal-pledge")
    assert check_glyphs(form, build_document(form, {"pledger_name": name})) == []


def test_each_field_with_missing_glyphs_is_named_with_its_code_points() -> None:
    form = packaged_form("confidentiality-agreement")
    document = sample_document(
        form, full=True, party_a_name="某\ue000局", protected_items=("甲", "乙\U0010fffd")
    )
    complaints = check_glyphs(form, document)
    assert [(c.location.field, c.location.label) for c in complaints] == [
        ("party_a_name", "甲方"),
        ("protected_items", "保密的技术信息和文件资料"),
    ]
    assert "U+E000" in str(complaints[0].problem)
    assert "U+10FFFD" in str(complaints[1].problem)
    assert "U+7532" not in str(complaints[1].problem)


def test_only_the_fonts_of_the_chain_count() -> None:
    form = packaged_form("personal-pledge")
    document = build_document(form, {"pledger_name": "Ԁ"})  # in no packaged serif font
    alone = replace(form, font_chains=(("Noto Serif SC", ("Noto Serif SC",)),))
    assert [c.location.field for c in check_glyphs(alone, document)] == ["pledger_name"]


def test_a_chain_without_any_font_is_an_error() -> None:
    form = replace(packaged_form("personal-pledge"), font_chains=(("Noto Serif SC", ("No Such Font",)),))
    with pytest.raises(MissingProgramError):
        check_glyphs(form, build_document(form, {"pledger_name": "张三"}))
