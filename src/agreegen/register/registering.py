"""How a document enters the register: what is kept of its row, printed or not."""

from __future__ import annotations

from collections.abc import Mapping

from agreegen.model.document import Document, Value, canonical_json, encode_value
from agreegen.model.form import Form
from agreegen.model.row_key import find_number, find_personal_id
from agreegen.register.interface import Registration

_OWN_COLUMNS = frozenset({"staff_no", "unit"})


def registration_of(
    form: Form, document: Document, values: Mapping[str, Value], *, row_key: str, path: str
) -> Registration:
    """Return what a register keeps of a document.

    Args:
        form: Its form.
        document: The document.
        values: All values of its row, those too that are not printed.
        row_key: From `Register.row_key`.
        path: Its file below the folder of the register.
    """
    given = {name: encode_value(value) for name, value in values.items()}
    personal = find_personal_id(form, values)
    hidden = {
        name: value
        for name, value in given.items()
        if name not in document.values and name not in _OWN_COLUMNS and value != personal
    }
    unit = given.get("unit")
    return Registration(
        id=document.id,
        form_id=document.form_id,
        form_version=document.form_version,
        template_sha256=document.template_sha256,
        row_key=row_key,
        name=form.subject_of(values),
        path=path,
        staff_no=find_number(form, values),
        id_number=personal,
        unit=None if unit is None else str(unit),
        metadata=canonical_json(hidden).decode(),
    )
