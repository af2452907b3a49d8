"""Assembly: fields by bookmark, attachment, metadata, fixed bytes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from agreegen.conversion.assembly import assemble
from agreegen.conversion.fields import POINTS_PER_MM, pdf_bookmark_name
from agreegen.errors import ConversionError
from agreegen.model.document import Document
from tests.judges import qpdf
from tests.unit.conversion.samples import (
    MOMENT,
    opened,
    page_with_destinations,
    person_role,
    sample_document,
    sample_form,
    unit_role,
)

FORM = sample_form(person_role(), unit_role())
PAGE = page_with_destinations(sign5Fhere=(100, 300))


def test_the_attachment_is_the_document() -> None:
    document = sample_document(FORM, "阿卜杜热合曼·买买提")
    with opened(assemble(PAGE, FORM, document, MOMENT)) as pdf:
        assert Document.from_json(pdf.attachments["agreegen.json"].get_file().read_bytes()) == document
        (specification,) = pdf.Root.AF
        assert specification.AFRelationship == "/Data"
        assert specification.EF.F.Subtype == "/application/json"
        assert str(specification.EF.F.Params.ModDate) == "D:20180510083000Z"


def test_fields_stand_in_signing_order_and_the_last_required_one_locks() -> None:
    with opened(assemble(PAGE, FORM, sample_document(FORM), MOMENT)) as pdf:
        unit, person = pdf.Root.AcroForm.Fields
        assert [str(unit.T), str(person.T)] == ["unit", "person"]
        assert "/Lock" not in unit
        assert person.Lock.Action == "/All"
        assert person.Lock.P == 1
        assert [float(number) for number in unit.Rect] == [0, 0, 0, 0]
        assert "/AP" not in unit
        assert unit.F == person.F == 132
        assert "/NeedAppearances" not in pdf.Root.AcroForm
        assert len(pdf.pages[0].Annots) == 2


def test_a_visible_field_is_centred_at_the_offset_from_its_bookmark() -> None:
    form = sample_form(person_role(offset_x_mm=10, offset_y_mm=5))
    with opened(assemble(PAGE, form, sample_document(form), MOMENT)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        left, bottom, right, top = (float(number) for number in field.Rect)
        assert (left + right) / 2 == pytest.approx(100 + 10 * POINTS_PER_MM, abs=0.02)
        assert (bottom + top) / 2 == pytest.approx(300 - 5 * POINTS_PER_MM, abs=0.02)
        assert right - left == pytest.approx(40 * POINTS_PER_MM, abs=0.02)
        assert field.AP.N.read_bytes() == b""


def test_a_missing_bookmark_is_named() -> None:
    with pytest.raises(ConversionError, match="bookmark sign_here of the role person"):
        assemble(page_with_destinations(other=(1, 2)), FORM, sample_document(FORM), MOMENT)


def test_equal_inputs_give_equal_bytes_and_other_inputs_another_identifier() -> None:
    document = sample_document(FORM)
    first = assemble(PAGE, FORM, document, MOMENT)
    assert first == assemble(PAGE, FORM, document, MOMENT)
    other = assemble(PAGE, FORM, sample_document(FORM, "李娜"), MOMENT)
    with opened(first) as one, opened(other) as two:
        assert one.trailer.ID[0] != two.trailer.ID[0]


def test_one_revision_with_a_classic_table_that_qpdf_likes(tmp_path: Path) -> None:
    data = assemble(PAGE, FORM, sample_document(FORM), MOMENT)
    assert data.count(b"%%EOF") == 1
    assert b"\nxref\n" in data
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert qpdf.check(path) == []


def test_metadata_agree_and_the_title_is_escaped() -> None:
    form = sample_form(unit_role())
    with opened(assemble(PAGE, form, sample_document(form), MOMENT)) as pdf:
        assert str(pdf.docinfo.Title) == "保密承诺书"
        assert str(pdf.docinfo.CreationDate) == str(pdf.docinfo.ModDate) == "D:20180510083000Z"
        assert pdf.open_metadata()["xmp:CreateDate"] == "2018-05-10T08:30:00Z"
        assert pdf.open_metadata()["pdfaid:part"] == "3"
        assert "/Dests" not in pdf.Root


def test_a_time_without_zone_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        assemble(PAGE, FORM, sample_document(FORM), datetime(2018, 5, 10))  # noqa: DTZ001 - what is tested


def test_bytes_that_are_no_pdf_are_refused() -> None:
    with pytest.raises(ConversionError, match="cannot be read"):
        assemble(b"no PDF", FORM, sample_document(FORM), MOMENT)


@pytest.mark.parametrize(("word", "pdf"), [("pledger", "pledger"), ("party_a_seal", "party5Fa5Fseal")])
def test_names_of_bookmarks_in_the_pdf(word: str, pdf: str) -> None:
    assert pdf_bookmark_name(word) == pdf
