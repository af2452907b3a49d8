"""Documents that a compilation is proved with: values of many lengths and scripts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date

from agreegen.forms.template import parse_template, read_template_bytes
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import Field, FieldType, Form

_SEED = 2018
_LONG_ITEMS = 60
_LATIN = ("ABC", "2018", "John Smith", "GB/T 9704", "13800000002", "0371-66000001", "3.5", "office", "V2.0")
_MARKS = "，。、；：（）《》“”"


def samples(form: Form, count: int, seed: int = _SEED) -> Iterator[Document]:
    """Yield varied documents of a form; the same ones for the same seed.

    Args:
        form: The form.
        count: How many.
        seed: Of the choice.
    """
    chance = random.Random(seed)  # noqa: S311 - variety, not secrecy
    letters = _letters(form)
    for _ in range(count):
        optional = chance.random()
        values = {
            field.name: _value(field, chance, letters)
            for field in form.fields
            if field.printed and (field.required or chance.random() < optional)
        }
        shown = {condition.name: chance.random() < 0.5 for condition in form.conditions}
        yield build_document(form, values, conditions=shown)


def long_sample(form: Form) -> Document:
    """Return a document with as many pages as a form is compiled for."""
    letters = _letters(form)
    values: dict[str, Value] = {}
    for field in form.fields:
        if field.type is FieldType.LIST and field.printed:
            text = (letters * field.max_length)[: field.max_length]
            values[field.name] = (text,) * _LONG_ITEMS
        elif field.printed and field.required:
            values[field.name] = _value(field, random.Random(len(values)), letters)  # noqa: S311 - see above
    return build_document(form, values, conditions={condition.name: True for condition in form.conditions})


def _letters(form: Form) -> str:
    """Return the Han letters of the form's own text, so that a probe needs no further glyphs."""
    data = read_template_bytes(form.template, sha256=form.template_sha256)
    fixed = "".join(p.fixed_text for p in parse_template(data, form.template).paragraphs)
    return "".join(c for c in dict.fromkeys(fixed) if "\u4e00" <= c <= "\u9fff")


def _text(field: Field, chance: random.Random, letters: str) -> str:
    length = chance.randint(2, min(60, field.max_length))
    kind = chance.randrange(4)
    if kind == 0:
        return "".join(chance.choices(letters, k=length))
    text = ""
    while len(text) < length:
        run = "".join(chance.choices(letters, k=chance.randint(1, 12)))
        text += run + (
            chance.choice(_MARKS) if kind == 1 else chance.choice(_LATIN) if kind == 2 else run[:1]
        )
    return text[:length].strip()


def _value(field: Field, chance: random.Random, letters: str) -> Value:
    if field.type is FieldType.LIST:
        count = chance.choice((1, 2, 3, 5, 8, 13, 30, 60))
        return tuple(_text(field, chance, letters) for _ in range(count))
    made = _MAKERS.get(field.type)
    return _text(field, chance, letters) if made is None else made(chance, letters)


_MAKERS: dict[FieldType, Callable[[random.Random, str], Value]] = {
    FieldType.DATE: lambda chance, _: date(
        chance.randint(1990, 2049), chance.randint(1, 12), chance.randint(1, 28)
    ),
    FieldType.PHONE: lambda chance, _: chance.choice(("13800000002", "0371-66000001")),
    FieldType.YES_NO: lambda chance, _: chance.random() < 0.5,
    FieldType.PERSON_NAME: lambda chance, letters: "".join(chance.choices(letters, k=chance.randint(2, 6))),
}
