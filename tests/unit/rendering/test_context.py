"""How values are written: dates in figures, blanks for what is open, defaults from another field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from agreegen.errors import RenderingError
from agreegen.model.document import build_document
from agreegen.rendering.context import BLANK, template_context
from agreegen.values.printed import DATE_BLANK

from .conftest import packaged_form, sample_document


@pytest.mark.parametrize(
    ("day", "text"), [(date(2018, 5, 1), "2018年5月1日"), (date(2018, 12, 31), "2018年12月31日")]
)
def test_dates_are_arabic_without_leading_zeros(day: date, text: str) -> None:
    form = packaged_form("personal-pledge")
    document = build_document(form, {"pledger_name": "张三", "pledge_date": day})
    assert template_context(form, document)["pledge_date"] == text


def test_optional_values_are_blanks_and_metadata_is_not_there() -> None:
    form = packaged_form("confidentiality-agreement")
    context = template_context(form, sample_document(form, full=False))
    assert context["party_a_signing_date"] == DATE_BLANK
    assert context["party_b_phone"] == BLANK
    assert context["work_scope"] == context["work_description"]
    pledge = packaged_form("personal-pledge")
    document = build_document(pledge, {"pledger_name": "张三", "staff_no": "7", "unit": "某单位"})
    assert set(template_context(pledge, document)) == {"pledger_name", "pledge_date", "state_secrets_clause"}


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("party_a_name", "", "required"),
        ("protected_items", [], "required"),
        ("protected_items", "one", "must be a list"),
        ("party_a_name", ["one"], "single text"),
        ("party_a_signing_date", "2018/5/1", "not a date"),
    ],
)
def test_values_of_the_wrong_kind_are_refused(name: str, value: str | list[str], problem: str) -> None:
    form = packaged_form("confidentiality-agreement")
    document = sample_document(form, full=True)
    broken = replace(document, values={**document.values, name: value})
    with pytest.raises(RenderingError, match=rf"{name}.*{problem}"):
        template_context(form, broken)
