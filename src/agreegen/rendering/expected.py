"""The text that a document's page must carry, rebuilt without the library that fills the template."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2

from agreegen.errors import RenderingError
from agreegen.forms.language import TemplateEnvironment
from agreegen.forms.template import read_template
from agreegen.messages import message
from agreegen.model.document import Document
from agreegen.model.form import FieldType, Form
from agreegen.model.text import normalise_text
from agreegen.rendering.context import template_context


def expected_text(form: Form, document: Document) -> str:
    """Return the form's fixed text filled with the document's values, one line a paragraph.

    Tables come row by row and cell by cell, which is also the order in which LibreOffice writes their text.
    Compare it with a page's text after `normalise_text` on both; headers and footers are not part of it.

    Args:
        form: The form; its template is read from its folder.
        document: The values and conditions.

    Raises:
        RenderingError: The template cannot be read, or a value cannot be printed.
    """
    context = template_context(form, document)
    try:
        text = _compiled(form.template, form.template_sha256).render(context)
    except jinja2.TemplateError as exc:
        raise RenderingError(
            message("rendering.template-cannot-filled", template=form.template, exc=exc),
            hint=message("rendering.run-agreegen-forms-check", id=form.id),
        ) from exc
    return "\n".join(line.replace("\x0b", " ") for line in text.split("\n") if line.strip())


def require_values(form: Form, document: Document, expected: str) -> None:
    """Refuse a document on whose page a value that must be printed stands nowhere.

    A template may leave a value out without an error of syntax: in a clause that this document does not
    have, behind a filter, or where a tag was typed so that no program takes it for one.

    Args:
        form: The form.
        document: The values.
        expected: The text of the page, which the page is compared with.

    Raises:
        RenderingError: A required value does not stand there.
    """
    context = template_context(form, document)
    text = normalise_text(expected)
    for field in form.fields:
        if not field.printed or not field.required or field.type is FieldType.YES_NO:
            continue
        value = context[field.name]
        values = value if isinstance(value, list) else [str(value)]
        if values and not any(normalise_text(item) in text for item in values):
            raise RenderingError(
                message("rendering.value-stands-nowhere-on-page", label_zh=field.label_zh, name=field.name),
                hint=message("rendering.put-into-template-where-always-printed", name=field.name),
            )


@functools.lru_cache(maxsize=32)
def _compiled(path: Path, sha256: str) -> jinja2.Template:
    source = read_template(path, sha256).source
    return TemplateEnvironment(autoescape=False).from_string(source)
