"""Reading where glyphs and fields stand: any move is seen, and what cannot be read is an error."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pikepdf import Pdf

from agreegen.conversion.compiled.description import read_description
from agreegen.conversion.flowing.description import FlowingDescription
from agreegen.conversion.flowing.proof import placed_glyphs, read_feet, signature_places
from agreegen.errors import ConversionError
from agreegen.forms.description import load_form
from agreegen.model.document import build_document
from agreegen.rendering.context import template_context
from tests.unit.conversion.flowing.offices import loaded
from tests.unit.conversion.samples import MOMENT

FORM = load_form(Path(__file__).parents[4] / "forms" / "data-use-agreement")
VALUES = {
    field.name: "某市普查办公室" if field.name != "protected_items" else ("普查表",)
    for field in FORM.fields
    if field.required
}


@pytest.fixture(scope="module")
def pdf() -> bytes:
    document = build_document(FORM, VALUES)
    return loaded(FORM).produce(document, template_context(FORM, document), MOMENT)


def rewritten(pdf: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Return the file with another content on its first page."""
    target = io.BytesIO()
    with Pdf.open(io.BytesIO(pdf)) as opened:
        stream = opened.pages[0].obj.Contents[0]
        stream.write(change(stream.read_bytes()))
        opened.save(target)
    return target.getvalue()


def test_glyphs_come_in_reading_order_with_their_places(pdf: bytes) -> None:
    glyphs = placed_glyphs(pdf)
    title = [glyph for glyph in glyphs if glyph[1] == glyphs[0][1]]
    assert "".join(text for *_, text in title) == FORM.title_zh
    assert {size for *_, size, _ in title} == {22.0}
    steps = {b[2] - a[2] for a, b in itertools.pairwise(title)}
    assert steps == {220}  # tenths of a point: every sign of a title is one em wide
    assert [page for page, *_ in glyphs] == sorted(page for page, *_ in glyphs)


@pytest.mark.parametrize(
    ("old", "new"),
    [(rb" Td ", b"1 Td "), (rb"22 Tf", b"21 Tf"), (rb">-?\d+<", b">77<"), (rb"BT\n[^\n]*\nET\n", b"")],
)
def test_any_move_is_seen(pdf: bytes, old: bytes, new: bytes) -> None:
    changed = rewritten(pdf, lambda content: re.sub(old, new, content, count=1))
    assert placed_glyphs(changed) != placed_glyphs(pdf)


@pytest.mark.parametrize("addition", [b"/X gs\n", b"3 Tr\n", b"(text) Tj\n"])
def test_what_is_not_read_is_an_error(pdf: bytes, addition: bytes) -> None:
    changed = rewritten(pdf, lambda content: content.replace(b"BT\n", b"BT\n" + addition, 1))
    with pytest.raises(ConversionError, match="was not measured"):
        placed_glyphs(changed)


def test_feet_are_those_of_the_form(pdf: bytes) -> None:
    described = read_description((FORM.directory / "compiled.yaml").read_bytes())
    feet = FlowingDescription.from_raw(described).feet
    found = read_feet(pdf)
    assert found == feet[: len(found)]
    assert [run.text.strip(" —") for run in found[0] if run.text.strip(" —")] == ["1"]


def test_fields_are_told_with_page_and_rectangle(pdf: bytes) -> None:
    places = signature_places(pdf)
    assert [name for name, _, _ in places] == [role.id for role in FORM.roles]
    for role, (_, page, (left, bottom, right, top)) in zip(FORM.roles, places, strict=True):
        assert page == places[0][1]
        assert right - left == pytest.approx(role.width_mm * 72 / 25.4, abs=0.02)
        assert top - bottom == pytest.approx(role.height_mm * 72 / 25.4, abs=0.02)
