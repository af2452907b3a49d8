"""A form of one's own, begun as a copy of another one or with a Word document."""

from __future__ import annotations

import re
from pathlib import Path

from agreegen.errors import InputError, UsageError
from agreegen.files import write_atomically
from agreegen.forms.drafting.proposal_text import describe_proposal
from agreegen.forms.drafting.proposing import propose_form
from agreegen.forms.drafting.yaml_comments import comment
from agreegen.messages import message
from agreegen.model.form import Form

_FORM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_FIRST_VERSION = "0.1"


def start_form(source: Form, form_id: str, folder: Path) -> Path:
    """Copy a form's template and description under a new id; compiled pages and releases stay behind.

    Args:
        source: The form to begin with.
        form_id: The new form's id, which becomes its folder's name.
        folder: Folder of forms in which it is made.

    Returns:
        The new form's folder.

    Raises:
        UsageError: The id is no folder name, or there is such a form already.
        InputError: The description does not state its id and version in the usual way.
    """
    target = _new_folder(form_id, folder)
    text = (source.directory / "form.yaml").read_text("utf-8")
    for key, value in (("id", form_id), ("version", f'"{_FIRST_VERSION}"')):
        text, count = re.subn(rf"^{key}:.*$", f"{key}: {value}", text, count=1, flags=re.MULTILINE)
        if not count:
            raise InputError(
                message(
                    "forms.does-not-begin-line-its-own", directory=source.directory / "form.yaml", key=key
                )
            )
    return _write(
        target, _next_steps(f"{source.id} {source.version}", target) + text, source.template.read_bytes()
    )


def start_form_from_docx(path: Path, form_id: str, folder: Path) -> Path:
    """Begin a form with a Word document: its blanks become fields, its signing lines roles.

    Args:
        path: The document; it is read only.
        form_id: The new form's id, which becomes its folder's name.
        folder: Folder of forms in which it is made.

    Returns:
        The new form's folder.

    Raises:
        UsageError: The id is no folder name, or there is such a form already.
        InputError: The document cannot be used.
    """
    target = _new_folder(form_id, folder)
    proposal = propose_form(path)
    description = describe_proposal(proposal, form_id)
    return _write(target, _next_steps(path.name, target) + description, proposal.docx)


def _next_steps(source: str, target: Path) -> str:
    return comment(message("forms.draft.next-steps", source=source, folder=target)) + "\n"


def _new_folder(form_id: str, folder: Path) -> Path:
    if not _FORM_ID.match(form_id):
        raise UsageError(
            message("forms.no-id-form", form_id=form_id),
            hint=message("forms.use-lower-case-letters-digits-such"),
        )
    target = folder / form_id
    if target.exists():
        raise UsageError(
            message("forms.already", target=target), hint=message("forms.choose-another-id-or-another-o")
        )
    return target


def _write(target: Path, description: str, template: bytes) -> Path:
    write_atomically(target / "form.yaml", description.encode())
    write_atomically(target / "template.docx", template)
    return target
