"""The compiled pledge of this repository: documents from it, and what makes it stale."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from agreegen.conversion.compiled.description import ENGINE
from agreegen.conversion.compiled.engine import CompiledForm
from agreegen.conversion.compiled.reading import read_text
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.interface import DoesNotFit, StaleCompiledForm
from agreegen.conversion.text import check_text, extract_text
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form
from agreegen.model.document import Document, Value, build_document
from agreegen.model.text import normalise_text
from agreegen.rendering.context import template_context
from agreegen.rendering.expected import expected_text
from tests.judges import qpdf
from tests.unit.conversion.samples import MOMENT, opened

FOLDER = Path(__file__).parents[3] / "forms" / "personal-pledge"
FORM = load_form(FOLDER)


@pytest.fixture(scope="module")
def compiled() -> CompiledForm:
    found = load_compiled_form(FORM)
    assert isinstance(found, CompiledForm)
    return found


def pledge(name: str, day: date | None = None, *, secrets: bool = True) -> Document:
    values: dict[str, Value] = {"pledger_name": name}
    if day is not None:
        values["pledge_date"] = day
    return build_document(FORM, values, conditions={"state_secrets_clause": secrets})


def produce(compiled: CompiledForm, document: Document) -> bytes:
    return compiled.produce(document, template_context(FORM, document), MOMENT)


@pytest.mark.parametrize(
    "document",
    [
        pledge("张伟"),
        pledge("阿卜杜热合曼·买买提", date(2018, 5, 10)),
        pledge("㛃𫖮", secrets=False),
        pledge("John Smith", date(2024, 12, 31)),
        pledge("国" * 25, date(2018, 5, 10), secrets=False),
    ],
)
def test_a_document_says_what_the_form_says(
    compiled: CompiledForm, document: Document, tmp_path: Path
) -> None:
    pdf = produce(compiled, document)
    check_text(expected_text(FORM, document), pdf)
    assert pdf == produce(compiled, document)
    assert pdf.count(b"%%EOF") == 1
    (tmp_path / "a.pdf").write_bytes(pdf)
    assert qpdf.check(tmp_path / "a.pdf") == []


def test_fields_attachment_and_metadata_are_those_of_any_document(compiled: CompiledForm) -> None:
    document = pledge("张伟")
    with opened(produce(compiled, document)) as pdf:
        assert [str(field.T) for field in pdf.Root.AcroForm.Fields] == ["unit", "pledger"]
        assert pdf.Root.AcroForm.Fields[1].Lock.P == 1
        attached = Document.from_json(pdf.attachments["agreegen.json"].get_file().read_bytes())
        assert attached == replace(document, engine=ENGINE)
        assert str(pdf.docinfo.Title) == FORM.title_zh
        assert str(pdf.docinfo.CreationDate) == "D:20180510083000Z"


def test_values_are_tagged_text_of_their_paragraph(compiled: CompiledForm) -> None:
    with opened(produce(compiled, pledge("张伟"))) as pdf:
        content = b"".join(stream.read_bytes() for stream in pdf.pages[0].Contents)
        parents = list(pdf.Root.StructTreeRoot.ParentTree.Nums[1])
        assert content.count(b"/MCID") == len(parents)
        for mark, element in enumerate(parents):
            assert b"<</MCID %d>>BDC" % mark in content
            assert mark in [int(kid) for kid in element.K if isinstance(kid, int)]


def test_no_name_leaks_into_another_document(compiled: CompiledForm) -> None:
    produce(compiled, pledge("龘靐"))
    pdf = produce(compiled, pledge("张伟"))
    with opened(pdf) as file:
        maps = b"".join(font.ToUnicode.read_bytes().lower() for font in file.pages[0].Resources.Font.values())
    assert b"5f20" in maps  # 张
    assert b"9f98" not in maps  # 龘
    assert "龘" not in extract_text(pdf)


@pytest.mark.parametrize("name", ["国" * 40, "张-伟", "O'Neil"])
def test_a_name_that_does_not_fit_raises(compiled: CompiledForm, name: str) -> None:
    document = pledge(name)
    with pytest.raises(DoesNotFit):
        produce(compiled, document)
    with pytest.raises(DoesNotFit):
        compiled.fits(document, template_context(FORM, document))


def test_a_form_without_compiled_files_has_none(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "personal-pledge", ignore=shutil.ignore_patterns("compiled*"))
    assert load_compiled_form(load_form(copy)) is None


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"template_sha256": "0" * 64}, "template.docx"),
        ({"description_sha256": "0" * 64}, "form.yaml"),
    ],
)
def test_a_changed_form_makes_it_stale_and_says_so(changes: dict[str, str], what: str) -> None:
    with pytest.raises(StaleCompiledForm, match=f"stale: {what} changed") as caught:
        load_compiled_form(replace(FORM, **changes))  # type: ignore[arg-type]
    assert "agreegen forms compile personal-pledge" in (caught.value.hint or "")


def test_another_font_makes_it_stale(tmp_path: Path) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "personal-pledge")
    path = copy / "compiled.yaml"
    text = path.read_text("utf-8")
    start = text.index("Noto Serif SC: ") + len("Noto Serif SC: ")
    path.write_text(text[:start] + "f" * 64 + text[start + 64 :], "utf-8")
    with pytest.raises(StaleCompiledForm, match="the font"):
        load_compiled_form(load_form(copy))


@pytest.mark.parametrize("damage", ["cut", "missing", "nonsense"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "personal-pledge")
    base, description = copy / "compiled.pdf", copy / "compiled.yaml"
    if damage == "cut":
        base.write_bytes(base.read_bytes()[:-100])
    elif damage == "missing":
        base.unlink()
    else:
        description.write_text("format: [", "utf-8")
    with pytest.raises(ConversionError, match="compiled"):
        load_compiled_form(load_form(copy))


def test_quick_reading_and_pdfium_read_the_same(compiled: CompiledForm) -> None:
    for document in (pledge("张伟"), pledge("阿卜杜热合曼·买买提", date(2018, 5, 10)), pledge("office李")):
        pdf = produce(compiled, document)
        quick = read_text(pdf)
        assert quick is not None
        assert (
            normalise_text(quick)
            == normalise_text(extract_text(pdf))
            == normalise_text(expected_text(FORM, document))
        )


def test_the_gate_refuses_another_persons_text(compiled: CompiledForm) -> None:
    pdf = produce(compiled, pledge("张伟"))
    with pytest.raises(ConversionError, match="张伟"):
        check_text(expected_text(FORM, pledge("张玮")), pdf)


@pytest.mark.parametrize(
    "addition",
    [
        b"/Fm0 Do\n",
        b"BT\n1 0 0 1 5 5 Tm /V0 16 Tf<0001>Tj\nET\n",
        b"3 Tr\n",
        b"BI /W 1 ID \x00 EI\n",
        b"0.5 g\n",
    ],
)
def test_quick_reading_leaves_unknown_content_to_pdfium(compiled: CompiledForm, addition: bytes) -> None:
    with opened(produce(compiled, pledge("张伟"))) as pdf:
        stream = pdf.pages[0].Contents[1]
        stream.write(stream.read_bytes() + addition)
        target = io.BytesIO()
        pdf.save(target)
    assert read_text(target.getvalue()) is None


def test_quick_reading_gives_up_on_what_is_no_pdf() -> None:
    assert read_text(b"no PDF") is None
