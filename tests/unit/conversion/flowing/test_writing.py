"""The file around the pages: its structure tree, fields, attachment, and what all documents share."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pytest

from agreegen.conversion.compiled.description import ENGINE
from agreegen.forms.description import load_form
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import FieldType, Form
from agreegen.rendering.context import template_context
from tests.unit.conversion.flowing.offices import loaded
from tests.unit.conversion.samples import MOMENT, opened

FORMS = Path(__file__).parents[4] / "forms"


@pytest.fixture(scope="module", params=["confidentiality-agreement", "data-use-agreement"])
def form(request: pytest.FixtureRequest) -> Form:
    return load_form(FORMS / str(request.param))


def produce(form: Form, **changes: Value) -> bytes:
    values: dict[str, Value] = {
        field.name: ("普查表",) if field.type is FieldType.LIST else "某市普查办公室"
        for field in form.fields
        if field.required
    }
    document = build_document(form, {**values, **changes})
    return loaded(form).produce(document, template_context(form, document), MOMENT)


def many(form: Form) -> bytes:
    """A document of many pages, in which paragraphs are parted."""
    return produce(form, protected_items=tuple("普查资料" * number for number in range(10, 50)))


def text_elements(
    element: pikepdf.Object, kinds: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], pikepdf.Object]]:
    """Return the paragraphs below an element, each with the kinds of what holds it."""
    if element.S == "/P":
        return [(kinds, element)]
    inner = (*kinds, str(element.S))
    return [found for kid in element.K for found in text_elements(kid, inner)]


def test_every_mark_on_a_page_belongs_to_one_element(form: Form) -> None:
    with opened(many(form)) as pdf:
        numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
        elements = text_elements(pdf.Root.StructTreeRoot.K[0])
        told: dict[tuple[int, int], tuple[int, int]] = {}
        pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
        for _, element in elements:
            first = pages[element.Pg.objgen]
            for kid in element.K:
                place = (first, int(kid)) if isinstance(kid, int) else (pages[kid.Pg.objgen], int(kid.MCID))
                assert place not in told
                told[place] = element.objgen
        for number, page in enumerate(pdf.pages):
            content = b"".join(stream.read_bytes() for stream in page.obj.Contents)
            marks = [int(mark) for mark in re.findall(rb"/MCID (\d+)>>BDC", content)]
            assert marks == list(range(len(marks)))
            owners = [owner.objgen for owner in numbers[2 * int(page.obj.StructParents) + 1]]
            assert [told.pop((number, mark)) for mark in marks] == owners
    assert told == {}


def test_some_paragraphs_stand_on_two_pages_and_tables_have_rows_and_cells(form: Form) -> None:
    with opened(many(form)) as pdf:
        elements = text_elements(pdf.Root.StructTreeRoot.K[0])
        assert any(len(element.K) == 2 for _, element in elements)
        holders = {kinds for kinds, _ in elements}
    assert holders == {("/Document",), ("/Document", "/Table", "/TR", "/TD")}


def test_fields_stand_on_their_page_and_the_last_one_locks(form: Form) -> None:
    with opened(produce(form)) as pdf:
        fields = list(pdf.Root.AcroForm.Fields)
        assert [str(field.T) for field in fields] == [role.id for role in form.roles]
        assert [str(field.TU) for field in fields] == [role.label_zh for role in form.roles]
        assert ["/Lock" in field for field in fields] == [False] * (len(fields) - 1) + [True]
        for field in fields:
            assert int(field.F) == 132
            assert field.objgen in [one.objgen for one in field.P.Annots]
            left, bottom, right, top = map(float, field.Rect)
            assert [float(edge) for edge in field.AP.N.BBox] == pytest.approx(
                [0, 0, right - left, top - bottom], abs=0.011
            )
            assert field.AP.N.read_bytes() == b""


def test_documents_differ_only_behind_what_all_share(form: Form) -> None:
    first, second = produce(form), produce(form, party_b_name="另一家公司")
    same = next(place for place, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)
    shared = first.index(b" 0 obj\n<<", first.rindex(b"/FontFile3", 0, same))
    assert same > 20_000, "fonts, profile and catalogue are the same bytes"
    assert b"/Type/Metadata" in first[shared:]


def font_texts(pdf: bytes) -> dict[str, bytes]:
    """Return the ToUnicode map of each font of the first page, by its name."""
    with opened(pdf) as read:
        fonts = read.pages[0].obj.Resources.Font
        return {name: font.ToUnicode.read_bytes().lower() for name, font in fonts.items()}


def test_glyphs_of_the_values_alone_have_a_font_of_the_documents_own(form: Form) -> None:
    rare = font_texts(produce(form, party_a_name="龘靐公司"))
    assert set(rare) == {"/F", "/V"}
    assert b"9f98" in rare["/V"]
    assert b"9f98" not in rare["/F"]
    assert not any(b"9f98" in text for text in font_texts(produce(form)).values())


def test_the_attachment_is_the_document(form: Form) -> None:
    with opened(produce(form)) as pdf:
        specification = pdf.Root.AF[0]
        assert specification.AFRelationship == "/Data"
        attached = Document.from_json(pdf.attachments["agreegen.json"].get_file().read_bytes())
        assert attached.engine == ENGINE
        assert str(pdf.docinfo.Title) == form.title_zh
        assert len(bytes(pdf.trailer.ID[0])) == 16
