"""Forms: which there are, what they ask for, whether they are usable; begun and compiled."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from agreegen.errors import AgreegenError
from agreegen.forms import catalog
from agreegen.forms.catalog import forms_folder
from agreegen.forms.catalog import hidden_forms as hidden_forms
from agreegen.messages import Message, message
from agreegen.model.complaint import Complaint
from agreegen.model.form import Form
from agreegen.model.text import Bilingual
from agreegen.register.interface import ANY_ROLE

__all__ = [
    "check_form",
    "compile_form",
    "describe_form",
    "find_form",
    "forms_folder",
    "list_forms",
    "start_form",
    "summarise_form",
]


def list_forms(folder: Path | None = None) -> list[Form]:
    """Return the forms of a folder; without one, of `AGREEGEN_FORMS`, else the packaged ones.

    Raises:
        InputError: A `form.yaml` cannot be read.
    """
    return catalog.list_forms(forms_folder(folder))


def find_form(form_id: str, folder: Path | None = None) -> Form:
    """Return a form by its id.

    Raises:
        InputError: There is none of that id, or its `form.yaml` cannot be read.
    """
    return catalog.find_form(form_id, forms_folder(folder))


def role_label(form_id: str, role_id: str) -> Bilingual | Message:
    """Return what people call a role of a form; its id where the form, or the role, is not known here."""
    if role_id == ANY_ROLE:
        return message("api.every-role")
    form = _known_form(form_id, forms_folder())
    known = {} if form is None else {role.id: role.label for role in form.roles}
    return known.get(role_id, Bilingual(role_id, role_id))


def form_title(form_id: str) -> Bilingual:
    """Return what people call a form; its id where it is not known here."""
    form = _known_form(form_id, forms_folder())
    return Bilingual(form_id, form_id) if form is None else form.title


@functools.cache
def _known_form(form_id: str, folder: Path) -> Form | None:
    try:
        return catalog.find_form(form_id, folder)
    except AgreegenError:
        return None


def check_form(directory: Path) -> list[Complaint]:
    """Check a form's folder: variables, bookmarks, syntax, justified paragraphs, fonts.

    Raises:
        InputError: Template or `form.yaml` cannot be read.
    """
    from agreegen.forms import check  # noqa: PLC0415 - templates and fonts take long to load

    return list(check.check_form(directory))


def foresee_layout(directory: Path) -> Message | None:
    """Say why LibreOffice lays out the pages of a form without errors; None where no reason is known.

    Raises:
        InputError: Template or `form.yaml` cannot be read.
    """
    from agreegen.forms.description import load_form  # noqa: PLC0415 - takes long to load
    from agreegen.pipeline import compiling  # noqa: PLC0415 - the same

    return compiling.foresee_layout(load_form(directory))


def start_form(form_id: str, folder: Path, *, source: Form) -> Path:
    """Begin a form of one's own as a copy of another one; return its folder.

    Raises:
        InputError: The id is none, or its folder is there already.
    """
    from agreegen.forms.drafting import starting  # noqa: PLC0415 - only to begin a form

    return starting.start_form(source, form_id, folder)


def start_form_from_docx(path: Path, form_id: str, folder: Path) -> Path:
    """Begin a form of one's own with a Word document whose blanks become fields; return its folder.

    Raises:
        UsageError: The id is none, or its folder is there already.
        InputError: The document cannot be used.
    """
    from agreegen.forms.drafting import starting  # noqa: PLC0415 - only to begin a form

    return starting.start_form_from_docx(path, form_id, folder)


def compile_form(form: Form, *, timeout_s: float = 120.0) -> list[Path]:
    """Render a form once with LibreOffice, so that its documents need none; return the files written.

    Raises:
        ConversionError: The form has values that reflow or lists; it needs LibreOffice at run time.
        ComplaintsError: `check_form` finds an error in it.
        MissingProgramError: LibreOffice is not installed.
    """
    from agreegen.pipeline.compiling import compile_and_save  # noqa: PLC0415 - takes long to load

    return compile_and_save(form, timeout_s=timeout_s)


def describe_form(form: Form) -> dict[str, Any]:
    """Return the JSON object of `forms show --json`: fields with labels, help and examples, and roles."""
    return {
        **summarise_form(form),
        "subject": form.subject,
        "row_keys": list(form.row_keys),
        "fields": [
            {
                "name": f.name,
                "label": f.label_zh,
                "label_en": f.label_en,
                "type": f.type.value,
                "required": f.required,
                "printed": f.printed,
                "help": f.help,
                "example": f.example,
                "aliases": list(f.aliases),
            }
            for f in form.fields
        ],
        "roles": [
            {
                "id": r.id,
                "label": r.label_zh,
                "label_en": r.label_en,
                "kind": r.kind.value,
                "order": r.order,
                "required": r.required,
                "holder": r.holder,
                "visible": r.visible,
            }
            for r in form.roles
        ],
        "conditions": [{"name": c.name, "label": c.label_zh, "field": c.field} for c in form.conditions],
    }


def summarise_form(form: Form) -> dict[str, Any]:
    """Return one of the objects of `forms list --json`."""
    return {
        "id": form.id,
        "version": form.version,
        "title": form.title_zh,
        "title_en": form.title_en,
        "source": form.source,
        "template_sha256": form.template_sha256,
        "directory": str(form.directory),
    }
