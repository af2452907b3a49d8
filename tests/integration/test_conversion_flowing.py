"""The proof of the engine for flowing text: its pages are LibreOffice's, glyph for glyph, pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.conversion.compiled.description import read_description
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.flowing.compiler import compile_flowing
from agreegen.conversion.flowing.description import FlowingDescription
from agreegen.conversion.flowing.samples import samples
from agreegen.conversion.interface import DoesNotFit
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.forms.description import load_form
from agreegen.forms.fonts import font_folders
from agreegen.rendering.context import template_context
from agreegen.rendering.docx import render_docx
from tests.judges import verapdf
from tests.soak.agreements import AGREEMENTS, FORMS, run
from tests.unit.conversion.samples import MOMENT

pytestmark = pytest.mark.libreoffice


@pytest.mark.parametrize("name", AGREEMENTS)
def test_agreements_are_libreoffices(name: str) -> None:
    figures = run(name, 16, seed=1)
    assert not figures.differing
    assert figures.equal.total() >= 8  # of the odd samples; the others went to LibreOffice by name


@pytest.mark.soak
@pytest.mark.parametrize("name", AGREEMENTS)
def test_hundreds_of_agreements_are_libreoffices(name: str) -> None:
    figures = run(name, 1000, seed=2)
    assert not figures.differing
    assert figures.equal.total() >= 700
    assert min(figures.equal) <= 4
    assert max(figures.equal) >= 12


@pytest.mark.verapdf
@pytest.mark.skipif(not verapdf.available(), reason="needs a Java runtime and the veraPDF classes")
@pytest.mark.parametrize("name", AGREEMENTS)
def test_verapdf_finds_nothing(name: str, tmp_path: Path) -> None:
    paths = []
    form = load_form(FORMS / name)
    compiled = load_compiled_form(form)
    assert compiled is not None
    for number, document in enumerate(samples(form, 16, 3)):
        try:
            made = compiled.produce(document, template_context(form, document), MOMENT)
        except DoesNotFit:
            continue
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(made)
    assert len(paths) >= 8
    assert verapdf.validate(paths) == {path: (True, []) for path in paths}


def test_compiling_again_gives_what_is_committed() -> None:
    form = load_form(FORMS / AGREEMENTS[1])
    with LibreOffice(font_folders(form), form.font_chains) as office:
        files = compile_flowing(
            form,
            office,
            lambda document: render_docx(form, document),
            lambda document: template_context(form, document),
        )
    made = FlowingDescription.from_raw(read_description(files["compiled.yaml"]))
    committed = FlowingDescription.from_raw(read_description((form.directory / "compiled.yaml").read_bytes()))
    assert (made.page, made.styles, made.blocks, made.feet) == (
        committed.page,
        committed.styles,
        committed.blocks,
        committed.feet,
    )
