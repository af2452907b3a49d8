"""The date that an unsigned file carries; it follows from the inputs: the same inputs give the same file."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, date, datetime, time

from agreegen.model.document import Document
from agreegen.model.form import FieldType, Form

_MODIFIED = re.compile(rb"<dcterms:modified[^>]*>([0-9]{4}-[0-9]{2}-[0-9]{2})")
_CORE = "docProps/core.xml"


def template_date(form: Form) -> date:
    """Return the day on which the template was last saved, as the Word file itself says."""
    with zipfile.ZipFile(form.template) as package:
        found = _MODIFIED.search(package.read(_CORE)) if _CORE in package.namelist() else None
    return date.fromisoformat(found[1].decode()) if found else date(1980, 1, 1)


def document_moment(form: Form, document: Document, released: date) -> datetime:
    """Return the date that an unsigned file carries: its latest printed date, else the template's.

    Raises:
        ValueError: A printed date is none.
    """
    names = [field.name for field in form.fields if field.type is FieldType.DATE]
    days = [date.fromisoformat(str(document.values[name])) for name in names if name in document.values]
    return datetime.combine(max(days, default=released), time(), UTC)
