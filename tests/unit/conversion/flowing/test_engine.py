"""The compiled agreements of this repository: documents from them, without LibreOffice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agreegen.conversion.compiled.description import ENGINE
from agreegen.conversion.compiled.reading import read_text
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.flowing.proof import placed_glyphs, signature_places
from agreegen.conversion.flowing.samples import samples
from agreegen.conversion.interface import CompiledPages, DoesNotFit, StaleCompiledForm
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import FieldType, Form
from agreegen.model.text import normalise_text
from agreegen.rendering.context import template_context
from agreegen.rendering.expected import expected_text
from tests.judges import qpdf
from tests.unit.conversion.samples import MOMENT, opened

FORMS = Path(__file__).parents[4] / "forms"
NAMES = ("confidentiality-agreement", "data-use-agreement")


@pytest.fixture(scope="module", params=NAMES)
def form(request: pytest.FixtureRequest) -> Form:
    return load_form(FORMS / str(request.param))


@pytest.fixture(scope="module")
def compiled(form: Form) -> CompiledPages:
    found = load_compiled_form(form)
    assert found is not None
    return found


def agreement(form: Form, **changes: Value) -> Document:
    values: dict[str, Value] = {
        field.name: ("普查表", "清单") if field.type is FieldType.LIST else "某市普查办公室"
        for field in form.fields
        if field.required
    }
    return build_document(form, {**values, **changes})


def produce(compiled: CompiledPages, form: Form, document: Document) -> bytes:
    return compiled.produce(document, template_context(form, document), MOMENT)


def test_documents_say_what_the_form_says(compiled: CompiledPages, form: Form, tmp_path: Path) -> None:
    made = 0
    for document in samples(form, 12, 3):
        try:
            pdf = produce(compiled, form, document)
        except DoesNotFit:
            continue
        text = read_text(pdf)
        assert text is not None
        assert normalise_text(text) == normalise_text(expected_text(form, document))
        assert pdf == produce(compiled, form, document)
        (tmp_path / "a.pdf").write_bytes(pdf)
        assert qpdf.check(tmp_path / "a.pdf") == []
        made += 1
    assert made >= 6


def test_fields_and_attachment_are_those_of_any_document(compiled: CompiledPages, form: Form) -> None:
    document = agreement(form)
    pdf = produce(compiled, form, document)
    assert [name for name, _, _ in signature_places(pdf)] == [role.id for role in form.roles]
    with opened(pdf) as read:
        attached = Document.from_json(read.attachments["agreegen.json"].get_file().read_bytes())
    assert attached.engine == ENGINE
    assert attached.values == document.values


def test_a_list_of_any_length_moves_what_follows(compiled: CompiledPages, form: Form) -> None:
    pages = []
    for count in (1, 20, 60):
        document = agreement(form, protected_items=tuple(f"第{n}项" for n in range(count)))
        pages.append(placed_glyphs(produce(compiled, form, document))[-1][0])
    assert pages == sorted(set(pages))


@pytest.mark.parametrize("value", ["普查𠀀办公室", "普查é办公室", "普查々办公室", "普查\n办公室"])
def test_what_was_not_measured_is_refused_before(compiled: CompiledPages, form: Form, value: str) -> None:
    document = agreement(form, party_a_name=value)
    with pytest.raises(DoesNotFit):
        compiled.fits(document, template_context(form, document))
    with pytest.raises(DoesNotFit):
        produce(compiled, form, document)


def test_more_pages_than_were_learned_are_refused(compiled: CompiledPages, form: Form) -> None:
    document = agreement(form, protected_items=tuple(f"{n}{'国' * 190}" for n in range(400)))
    with pytest.raises(DoesNotFit):
        produce(compiled, form, document)


def copied(form: Form, folder: Path) -> Path:
    shutil.copytree(form.directory, folder / form.id)
    return folder / form.id


def test_another_form_yaml_makes_it_stale(form: Form, tmp_path: Path) -> None:
    path = copied(form, tmp_path) / "form.yaml"
    path.write_text(path.read_text("utf-8") + "# changed\n", "utf-8")
    with pytest.raises(StaleCompiledForm, match=r"form\.yaml"):
        load_compiled_form(load_form(path.parent))


def test_a_damaged_base_is_refused(form: Form, tmp_path: Path) -> None:
    path = copied(form, tmp_path) / "compiled.pdf"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ConversionError, match="damaged"):
        load_compiled_form(load_form(path.parent))
    path.unlink()
    with pytest.raises(ConversionError):
        load_compiled_form(load_form(path.parent))


def test_a_description_that_is_none_is_refused(form: Form, tmp_path: Path) -> None:
    path = copied(form, tmp_path) / "compiled.yaml"
    good = path.read_text("utf-8")
    for bad in (good.replace("blocks:", "locks:"), good.replace("engine: compiled/1", "engine: other/1")):
        assert bad != good
        path.write_text(bad, "utf-8")
        with pytest.raises(ConversionError):
            load_compiled_form(load_form(path.parent))
