"""Compiling a form whose text flows: what an office shows is learned, and whatever differs stops it."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from pikepdf import Pdf

from agreegen.conversion.compiled.description import read_description
from agreegen.conversion.flowing.compiler import compile_flowing
from agreegen.conversion.flowing.description import BASE_NAME, FlowingDescription
from agreegen.conversion.flowing.loading import read_profile
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.rendering.context import template_context
from tests.unit.conversion.flowing.offices import DrawnOffice

FORMS = Path(__file__).parents[4] / "forms"


@pytest.fixture(scope="module")
def form() -> Form:
    return load_form(FORMS / "data-use-agreement")


def compiled(form: Form, office: DrawnOffice) -> dict[str, bytes]:
    def context(document: Document) -> Mapping[str, str | bool | list[str]]:
        return template_context(form, document)

    return compile_flowing(form, office, office.render, context)


def test_what_an_office_shows_is_learned(form: Form) -> None:
    office = DrawnOffice(form)
    files = compiled(form, office)
    assert set(files) == {BASE_NAME, "compiled.yaml"}
    made = FlowingDescription.from_raw(read_description(files["compiled.yaml"]))
    committed = (form.directory / "compiled.yaml").read_bytes()
    learned = FlowingDescription.from_raw(read_description(committed))
    assert (made.page, made.styles, made.blocks) == (learned.page, learned.styles, learned.blocks)
    assert made.feet == learned.feet
    assert made.fonts == learned.fonts
    assert office.converted == made.proved + 1  # and the long one
    assert read_profile(files[BASE_NAME]) == read_profile((form.directory / BASE_NAME).read_bytes())


def a_glyph_elsewhere(pdf: Pdf) -> None:
    stream = pdf.pages[0].obj.Contents[0]
    content = stream.read_bytes()
    start = content.rindex(b"BT\n", 0, content.index(b"/Artifact")) + 3
    end = content.index(b" ", start)
    moved = b"%g" % (float(content[start:end]) + 0.1)
    stream.write(content[:start] + moved + content[end:])


def a_bookmark_elsewhere(pdf: Pdf) -> None:
    for place in pdf.Root.Dests.values():
        place[3] = float(place[3]) - 0.1


@pytest.mark.parametrize("change", [a_glyph_elsewhere, a_bookmark_elsewhere])
def test_whatever_differs_stops_it_and_says_where(form: Form, change: object) -> None:
    office = DrawnOffice(form, change)  # type: ignore[arg-type]
    with pytest.raises(ConversionError, match="differs from LibreOffice") as caught:
        compiled(form, office)
    assert "LibreOffice" in str(caught.value.hint)
    assert office.converted == 2  # the long one, and the first that was compared


def test_what_cannot_be_compiled_is_refused_before_an_office_is_asked(form: Form, tmp_path: Path) -> None:
    copy = shutil.copytree(form.directory, tmp_path / form.id)
    target = io.BytesIO()
    with zipfile.ZipFile(copy / "template.docx") as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            text = source.read(name)
            made.writestr(name, text.replace(b"<w:keepNext/>", b"<w:keepNext/><w:pageBreakBefore/>"))
    (copy / "template.docx").write_bytes(target.getvalue())
    office = DrawnOffice(form)
    with pytest.raises(ConversionError, match="page or line break cannot be compiled"):
        compiled(load_form(copy), office)
    assert office.converted == 0
