"""Compiled forms: whether a form has one, and making it with LibreOffice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agreegen.conversion.compiled.description import DESCRIPTION_NAME
from agreegen.conversion.compiled_forms import load_compiled_form
from agreegen.conversion.interface import Office
from agreegen.errors import ConversionError
from agreegen.files import write_atomically
from agreegen.forms.check import require_usable
from agreegen.forms.fonts import font_folders
from agreegen.forms.template import parse_template, read_template_bytes
from agreegen.messages import Message, message
from agreegen.model.document import Document
from agreegen.model.form import Form
from agreegen.rendering.context import template_context
from agreegen.rendering.typefaces import page_chains

NEEDS_LIBREOFFICE = message("pipeline.needs-libreoffice")


def describe_compiled(form: Form) -> Message:
    """Say in a few words whether the form can be laid out without LibreOffice."""
    try:
        compiled = load_compiled_form(form)
    except ConversionError as exc:
        return exc.sentence
    return NEEDS_LIBREOFFICE if compiled is None else message("pipeline.compiled")


def foresee_layout(form: Form) -> Message | None:
    """Say why LibreOffice lays out a form's pages, and what to change in Word; None where no reason is known.

    What only shows in pages that LibreOffice laid out is found by compiling the form.
    """
    from agreegen.conversion.compiled.compiler import read_form_lines  # noqa: PLC0415 - only here
    from agreegen.conversion.flowing.template_layout import read_layout  # noqa: PLC0415 - the same

    data = read_template_bytes(form.template, sha256=form.template_sha256)
    try:
        read_form_lines(form)
    except ConversionError as first:
        try:
            read_layout(data, parse_template(data, form.template))
        except ConversionError as exc:
            reasons = message("pipeline.neither-way", lines=first, flowing=exc)
            return message(
                "pipeline.libreoffice-lays-out",
                reasons=reasons,
                advice=exc.advice or first.advice or message("conversion.layout.remove.hint"),
            )
    return None


def compile_and_save(form: Form, *, timeout_s: float = 120.0) -> list[Path]:
    """Compile a form with LibreOffice and write the result beside its template; return the files.

    Raises:
        ConversionError: The form has values that reflow or lists; it needs LibreOffice at run time.
        ComplaintsError: `forms check` finds an error in it.
        MissingProgramError: LibreOffice is not installed.
    """
    require_usable(form)
    from agreegen.conversion.libreoffice import LibreOffice  # noqa: PLC0415 - only here

    with LibreOffice(font_folders(form), page_chains(form), timeout_s=timeout_s) as office:
        files = _compile(form, office)
    for old in form.directory.glob("compiled*.pdf"):
        if old.name not in files:
            old.unlink()
    # The description comes last: without it, or with another hash in it, the bases are not used.
    names = sorted(files, key=lambda name: (name == DESCRIPTION_NAME, name))
    for name in names:
        write_atomically(form.directory / name, files[name])
    return [form.directory / name for name in names]


def _compile(form: Form, office: Office) -> dict[str, bytes]:
    """Compile a form whose values stand in lines of their own, else as one whose text flows."""
    from agreegen.conversion.compiled.compiler import compile_form  # noqa: PLC0415 - only here
    from agreegen.conversion.flowing.compiler import compile_flowing  # noqa: PLC0415 - the same
    from agreegen.rendering.docx import render_docx  # noqa: PLC0415 - the same

    def render(document: Document) -> bytes:
        return render_docx(form, document)

    def context(document: Document) -> Mapping[str, str | bool | list[str]]:
        return template_context(form, document)

    try:
        return compile_form(form, office, render, context)
    except ConversionError as first:
        try:
            return compile_flowing(form, office, render, context)
        except ConversionError as exc:
            reasons = message("pipeline.neither-way", lines=first, flowing=exc)
            raise ConversionError(reasons, hint=exc.advice) from exc
