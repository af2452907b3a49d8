"""The forms on real pages: text, length, signature places and fonts, as LibreOffice lays them out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from agreegen.conversion.fields import pdf_bookmark_name
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.conversion.signature_page_check import check_signatures_together
from agreegen.errors import ConversionError
from agreegen.forms.catalog import find_form, forms_folder
from agreegen.forms.fonts import covered_characters, find_chain, font_folders
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import Form
from agreegen.model.text import normalise_text
from agreegen.programs import find_program, run_program
from agreegen.rendering.docx import render_docx
from agreegen.rendering.expected import expected_text

pytestmark = pytest.mark.libreoffice

POINTS_PER_MM = 72 / 25.4
LONG_NAME = "某某省某某自治州某某自治县第二次全国污染源普查领导小组办公室（环境保护局）"
AGREEMENT_TEXTS: dict[str, dict[str, Value]] = {
    "confidentiality-agreement": {"working_group_name": "普查数据处理", "work_description": "数据录入与审核"},
    "data-use-agreement": {"data_description": "2017年度普查数据", "use_purpose": "环境质量评估"},
}


@pytest.fixture(scope="module")
def office() -> Iterator[LibreOffice]:
    form = find_form("personal-pledge", forms_folder(None))
    with LibreOffice(font_folders(form), form.font_chains) as office:
        yield office


def _agreement(form_id: str, *, items: int, party_a: str, full: bool) -> tuple[Form, Document]:
    form = find_form(form_id, forms_folder(None))
    values: dict[str, Value] = {
        "party_a_name": party_a,
        "party_b_name": "某市环境监测技术有限公司",
        "protected_items": tuple(f"第{n}类普查表的原始数据 & <汇总>" for n in range(1, items + 1)),
        **AGREEMENT_TEXTS[form_id],
    }
    if full:
        for party, name in (("a", "王建国"), ("b", "阿卜杜热合曼·买买提")):
            values[f"party_{party}_representative"] = name
            values[f"party_{party}_phone"] = "0371-66000001"
            values[f"party_{party}_signing_date"] = date(2018, 12, 30)
            values[f"party_{party}_signing_place"] = "河南省郑州市金水区某某路100号"
    return form, build_document(form, values)


def _page_texts(pdf: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(pdf)
    try:
        return [str(page.get_textpage().get_text_range()) for page in opened]
    finally:
        opened.close()


def _field_boxes(form: Form, pdf: bytes) -> dict[str, tuple[int, float, float, float, float]]:
    """Page number and box (left, bottom, right, top in points) of each visible role."""
    boxes = {}
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = {page.obj.objgen: number for number, page in enumerate(opened.pages)}
        destinations = opened.Root.Names.Dests if "/Names" in opened.Root else opened.Root.Dests
        named = (
            dict(pikepdf.NameTree(destinations).items())
            if "/Names" in opened.Root
            else {str(key)[1:]: value for key, value in destinations.items()}
        )
        for role in form.roles:
            if role.bookmark is None:
                continue
            place = named[pdf_bookmark_name(role.bookmark)]
            place = place.D if isinstance(place, pikepdf.Dictionary) else place
            x = float(place[2]) + role.offset_x_mm * POINTS_PER_MM
            y = float(place[3]) - role.offset_y_mm * POINTS_PER_MM
            width, height = role.width_mm * POINTS_PER_MM / 2, role.height_mm * POINTS_PER_MM / 2
            boxes[role.id] = (pages[place[0].objgen], x - width, y - height, x + width, y + height)
    return boxes


def _assert_places(form: Form, pdf: bytes) -> None:
    boxes = _field_boxes(form, pdf)
    assert set(boxes) == {role.id for role in form.roles if role.visible}
    for role_id, (_, left, bottom, right, top) in boxes.items():
        assert left >= 28 * POINTS_PER_MM - 1, role_id  # within the margins of the form
        assert right <= (210 - 26) * POINTS_PER_MM + 1, role_id
        assert bottom >= 30 * POINTS_PER_MM, role_id
        assert top <= (297 - 35) * POINTS_PER_MM, role_id
    placed = list(boxes.items())
    for number, (first, a) in enumerate(placed):
        for second, b in placed[number + 1 :]:
            apart = a[0] != b[0] or a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] or b[4] <= a[2]
            assert apart, f"{first} lies over {second}"


@pytest.mark.parametrize("form_id", AGREEMENT_TEXTS)
@pytest.mark.parametrize(
    ("items", "party_a", "full"),
    [(1, "某局", False), (7, LONG_NAME, True), (13, "某市普查办", True), (60, "某局", False)],
)
def test_an_agreement_of_any_length_keeps_its_signatures_with_the_last_clause(
    office: LibreOffice, form_id: str, items: int, party_a: str, full: bool
) -> None:
    form, document = _agreement(form_id, items=items, party_a=party_a, full=full)
    docx = render_docx(form, document)
    pdf = office.convert(docx)
    pages = _page_texts(pdf)
    assert normalise_text("\n".join(pages)) == normalise_text(expected_text(form, document))
    last = normalise_text(pages[-1])
    assert "本协议一式两份，甲乙双方各持一份。甲方（盖章）：" in last
    assert last.count("签订地点：") == 2
    assert {box[0] for box in _field_boxes(form, pdf).values()} == {len(pages) - 1}
    check_signatures_together(form, docx, pdf)
    _assert_places(form, pdf)


@pytest.mark.parametrize("form_id", AGREEMENT_TEXTS)
@pytest.mark.parametrize(
    ("name", "place"),
    [(120, 60), (140, 10), (180, 60), (200, 60)],  # alone on a page, parted after and within the signatures
)
def test_signatures_alone_on_a_page_or_parted_are_refused(
    office: LibreOffice, form_id: str, name: int, place: int
) -> None:
    form, document = _agreement(form_id, items=1, party_a="某" * name + "局", full=True)
    values = dict(document.values) | {
        "party_a_representative": "阿卜杜热合曼·买买提·" * 4 + "阿卜杜热合",
        "party_a_signing_place": "某" * place,
    }
    document = replace(document, values=values)
    docx = render_docx(form, document)
    pdf = office.convert(docx)
    pages = _page_texts(pdf)
    together = [p for p in pages if "甲方（盖章）" in p and "签订地点" in p and "各持一份" in p]
    assert together == []
    with pytest.raises(ConversionError, match="do not fit on one page"):
        check_signatures_together(form, docx, pdf)


@pytest.mark.parametrize(
    "name",
    ["李敏", "㛃", "阿卜杜热合曼·买买提", "阿卜杜热合曼·" * 7 + "买", "Maria Fernández-Ramírez"],
)
def test_a_pledge_is_one_page(office: LibreOffice, name: str) -> None:
    form = find_form("personal-pledge", forms_folder(None))
    document = build_document(form, {"pledger_name": name, "pledge_date": date(2018, 12, 30)})
    pdf = office.convert(render_docx(form, document))
    (page,) = _page_texts(pdf)
    assert normalise_text(page) == normalise_text(expected_text(form, document))
    assert "— 1 —" in page or "—1—" in "".join(page.split())
    _assert_places(form, pdf)


def test_characters_of_every_font_of_the_chain_are_read_back_in_order(office: LibreOffice) -> None:
    form = find_form("personal-pledge", forms_folder(None))
    first, *others = find_chain(form.font_chains[0][1])
    seen = set(covered_characters(first))
    rare = []
    for font in others:  # which of them there are depends on the machine
        new = [c for c in sorted(covered_characters(font) - seen) if 0x3400 <= c <= 0x4DBF or c >= 0x20000]
        rare += [chr(c) for c in (*new[:1], *new[-1:])]
        seen |= covered_characters(font)
    document = build_document(form, {"pledger_name": "王" + "明".join(rare) + "·李"})
    pdf = office.convert(render_docx(form, document))
    assert normalise_text("\n".join(_page_texts(pdf))) == normalise_text(expected_text(form, document))


def test_pdftotext_reads_the_same_text_and_only_the_forms_font_is_used(
    office: LibreOffice, tmp_path: Path
) -> None:
    form, document = _agreement("confidentiality-agreement", items=5, party_a=LONG_NAME, full=True)
    path = tmp_path / "agreement.pdf"
    path.write_bytes(office.convert(render_docx(form, document)))
    tool = find_program("pdftotext", package="poppler-utils")
    read = run_program([tool, "-raw", path, "-"], timeout_s=60).stdout.decode()
    assert normalise_text(read) == normalise_text(expected_text(form, document))
    fonts = run_program(
        [find_program("pdffonts", package="poppler-utils"), path], timeout_s=60
    ).stdout.decode()
    names = [line.split()[0] for line in fonts.splitlines()[2:]]
    assert names
    assert all("+NotoSerifSC" in name for name in names)
