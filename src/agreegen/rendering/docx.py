"""Filling the Word template of a form with docxtpl; the same values always give the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection
from typing import Any

import jinja2
from docxtpl import DocxTemplate
from lxml import etree
from markupsafe import Markup, escape

from agreegen.errors import RenderingError
from agreegen.forms.fonts import find_chain
from agreegen.forms.language import TemplateEnvironment
from agreegen.forms.template import read_template_bytes
from agreegen.messages import message
from agreegen.model.document import Document
from agreegen.model.form import FieldType, Form
from agreegen.rendering.context import Printed, template_context
from agreegen.rendering.fallback import DOCUMENT, split_rare_characters
from agreegen.rendering.typefaces import page_chains, set_typefaces
from agreegen.rendering.whole_numbers import keep_numbers_whole

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time a ZIP entry can hold; the real one would make equal documents differ."""

_WITH_TEXT = re.compile(r"word/(document|styles|numbering|header\d*|footer\d*)\.xml\Z")
_JUSTIFIED = re.compile(
    rb'<w:jc\s+w:val="(?:both|distribute|thaiDistribute|lowKashida|mediumKashida|highKashida)"\s*/>'
)
"""Alignment that stretches lines: LibreOffice may drop ， and 。 at their ends."""

_REFERENCES = {"{": "&#123;", "}": "&#125;", "%": "&#37;"}
"""docxtpl turns `{_{` in its output into `{{`; as character references the values pass untouched."""


def render_docx(form: Form, document: Document) -> bytes:
    """Fill a form's template with a document's values.

    Values print as they are: `<`, `&`, `{{` and `{%` have no meaning in them, and a line end is a line break.

    Args:
        form: The form; its template is read from its folder.
        document: The values and conditions.

    Returns:
        The bytes of the DOCX, equal for equal inputs.

    Raises:
        RenderingError: The template cannot be read or filled, or a value cannot be printed.
    """
    context = {name: _protect(value) for name, value in template_context(form, document).items()}
    environment = TemplateEnvironment(autoescape=True)
    data = read_template_bytes(form.template, sha256=form.template_sha256)
    buffer = io.BytesIO()
    try:
        template = DocxTemplate(io.BytesIO(data))
        template.render(context, jinja_env=environment)
        template.save(buffer)
    except (jinja2.TemplateError, etree.XMLSyntaxError, zipfile.BadZipFile, KeyError, ValueError) as exc:
        raise RenderingError(
            message("rendering.template-cannot-filled", template=form.template, exc=exc),
            hint=message("rendering.run-agreegen-forms-check", id=form.id),
        ) from exc
    return _finish(buffer.getvalue(), form, _phones(form, document))


def _phones(form: Form, document: Document) -> list[str]:
    names = [field.name for field in form.fields if field.printed and field.type is FieldType.PHONE]
    return [str(document.values[name]) for name in names if name in document.values]


def _protect(value: Printed) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_protect(item) for item in value]
    text = str(escape(value))
    for sign, reference in _REFERENCES.items():
        text = text.replace(sign, reference)
    return Markup(text)  # noqa: S704 - escaped two lines above; Markup keeps Jinja from escaping it again


def _finish(data: bytes, form: Form, phones: Collection[str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        parts = {name: source.read(name) for name in source.namelist()}
        for name, part in parts.items():
            if _WITH_TEXT.match(name):
                parts[name] = _JUSTIFIED.sub(rb'<w:jc w:val="left"/>', part)
        parts[DOCUMENT] = keep_numbers_whole(parts[DOCUMENT], phones)
        parts = set_typefaces(parts, form)
        fonts = {name: find_chain(chain, form.own_fonts) for name, chain in page_chains(form)}
        parts[DOCUMENT] = split_rare_characters(parts, fonts)
        for name, part in parts.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, part, compresslevel=6)
    return buffer.getvalue()
