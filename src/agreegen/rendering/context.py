"""The values of a document as they are printed: dates in figures, blanks for what is left open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from agreegen.errors import RenderingError
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.model.form import Field, FieldType, Form
from agreegen.values.printed import DATE_BLANK, print_day, print_yes_no

Printed = str | bool | list[str]
"""A value as the template gets it."""

BLANK = "________"
"""Stands for an optional value that was not given, to be written by hand."""

_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def template_context(form: Form, document: Document) -> dict[str, Printed]:
    """Return the variables of the template: every printed field and every condition.

    Args:
        form: The form that the document is made from.
        document: The document; its values may lack optional fields.

    Returns:
        Variable name → text, list of texts, or truth value.

    Raises:
        RenderingError: A required value is missing, has the wrong kind, or holds a character that no Word
            file can carry (XML 1.0, section 2.2).
    """
    context: dict[str, Printed] = {}
    for field in form.fields:
        if field.printed:
            context[field.name] = _printed(field, document.values)
    for condition in form.conditions:
        context[condition.name] = document.conditions.get(condition.name, True)
    return context


_KINDS: dict[FieldType, tuple[type, Message]] = {
    FieldType.LIST: (list, message("rendering.a-list")),
    FieldType.YES_NO: (bool, message("rendering.yes-or-no")),
}
_TEXT = (str, message("rendering.a-text"))
_EMPTY: tuple[object, ...] = (None, "", [])


def _printed(field: Field, values: Mapping[str, Printed]) -> Printed:
    value = values.get(field.name)
    if value in _EMPTY and field.default_from is not None:
        value = values.get(field.default_from)
    if value is None or value in _EMPTY:
        return _blank(field)
    wanted, what = _KINDS.get(field.type, _TEXT)
    if not isinstance(value, wanted):
        raise RenderingError(message("rendering.must", field=field.label_and_name, what=what))
    if isinstance(value, list):
        return [_checked(field, item) for item in value]
    if isinstance(value, bool):
        return print_yes_no(value)
    return _format_date(field, value) if field.type is FieldType.DATE else _checked(field, value)


def _blank(field: Field) -> Printed:
    """Return what is printed where there is no value."""
    if field.required:
        raise RenderingError(
            message("rendering.value-required", field=field.label_and_name),
            hint=message("rendering.enter-run-again"),
        )
    if field.type is FieldType.LIST:
        return []
    return DATE_BLANK if field.type is FieldType.DATE else BLANK


def _format_date(field: Field, value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError as exc:
        raise RenderingError(
            message("rendering.not-date-form-2018-05-10", field=field.label_and_name)
        ) from exc
    return print_day(day)


def _checked(field: Field, value: str) -> str:
    value = value.replace("\r\n", "\n")
    found = _NOT_XML.search(value)
    if found:
        raise RenderingError(
            message(
                "rendering.character-u-cannot-stand-document",
                field=field.label_and_name,
                group=ord(found.group()),
            ),
            hint=message("rendering.remove-invisible-character-from-value"),
        )
    return value
