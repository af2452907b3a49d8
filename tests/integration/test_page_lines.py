"""Lines on real pages: where they break, and that nothing stands outside of the type area."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date

import pypdfium2
import pytest

from agreegen.conversion.libreoffice import LibreOffice
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.fonts import font_folders
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import Form
from agreegen.rendering.docx import render_docx

pytestmark = pytest.mark.libreoffice

RIGHT_EDGE = 595.3 - 26 / 25.4 * 72
"""Points: A4 less the margin of 26 mm."""
NOT_FIRST = frozenset("，。；：、！？）》」』】”’〕…—%")
"""GB/T 15834, 5.1: marks that may not begin a line; the dash only with its other half."""
EXTENSION = "0371-60000000-8801"
AGREEMENTS = ("confidentiality-agreement", "confidentiality-agreement@1.0", "data-use-agreement")


@pytest.fixture(scope="module")
def office() -> Iterator[LibreOffice]:
    form = find_form("confidentiality-agreement", forms_folder(None))
    with LibreOffice(font_folders(form), form.font_chains) as office:
        yield office


def _agreement(form_id: str, number: int) -> tuple[Form, Document]:
    """An agreement whose values have lengths and marks at random, always the same for a number."""
    form, chance = find_form(form_id, forms_folder(None)), random.Random(number)

    def words(most: int) -> str:
        text = "".join(
            chance.choice("普查数据审核与汇总，（含附表）、及《说明》；2018年ABC") for _ in range(most)
        )
        return text.strip("，；、") or "普查"

    values: dict[str, Value] = {
        "party_a_name": "甲" * chance.randint(2, 20) + "办公室",
        "party_b_name": "乙" * chance.randint(2, 20) + "有限公司",
        "protected_items": tuple(words(chance.randint(2, 60)) for _ in range(chance.randint(1, 12))),
        "working_group_name": words(chance.randint(2, 40)),
        "work_description": words(chance.randint(2, 40)),
        "data_description": words(chance.randint(2, 40)),
        "use_purpose": words(chance.randint(2, 40)),
        "party_a_phone": EXTENSION,
        "party_b_phone": EXTENSION,
        "party_a_representative": "王建国",
        "party_b_representative": "阿卜杜热合曼·买买提",
        "party_a_signing_date": date(2018, 12, 30),
        "party_b_signing_date": date(2018, 12, 30),
    }
    names = {field.name for field in form.fields}
    return form, build_document(form, {name: value for name, value in values.items() if name in names})


def _lines(pdf: bytes) -> Iterator[tuple[str, float]]:
    """Yield the text of each line and where its last mark of ink ends, in points."""
    opened = pypdfium2.PdfDocument(pdf)
    try:
        for page in opened:
            text = page.get_textpage()
            line, right = "", 0.0
            for index in range(text.count_chars()):
                character = text.get_text_range(index, 1)
                if character in "\r\n":
                    if line.strip():
                        yield line.strip(), right
                    line, right = "", 0.0
                    continue
                line += character
                if not character.isspace():
                    right = max(right, text.get_charbox(index)[2])
            if line.strip():
                yield line.strip(), right
    finally:
        opened.close()


@pytest.mark.parametrize("form_id", AGREEMENTS)
def test_lines_begin_and_end_as_they_should(office: LibreOffice, form_id: str) -> None:
    whole = 0
    for number in range(6):
        form, document = _agreement(form_id, number)
        lines = list(_lines(office.convert(render_docx(form, document))))
        assert len(lines) > 40
        assert [line for line, _ in lines if line[0] in NOT_FIRST and not line.startswith("—")] == []
        # A mark at the end may hang by half a character, of 16 points.
        assert [(line, right) for line, right in lines if right > RIGHT_EDGE + 8] == []
        whole += sum(line.count(EXTENSION) for line, _ in lines)
    assert whole == 12, "both telephone numbers of six agreements stand on lines of their own"
