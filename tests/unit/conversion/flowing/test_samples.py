"""Samples of a compilation: varied, the same ones each time, and none that a form would refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreegen.conversion.flowing.samples import long_sample, samples
from agreegen.forms.description import load_form
from agreegen.forms.template import parse_template, read_template_bytes
from agreegen.model.form import FieldType, Form

FORMS = Path(__file__).parents[4] / "forms"


@pytest.fixture(scope="module", params=["confidentiality-agreement", "data-use-agreement"])
def form(request: pytest.FixtureRequest) -> Form:
    return load_form(FORMS / str(request.param))


def test_the_same_seed_gives_the_same_documents(form: Form) -> None:
    first = [document.to_json() for document in samples(form, 12, 1)]
    assert first == [document.to_json() for document in samples(form, 12, 1)]
    assert len({*first, *(document.to_json() for document in samples(form, 12, 2))}) == 24


def test_they_are_as_varied_as_values_are(form: Form) -> None:
    documents = list(samples(form, 60))
    lists = [field.name for field in form.fields if field.type is FieldType.LIST and field.printed]
    lengths = {
        len(value)
        for document in documents
        for name in lists
        if isinstance(value := document.values[name], list)
    }
    assert {1, 60} <= lengths
    optional = [field.name for field in form.fields if field.printed and not field.required]
    for name in optional:
        assert {name in document.values for document in documents} == {True, False}
    text = "".join(str(document.values) for document in documents)
    assert all(sign in text for sign in ("（", "“", "GB/T 9704", "0371-66000001"))


def test_the_long_one_has_full_lists_in_letters_of_the_template(form: Form) -> None:
    values = long_sample(form).values
    data = read_template_bytes(form.template, sha256=form.template_sha256)
    fixed = "".join(paragraph.fixed_text for paragraph in parse_template(data, form.template).paragraphs)
    for field in form.fields:
        if field.type is FieldType.LIST and field.printed:
            items = values[field.name]
            assert isinstance(items, list)
            assert [len(item) for item in items] == [field.max_length] * 60
            assert set("".join(items)) <= set(fixed)
