"""The forms say what the notice says, clause by clause and as a whole; see tests/data/notice/README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agreegen.model.document import build_document
from agreegen.model.text import normalise_text
from agreegen.rendering.docx import render_docx
from agreegen.rendering.expected import expected_text

from .conftest import packaged_form, paragraphs_of, sample_document, sample_values

NOTICE = Path(__file__).parents[2] / "data" / "notice"
FORMS = {"confidentiality-agreement@1.0": 1, "personal-pledge": 2, "data-use-agreement": 3}
ANNEXES = {form.partition("@")[0]: annex for form, annex in FORMS.items()}
MENDED = {
    "2": "；",
    "三": "：",
    "甲1": "，",
    "甲2": "（：），",
    "甲3": "，",
    "甲4": "，",
    "四": "：",
    "乙2": "，，",
    "乙3": "，，，",
}
"""Clause → the punctuation by GB/T 15834 that 1.1 has for half-width signs, in order."""
HALF = str.maketrans("，；：（）", ",;:()")
_HEADING = re.compile(r"附件\d|[（(]样本[)）]")


def _annex_lines(form_id: str) -> list[str]:
    """The annex without its number and “sample”, one printed line each, white space dropped."""
    text = (NOTICE / f"annex-{ANNEXES[form_id]}.txt").read_text(encoding="utf-8")
    # The one slip that is corrected: the blank of annex 3 that a line end doubled (用于⏎于).
    text = text.replace("用于\n于", "用于")
    lines = ["".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line and not _HEADING.fullmatch(line)]


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern that matches the notice's text with each blank filled by something."""
    date_blank = r"_+年_+月_+日"
    parts = re.split(rf"({date_blank}|_+)", text)
    return re.compile("".join("(.+?)" if part.startswith("_") else re.escape(part) for part in parts))


@pytest.mark.parametrize("form_id", FORMS)
@pytest.mark.parametrize("full", [True, False], ids=["full", "blank"])
def test_a_filled_form_is_the_annex_with_its_blanks_filled(form_id: str, full: bool) -> None:
    form = packaged_form(form_id)
    document = sample_document(form, full=full)
    pattern = _pattern("".join(_annex_lines(form.id)))
    for text in (expected_text(form, document), "\n".join(paragraphs_of(render_docx(form, document)))):
        assert pattern.fullmatch(normalise_text(text)), text


@pytest.mark.parametrize("form_id", FORMS)
def test_every_printed_line_of_the_annex_is_in_the_form(form_id: str) -> None:
    form = packaged_form(form_id)
    text = normalise_text(expected_text(form, sample_document(form, full=True)))
    missing = [line for line in _annex_lines(form.id) if not _pattern(line).search(text)]
    assert missing == []


def test_the_blanks_are_filled_in_the_order_of_the_notice() -> None:
    form = packaged_form("confidentiality-agreement@1.0")
    values = sample_values(form, full=True)
    text = normalise_text(expected_text(form, build_document(form, values)))
    found = _pattern("".join(_annex_lines(form.id))).fullmatch(text)
    assert found is not None
    names = (
        "party_a_name", "party_b_name", "working_group_name", "work_description", None, None, None, None,
        "work_scope", "party_a_name", "party_b_name", "party_a_representative", "party_b_representative",
        "party_a_phone", "party_b_phone", None, None, "party_a_signing_place", "party_b_signing_place",
    )  # fmt: skip
    assert len(names) == len(found.groups())
    for name, group in zip(names, found.groups(), strict=True):
        assert name is None or group == values[name]
    assert found.groups()[4:8] == ("第1项资料", "第2项资料", "第3项资料", "第4项资料")


def test_a_changed_clause_would_be_noticed() -> None:
    form = packaged_form("personal-pledge")
    text = normalise_text(expected_text(form, sample_document(form, full=True)))
    pattern = _pattern("".join(_annex_lines(form.id)))
    assert pattern.fullmatch(text)
    assert not pattern.fullmatch(text.replace("党纪、政纪", "党纪政纪"))


def test_clause_six_is_left_out_only_when_the_job_asks() -> None:
    form = packaged_form("personal-pledge")
    values = sample_values(form, full=True)
    shown = build_document(form, values)
    hidden = build_document(form, values, conditions={"state_secrets_clause": False})
    clause = "六、离职离岗时，积极参加脱密期保密教育，自愿接受脱密期管理（只针对涉密人员）。"
    for document, present in ((shown, True), (hidden, False)):
        assert (clause in paragraphs_of(render_docx(form, document))) is present
        assert (clause in expected_text(form, document).splitlines()) is present


@pytest.mark.parametrize("items", [1, 2, 40])
@pytest.mark.parametrize(("version", "separator"), [("1.0", ";"), ("1.1", "；")])
def test_a_list_of_any_length_is_numbered_and_punctuated(items: int, version: str, separator: str) -> None:
    form = packaged_form(f"confidentiality-agreement@{version}")
    paragraphs = paragraphs_of(render_docx(form, sample_document(form, full=False, items=items)))
    start = next(n for n, text in enumerate(paragraphs) if text.startswith("二、")) + 1
    wanted = [f"{n}. 第{n}项资料{separator if n < items else '。'}" for n in range(1, items + 1)]
    assert paragraphs[start : start + items] == wanted
    assert paragraphs[start + items].startswith("三、")


def test_version_1_1_mends_the_punctuation_and_nothing_else() -> None:
    """The notice as taken down has half-width signs, with a space behind, between Chinese characters."""
    forms = [packaged_form(f"confidentiality-agreement@{version}") for version in ("1.0", "1.1")]
    old, new = (paragraphs_of(render_docx(form, sample_document(form, full=True, items=2))) for form in forms)
    assert len(old) == len(new)
    changed: dict[str, str] = {}
    side = ""
    for before, after in zip(old, new, strict=True):
        heading = re.match(r"[三四]", after)
        side = {"三": "甲", "四": "乙"}[heading[0]] if heading else side
        if before == after:
            continue
        place = heading[0] if heading else f"{side}{after[0]}" if side else "2"
        changed[place] = _mended(before, after)
    assert changed == MENDED


def _mended(before: str, after: str) -> str:
    """Return the full-width signs of a paragraph that were half-width; nothing else may differ."""
    assert before.replace(", ", ",").replace(": ", ":").translate(HALF) == after.translate(HALF)
    flat = re.sub(r"([,;:]) ", r"\1", before)
    assert len(flat) == len(after)
    return "".join(new for old, new in zip(flat, after, strict=True) if old != new)
