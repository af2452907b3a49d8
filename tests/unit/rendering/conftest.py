"""Documents of each form, as short and as full as they can be."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from functools import cache
from xml.etree import ElementTree

from agreegen.forms.catalog import find_form, forms_folder
from agreegen.model.document import Document, Value, build_document
from agreegen.model.form import FieldType, Form

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FORM_IDS = (
    "confidentiality-agreement",
    "data-use-agreement",
    "device-signing-agreement",
    "leaving-pledge",
    "ledger-report",
    "personal-pledge",
)


@cache
def packaged_form(form_id: str) -> Form:
    """Load a packaged form once."""
    return find_form(form_id, forms_folder(None))


def sample_values(form: Form, *, full: bool, items: int = 4) -> dict[str, Value]:
    """Values that name their field, so that each can be found again on the page."""
    values: dict[str, Value] = {}
    for number, field in enumerate(form.fields, start=1):
        if not field.printed or not (field.required or full):
            continue
        if field.type is FieldType.DATE:
            values[field.name] = date(2018, 5, number % 28 + 1)
        elif field.type is FieldType.LIST:
            values[field.name] = tuple(f"第{n}项资料" for n in range(1, items + 1))
        else:
            values[field.name] = f"值{number}号"
    return values


def sample_document(form: Form, *, full: bool, items: int = 4, **changes: Value) -> Document:
    """A document of a form with sample values, some of them changed."""
    return build_document(form, {**sample_values(form, full=full, items=items), **changes})


def paragraphs_of(docx: bytes) -> list[str]:
    """Read the paragraphs of a Word file with the standard library alone."""
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        root = ElementTree.fromstring(package.read("word/document.xml"))
    texts = []
    for paragraph in root.iter(f"{WORD}p"):
        parts = []
        for node in paragraph.iter():
            if node.tag == f"{WORD}t":
                parts.append(node.text or "")
            elif node.tag in {f"{WORD}br", f"{WORD}tab"}:
                parts.append("\n" if node.tag.endswith("br") else "\t")
        texts.append("".join(parts))
    return texts
