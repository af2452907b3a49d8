"""The proof of the engine for flowing text: its agreements are LibreOffice's, glyph for glyph and pixel for pixel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from agreegen.conversion.assembly import assemble
from agreegen.conversion.compiled.reading import read_text
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.flowing.proof import placed_glyphs, signature_places
from agreegen.conversion.flowing.samples import samples
from agreegen.conversion.interface import DoesNotFit
from agreegen.conversion.libreoffice import LibreOffice
from agreegen.forms.catalog import load_form
from agreegen.forms.fonts import font_folders
from agreegen.model.text import normalise_text
from agreegen.rendering.context import template_context
from agreegen.rendering.docx import render_docx
from agreegen.rendering.expected import expected_text
from tests.unit.conversion.samples import MOMENT

pytestmark = pytest.mark.libreoffice
FORMS = Path(__file__).parents[2] / "forms"
AGREEMENTS = ("confidentiality-agreement", "data-use-agreement")
_SCALE = 150 / 72


def compare(name: str, count: int, seed: int) -> tuple[int, int]:
    """Make documents both ways; return how many were equal and how many were known beforehand not to fit."""
    form = load_form(FORMS / name)
    compiled = load_compiled_form(form)
    assert compiled is not None
    equal = refused = 0
    with LibreOffice(font_folders(form), form.font_chains) as office:
        for document in samples(form, count, seed):
            try:
                ours = compiled.produce(document, template_context(form, document), MOMENT)
            except DoesNotFit:
                refused += 1
                continue
            theirs = assemble(office.convert(render_docx(form, document)), form, document, MOMENT)
            assert placed_glyphs(ours) == placed_glyphs(theirs), document.values
            assert signature_places(ours) == signature_places(theirs), document.values
            assert all(one == other for one, other in zip(pixels(ours), pixels(theirs), strict=True))
            text = read_text(ours)
            assert text is not None
            assert normalise_text(text) == normalise_text(expected_text(form, document))
            equal += 1
    return equal, refused


def pixels(pdf: bytes) -> Iterator[bytes]:
    """Yield each page as PDFium draws it at 150 dpi."""
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield page.render(scale=_SCALE).to_numpy().tobytes()


@pytest.mark.parametrize("name", AGREEMENTS)
def test_agreements_are_libreoffices(name: str) -> None:
    equal, refused = compare(name, 12, 1)
    assert equal >= 8
    assert equal + refused == 12


@pytest.mark.soak
@pytest.mark.parametrize("name", AGREEMENTS)
def test_hundreds_of_agreements_are_libreoffices(name: str) -> None:
    equal, refused = compare(name, 600, 2)
    assert equal >= 450
    assert equal + refused == 600
