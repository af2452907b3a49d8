"""Characters that the form's font lacks stand in runs of their own, in a font that has them."""

from __future__ import annotations

import io
from dataclasses import replace

import docx
import pytest
from docx.oxml.ns import qn

from agreegen.forms.fonts import covered_characters, find_font
from agreegen.model.document import build_document
from agreegen.model.form import Form
from agreegen.rendering.docx import render_docx

from .conftest import packaged_form, paragraphs_of


@pytest.fixture
def form() -> Form:
    """The pledge with the two packaged fonts only, so that the result is the same on every machine."""
    chain = ("Noto Serif SC", "Noto Sans SC")
    return replace(packaged_form("personal-pledge"), font_chains=(("Noto Serif SC", chain),))


@pytest.fixture
def rare() -> str:
    """A letter that only the second font has."""
    serif, sans = find_font("Noto Serif SC"), find_font("Noto Sans SC")
    assert serif is not None
    assert sans is not None
    return next(
        chr(c) for c in sorted(covered_characters(sans) - covered_characters(serif)) if chr(c).isprintable()
    )


def _runs(form: Form, name: str) -> list[tuple[str, str | None]]:
    document = docx.Document(io.BytesIO(render_docx(form, build_document(form, {"pledger_name": name}))))
    paragraph = next(p for p in document.paragraphs if p.text.startswith("承诺人："))
    found = []
    for run in paragraph.runs:
        fonts = None if run._r.rPr is None else run._r.rPr.find(qn("w:rFonts"))
        found.append((run.text, None if fonts is None else fonts.get(qn("w:eastAsia"))))
    return found


def test_a_rare_character_gets_a_run_in_the_next_font(form: Form, rare: str) -> None:
    assert _runs(form, f"王{rare}{rare}明") == [
        ("承诺人：王", None),
        (rare * 2, "Noto Sans SC"),
        ("明（签字）", None),
    ]


def test_a_mark_stays_with_its_character(form: Form, rare: str) -> None:
    assert _runs(form, f"王{rare}\u0301")[1] == (f"{rare}\u0301", "Noto Sans SC")


def test_common_text_stays_in_one_run(form: Form) -> None:
    assert _runs(form, "阿卜杜热合曼·买买提") == [("承诺人：阿卜杜热合曼·买买提（签字）", None)]


def test_text_line_ends_and_bookmarks_are_kept(form: Form, rare: str) -> None:
    data = render_docx(form, build_document(form, {"pledger_name": f" 王{rare}\n{rare}<&{{ "}))
    assert f"承诺人： 王{rare}\n{rare}<&{{ （签字）" in paragraphs_of(data)
    names = [m.get(qn("w:name")) for m in docx.Document(io.BytesIO(data)).element.iter(qn("w:bookmarkStart"))]
    assert names == ["pledger"]
