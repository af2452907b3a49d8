"""Helpers: copies of the packaged forms that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from agreegen.forms.catalog import forms_folder

FORM_IDS = (
    "confidentiality-agreement",
    "data-use-agreement",
    "device-signing-agreement",
    "leaving-pledge",
    "ledger-report",
    "personal-pledge",
)
Edit = Callable[[docx.document.Document], None]


@pytest.fixture
def copied_forms(tmp_path: Path) -> Path:
    """A copy of all packaged forms, without the list of approved releases."""
    folder = tmp_path / "forms"
    shutil.copytree(forms_folder(None), folder)
    (folder / "approved.yaml").unlink()
    return folder


@pytest.fixture
def pledge(copied_forms: Path) -> Path:
    """A copy of the pledge's folder."""
    return copied_forms / "personal-pledge"


@pytest.fixture
def agreement(copied_forms: Path) -> Path:
    """A copy of the confidentiality agreement's folder."""
    return copied_forms / "confidentiality-agreement"


def edit_template(directory: Path, edit: Edit) -> None:
    """Change a template as a clerk would in Word: open, edit, save."""
    document = docx.Document(str(directory / "template.docx"))
    edit(document)
    document.save(str(directory / "template.docx"))


def edit_description(directory: Path, old: str, new: str) -> None:
    """Replace a text in `form.yaml` that must stand there."""
    path = directory / "form.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
