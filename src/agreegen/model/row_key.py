"""What tells one row of a roster from the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agreegen.model.form import Form


@dataclass(frozen=True, slots=True)
class RowKey:
    """The value that tells a row from others.

    Attributes:
        field: Name of the field, e.g. `staff_no`.
        value: Its value as text.
        identifying: Whether it is personal data, which must be masked for people and hashed in keys.
        printed: Whether it stands on the page, and so in the document's id already.
        form_id: The form whose rows it tells apart.
    """

    field: str
    value: str
    identifying: bool = False
    printed: bool = False
    form_id: str = ""


def find_row_key(form: Form, values: Mapping[str, object]) -> RowKey | None:
    """Return the first of the form's row keys that is given; None where nothing tells the row apart."""
    return next(_given(form, values), None)


def find_number(form: Form, values: Mapping[str, object]) -> str | None:
    """Return the number that people know a row by: the first key neither personal nor printed."""
    return next((k.value for k in _given(form, values) if not (k.identifying or k.printed)), None)


def find_personal_id(form: Form, values: Mapping[str, object]) -> str | None:
    """Return the personal number of a row, which stays out of documents and file names."""
    return next((key.value for key in _given(form, values) if key.identifying), None)


def _given(form: Form, values: Mapping[str, object]) -> Iterator[RowKey]:
    for name in form.row_keys:
        if values.get(name) not in {None, ""}:
            field = form.field(name)
            yield RowKey(name, str(values[name]), field.identifying, field.printed, form.id)
